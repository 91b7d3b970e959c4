//! The download manager: files by URL, checked and kept in a cache.
//!
//! [`Context::downloads`](crate::Context::downloads) gives the one of the section `download`.

use std::path::PathBuf;

pub use carml_download::*;

use crate::config::model;

/// The options that a section `download` means. `tempdir`: `app.tempdir`, for a user without a
/// cache folder.
///
/// # Errors
///
/// `InvalidArgument` for a certificate that does not decode, or a credential without its other half.
pub fn options(config: &model::Download, tempdir: Option<&str>) -> Result<Options, Error> {
    let directory = match &config.directory {
        Some(directory) => PathBuf::from(directory),
        None => default_directory().unwrap_or_else(|| {
            let tempdir = tempdir.map_or_else(std::env::temp_dir, PathBuf::from);
            tempdir.join("carml")
        }),
    };
    let mut options = Options::new(directory);
    options.parallel = small(config.parallel);
    options.connections = small(config.connections);
    options.connect_timeout = config.connect_timeout.get();
    options.timeout = config.timeout.get();
    options.deadline = config.deadline.map(carml_config::Duration::get);
    options.attempts = u32::try_from(config.retry.attempts).unwrap_or(u32::MAX);
    options.max_wait = config.retry.max_wait.get();
    options.max_size = config.max_size.bytes();
    options.rate_limit = config.rate_limit.map(carml_config::ByteSize::bytes);
    options.checksum = match config.checksum {
        model::ChecksumPolicy::Optional => ChecksumPolicy::Optional,
        model::ChecksumPolicy::Http => ChecksumPolicy::Http,
        model::ChecksumPolicy::Required => ChecksumPolicy::Required,
    };
    options.revalidate = config.revalidate.get();
    options.offline = config.offline;
    options.stale_if_error = config.stale_if_error;
    options.allow.clone_from(&config.allow);
    options.private_addresses = config.private_addresses;
    options.redirects = u32::try_from(config.redirects).unwrap_or(u32::MAX);
    options.proxy = match config.proxy.expose().as_str() {
        "environment" => Proxy::Environment,
        "off" => Proxy::Off,
        url => Proxy::Url(url.to_owned()),
    };
    if let Some(certificate) = &config.certificate {
        let pem = certificate
            .decode()
            .map_err(|why| Error::invalid("download.certificate", why))?;
        options.certificate = Some(pem.into_bytes());
    }
    options.credentials = config
        .credentials
        .iter()
        .map(credential)
        .collect::<Result<_, _>>()?;
    let mirrors = config.mirrors.iter().map(|mirror| Mirror {
        url: mirror.url.clone(),
        to: mirror.to.clone(),
    });
    options.mirrors = mirrors.collect();
    options.cache_max_size = config.cache.max_size.bytes();
    options.cache_min_free = config.cache.min_free.bytes();
    options.durable = config.cache.durable;
    options.unpack = UnpackLimits {
        max_size: config.unpack.max_size.bytes(),
        max_files: config.unpack.max_files,
        max_ratio: config.unpack.max_ratio,
    };
    Ok(options)
}

fn credential(config: &model::Credential) -> Result<Credential, Error> {
    let secret = match (
        &config.token,
        (&config.username, &config.password),
        (&config.header, &config.value),
    ) {
        (Some(token), ..) => CredentialSecret::Token(token.expose().clone()),
        (None, (Some(username), Some(password)), _) => CredentialSecret::Basic {
            username: username.clone(),
            password: password.expose().clone(),
        },
        (None, _, (Some(name), Some(value))) => CredentialSecret::Header {
            name: name.clone(),
            value: value.expose().clone(),
        },
        _ => {
            let why = "expected `token`, `username` with `password`, or `header` with `value`";
            return Err(Error::invalid("download.credentials", why));
        }
    };
    Ok(Credential {
        url: config.url.clone(),
        secret,
    })
}

/// The schema limits it.
fn small(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// `carml` in the folder that the system has for what can be fetched again.
fn default_directory() -> Option<PathBuf> {
    let variable = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let folder = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        let of_home = || variable("HOME").map(|home| home.join(".cache"));
        variable("XDG_CACHE_HOME").or_else(of_home)
    };
    folder.map(|folder| folder.join("carml"))
}
