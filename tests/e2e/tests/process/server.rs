//! The built binary, run with a config file.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::ffi::OsStrExt as _,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

use carml_test_e2e::proto::carml::test::v1::EchoClient;
use serde_json::Value;
use tempfile::TempDir;
use tonic::transport::Channel;

const PATIENCE: Duration = Duration::from_secs(20);

/// How a process ended.
#[derive(Debug)]
pub struct End {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

fn command(folder: &TempDir, yaml: &str) -> Command {
    std::fs::write(folder.path().join("carml.yml"), yaml).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_parrot"));
    command
        .args(["--config", "carml.yml"])
        .current_dir(folder.path())
        .env_remove("RUST_LOG")
        .env("RUST_BACKTRACE", "1")
        // A variable that is not UTF-8 is ignored.
        .env("NOT_TEXT", OsStr::from_bytes(b"\xff"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end: for configs that do not start.
pub fn run(yaml: &str, args: &[&str]) -> End {
    let folder = tempfile::tempdir().unwrap();
    let out = command(&folder, yaml).args(args).output().unwrap();
    End {
        code: out.status.code(),
        stdout: String::from_utf8(out.stdout).unwrap(),
        stderr: String::from_utf8(out.stderr).unwrap(),
    }
}

/// A config with this address, and these lines below `grpc.server`.
fn below_server(address: &str, lines: &str) -> String {
    format!("grpc:\n  server:\n    listen: {address}\n{lines}")
}

/// What happens to its standard output.
#[derive(Clone, Copy)]
pub enum Reader {
    Reads,
    Stops,
    Closes,
}

/// A server that listens.
pub struct Server {
    child: Child,
    lines: Receiver<Value>,
    reader: Arc<AtomicU8>,
    address: String,
    _folder: TempDir,
}

impl Server {
    /// Starts it with `listen` and these lines below `grpc.server`.
    pub fn start(server: &str) -> Self {
        Self::listen("127.0.0.1:0", server)
    }

    /// Starts it with this address.
    pub fn listen(address: &str, server: &str) -> Self {
        Self::with(&below_server(address, server))
    }

    /// Starts it with this whole config.
    pub fn with(yaml: &str) -> Self {
        Self::spawn(yaml, |command| command)
    }

    /// The same, with these variables in its environment.
    pub fn with_variables(yaml: &str, variables: &[(&str, &str)]) -> Self {
        Self::spawn(yaml, |mut command| {
            command.envs(variables.iter().copied());
            command
        })
    }

    /// As [`Server::start`], with no more file descriptors than this.
    pub fn start_with_descriptors(server: &str, max: u32) -> Self {
        Self::spawn(&below_server("127.0.0.1:0", server), |command| {
            let mut shell = Command::new("sh");
            let program = command.get_program().to_owned();
            shell
                .args(["-c", &format!("ulimit -n {max} && exec \"$0\" \"$@\"")])
                .arg(program)
                .args(command.get_args())
                .current_dir(command.get_current_dir().unwrap())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            shell
        })
    }

    fn spawn(yaml: &str, change: impl FnOnce(Command) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = change(command(&folder, yaml)).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        let reader = Arc::new(AtomicU8::new(Reader::Reads as u8));
        let mode = Arc::clone(&reader);
        std::thread::spawn(move || {
            let mut stdout = stdout.lines().map_while(Result::ok);
            loop {
                let mode = mode.load(Ordering::SeqCst);
                if mode == Reader::Closes as u8 {
                    break;
                } else if mode == Reader::Stops as u8 {
                    std::thread::sleep(Duration::from_millis(1));
                } else {
                    let Some(line) = stdout.next() else { break };
                    let _ = sender.send(serde_json::from_str(&line).unwrap());
                }
            }
        });
        let mut server = Self {
            child,
            lines,
            reader,
            address: String::new(),
            _folder: folder,
        };
        let serving = server.line(|line| line["message"] == "serving");
        serving["fields"]["server.address"]
            .as_str()
            .unwrap()
            .clone_into(&mut server.address);
        server
    }

    /// From the line after the next one on.
    pub fn reader(&self, reader: Reader) {
        self.reader.store(reader as u8, Ordering::SeqCst);
    }

    /// The next line of its log that matches.
    pub fn line(&self, mut is: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a line");
            if is(&line) {
                return line;
            }
        }
    }

    /// The next line of a call that ended.
    pub fn call(&self) -> Value {
        self.line(|line| line["target"] == "carml::rpc")
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The address on which it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub async fn channel(&self) -> Channel {
        let url = format!("http://{}", self.address);
        let endpoint = Channel::from_shared(url).unwrap();
        endpoint.connect().await.unwrap()
    }

    pub async fn echo(&self) -> EchoClient<Channel> {
        EchoClient::new(self.channel().await)
    }

    /// What `/proc` knows of the process by this name.
    pub fn proc(&self, name: &str) -> std::path::PathBuf {
        format!("/proc/{}/{name}", self.child.id()).into()
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub async fn end(mut self) -> End {
        let begun = Instant::now();
        while self.runs() {
            assert!(begun.elapsed() < PATIENCE, "the process does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let code = self.child.wait().unwrap().code();
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        End {
            code,
            stdout: String::new(),
            stderr,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
