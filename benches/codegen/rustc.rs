//! Modules as a crate, and how long cargo takes to compile it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

const MANIFEST: &str = "\
[package]
name = \"NAME\"
version = \"0.0.0\"
edition = \"2021\"

[workspace]

[dependencies]
chrono = { version = \"0.4\", features = [\"serde\"] }
regex = \"1\"
regress = \"*\"
serde = { version = \"1\", features = [\"derive\"] }
serde_json = \"1\"
uuid = { version = \"1\", features = [\"serde\"] }

[profile.dev]
debug = false
incremental = false
";

/// A crate with a module for each schema.
pub(crate) struct Crate {
    folder: PathBuf,
    modules: Vec<usize>,
}

impl Crate {
    pub(crate) fn new<'c>(
        folder: &Path,
        name: &str,
        modules: impl Iterator<Item = &'c String>,
    ) -> Self {
        let folder = folder.join(name);
        let _ = fs::remove_dir_all(folder.join("src"));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("Cargo.toml"), MANIFEST.replace("NAME", name)).unwrap();
        let mut count = 0;
        for (n, code) in modules.enumerate() {
            fs::write(folder.join(format!("src/m{n}.rs")), code).unwrap();
            count = n + 1;
        }
        Self {
            folder,
            modules: (0..count).collect(),
        }
    }

    /// Which modules compile: the others are left out until the rest does.
    pub(crate) fn compiling(&self) -> Vec<bool> {
        let mut good = vec![true; self.modules.len()];
        loop {
            self.write(&good);
            let piped = || Stdio::piped();
            let output = self
                .cargo()
                .stdout(piped())
                .stderr(piped())
                .output()
                .unwrap();
            if output.status.success() {
                return good;
            }
            let before = good.iter().filter(|good| **good).count();
            for line in output.stdout.split(|byte| *byte == b'\n') {
                let line: Value = serde_json::from_slice(line).unwrap_or_default();
                let message = &line["message"];
                if message["level"] != "error" {
                    continue;
                }
                for span in message["spans"].as_array().into_iter().flatten() {
                    let file = Path::new(span["file_name"].as_str().unwrap_or_default());
                    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
                    let number = stem.strip_prefix('m').and_then(|n| n.parse::<usize>().ok());
                    if let Some(number) = number {
                        good[number] = false;
                    }
                }
            }
            let text = String::from_utf8_lossy(&output.stderr);
            let after = good.iter().filter(|good| **good).count();
            assert!(
                after < before,
                "cargo failed in {}:\n{text}",
                self.folder.display()
            );
        }
    }

    /// The crate with these modules alone.
    pub(crate) fn keep(&self, kept: &[bool]) -> &Self {
        self.write(kept);
        assert!(self.cargo().status().unwrap().success());
        self
    }

    /// Compiles the crate again; its dependencies are compiled already.
    pub(crate) fn build(&self) -> Duration {
        let library = self.folder.join("src/lib.rs");
        let text = fs::read_to_string(&library).unwrap();
        fs::write(&library, format!("{text}\n")).unwrap();
        let begun = Instant::now();
        assert!(self.cargo().status().unwrap().success());
        begun.elapsed()
    }

    fn write(&self, good: &[bool]) {
        let modules = self.modules.iter().filter(|n| good[**n]);
        let text: String = modules.map(|n| format!("pub mod m{n};\n")).collect();
        fs::write(self.folder.join("src/lib.rs"), text).unwrap();
    }

    fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(["build", "--message-format=json"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("../target"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        cargo
    }
}
