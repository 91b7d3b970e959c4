//! `templates/service`, filled in for one name.

mod name;
mod template;

use std::{fmt, fs, io, path::Path};

pub(crate) use name::{InvalidName, ServiceName};

/// Where the new package takes the CarML crates from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CrateSource {
    /// The registry, at the version of this command.
    Registry,
    /// A checkout of CarML.
    Checkout(std::path::PathBuf),
}

impl CrateSource {
    /// The checkout that this command was built in if it is still there, else the registry.
    pub(crate) fn detect() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        match root {
            Some(root) if root.join("carml-runtime/Cargo.toml").is_file() => {
                Self::Checkout(root.to_owned())
            }
            _ => Self::Registry,
        }
    }

    /// The part of `Cargo.toml` that replaces the published crates, if any.
    fn patch(&self) -> String {
        let Self::Checkout(root) = self else {
            return String::new();
        };
        let path = |name| format!("{:?}", root.join(name).display().to_string());
        format!(
            "\n\
             # CarML from a checkout instead of the registry. If it moves, change the two paths; once\n\
             # the version above is published, remove this section.\n\
             [patch.crates-io]\n\
             carml-codegen = {{ path = {} }}\n\
             carml-runtime = {{ path = {} }}\n",
            path("carml-codegen"),
            path("carml-runtime"),
        )
    }
}

/// The crates that run only while a service starts, and that cost the most to build.
const STARTUP_CRATES: [&str; 12] = [
    "annotate-snippets",
    "carml-config",
    "carml-diagnostic",
    "carml-schema",
    "fancy-regex",
    "fluent-uri",
    "jsonschema",
    "jsonschema-regex",
    "referencing",
    "regex-syntax",
    "saphyr-parser",
    "schemars",
];

fn not_optimized() -> String {
    STARTUP_CRATES
        .map(|name| format!("{name}.opt-level = 0\n"))
        .concat()
}

/// Why a service could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The directory already exists; nothing was changed.
    Exists(std::path::PathBuf),
    /// A file could not be written.
    Write(std::path::PathBuf, io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(path) => write!(
                f,
                "{} already exists; choose another name, or remove it",
                path.display()
            ),
            Self::Write(path, error) => write!(f, "cannot write {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

/// Writes a new service into `directory`, which must not exist, and returns the files' paths
/// below it, in the order of the template.
pub(crate) fn write(
    directory: &Path,
    name: &ServiceName,
    source: &CrateSource,
) -> Result<Vec<String>, Error> {
    if directory.exists() {
        return Err(Error::Exists(directory.to_owned()));
    }
    let fill = |text: &str| {
        text.replace("{{name}}", name.as_str())
            .replace("{{snake}}", &name.snake())
            .replace("{{Pascal}}", &name.pascal())
            .replace("{{version}}", env!("CARGO_PKG_VERSION"))
            .replace("{{not-optimized}}\n", &not_optimized())
            .replace("{{checkout}}\n", &source.patch())
    };
    let mut written = Vec::new();
    for (path, text) in template::FILES {
        let path = fill(path);
        write_file(&directory.join(&path), &fill(text))?;
        written.push(path);
    }
    Ok(written)
}

fn write_file(path: &Path, text: &str) -> Result<(), Error> {
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| Error::Write(path.to_owned(), error))
}
