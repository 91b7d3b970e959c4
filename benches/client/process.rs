//! This benchmark as another process.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A process, which is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    /// Its first line on standard error.
    pub(crate) line: String,
}

impl Process {
    /// Starts it, and waits for its first line.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::spawn(Command::new(std::env::current_exe().unwrap()).args(args))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut line).unwrap();
        let line = line.trim().to_owned();
        Self { child, line }
    }

    /// Runs a client to its end: the numbers of its line.
    pub(crate) fn numbers(args: &[&str]) -> Vec<f64> {
        let mut process = Self::start(args);
        process.child.wait().unwrap();
        let numbers = process.line.split(' ').map(str::parse);
        numbers.map(Result::unwrap).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processor time that this process has used, of all threads, in and out of the kernel.
pub(crate) fn used() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let nanos = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// Waits for the end of standard input, in a server.
pub(crate) async fn until_told() {
    let end = || std::io::stdin().read(&mut [0]);
    let _ = tokio::task::spawn_blocking(end).await;
}
