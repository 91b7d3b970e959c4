//! A server of grpc-go, which does what requests say as [`Backend`](super::Backend) does.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// A process, which ends when this is dropped.
pub(crate) struct GrpcGo {
    pub(crate) address: String,
    child: Child,
}

impl GrpcGo {
    pub(crate) fn start() -> Self {
        let store = std::env::var("CARML_SERVERS");
        let store = store.unwrap_or_else(|_| "/var/cache/carml-test-servers".to_owned());
        let mut child = Command::new(PathBuf::from(store).join("grpc-go/grpc-go"))
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`tests/servers/install grpc-go` was run");
        let mut address = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        let read = BufReader::new(stdout).read_line(&mut address);
        read.expect("an address");
        let address = address.trim().to_owned();
        assert!(!address.is_empty(), "it does not serve: is it current?");
        Self { address, child }
    }
}

impl Drop for GrpcGo {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
