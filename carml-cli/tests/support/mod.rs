//! Commands, and `carml kv serve` as a process.
// No test uses all of it.
#![allow(dead_code)]

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Runs a command: its exit code, its output and its errors.
pub(crate) fn ended(mut command: Command) -> (i32, String, String) {
    let out = command.output().unwrap();
    (
        out.status.code().unwrap(),
        String::from_utf8(out.stdout).unwrap(),
        String::from_utf8(out.stderr).unwrap(),
    )
}

/// A served file. Dropping it kills the process (SIGKILL).
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Served {
    pub(crate) fn start(file: &Path) -> Served {
        Served::with(file, &[])
    }

    /// With these settings over the built-in config.
    pub(crate) fn with(file: &Path, settings: &[&str]) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_carml"))
            .args(["kv", "serve", "--listen", "127.0.0.1:0", "--file"])
            .arg(file)
            .args(settings.iter().flat_map(|setting| ["--set", *setting]))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        let mut said = Vec::new();
        let address = err.lines().find_map(|line| {
            let line = line.unwrap();
            let address = line
                .split_once(" is served on ")
                .map(|(_, address)| address.parse().unwrap());
            said.push(line);
            address
        });
        let Some(address) = address else {
            panic!("it ended before it served: {said:#?}");
        };
        Served { child, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Served {
    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
