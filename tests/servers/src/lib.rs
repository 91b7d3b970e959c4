//! Real servers, started by `tests/servers/serve`.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

mod http;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use serde_json::Value;

pub use http::{ask, until};

/// A cluster that ends with this value, and with the process.
pub struct Server {
    about: Value,
    script: Mutex<(Child, ChildStdin, BufReader<ChildStdout>)>,
}

impl Server {
    /// Starts it: `["etcd", "--nodes", "3"]`. Panics if it is not installed.
    pub fn start(arguments: &[&str]) -> Server {
        let serve = concat!(env!("CARGO_MANIFEST_DIR"), "/serve");
        let mut child = Command::new(serve)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/servers/serve is executable");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut output = BufReader::new(output);
        let about = answer(&mut output, "the servers start");
        Server {
            about,
            script: Mutex::new((child, input, output)),
        }
    }

    /// [`Server::start`] on a thread that may block.
    pub async fn started(arguments: &[&'static str]) -> Server {
        let arguments = arguments.to_vec();
        let start = tokio::task::spawn_blocking(move || Server::start(&arguments));
        start.await.unwrap()
    }

    /// What the script says of it: endpoints, certificates, users.
    pub fn about(&self) -> &Value {
        &self.about
    }

    /// `host:port` of each node.
    pub fn endpoints(&self) -> Vec<String> {
        let endpoints = self.about["endpoints"].as_array().unwrap().iter();
        endpoints.map(|e| e.as_str().unwrap().to_owned()).collect()
    }

    /// SIGKILL to a node.
    pub fn kill(&self, node: usize) {
        self.command("kill", node);
    }

    /// SIGSTOP to a node.
    pub fn freeze(&self, node: usize) {
        self.command("freeze", node);
    }

    /// SIGCONT to a node.
    pub fn thaw(&self, node: usize) {
        self.command("thaw", node);
    }

    /// Starts a killed node again, and waits until it serves.
    pub fn restart(&self, node: usize) {
        self.command("start", node);
    }

    fn command(&self, word: &str, node: usize) {
        let mut script = self.script.lock().unwrap();
        let (_, input, output) = &mut *script;
        writeln!(input, "{word} {node}").unwrap();
        let answer = answer(output, word);
        assert!(answer.get("error").is_none(), "{word} {node}: {answer}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let script = self.script.get_mut().unwrap();
        // The script removes its folder on this signal; closing its input would wait for a drop.
        let _ = Command::new("kill").arg(script.0.id().to_string()).status();
        let _ = script.0.wait();
    }
}

fn answer(output: &mut BufReader<ChildStdout>, what: &str) -> Value {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert!(
        !line.is_empty(),
        "{what}: the script ended; what it said is above"
    );
    serde_json::from_str(&line).unwrap()
}
