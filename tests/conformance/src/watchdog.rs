//! Ends a process with this one, however this one ends.

use std::process::{Child, Command, Stdio};

/// Kills a process, also a stopped one, when this process ends. Dropping it leaves the process alone.
pub struct Watchdog(Child);

impl Watchdog {
    /// Of the process with this number.
    pub fn of(process: u32) -> Watchdog {
        // Its input ends with this process; a signal to all processes of the terminal does not end it.
        let script = "trap '' HUP INT TERM; while read -r _; do :; done; kill -KILL \"$0\"";
        let shell = Command::new("sh")
            .args(["-c", script, &process.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Watchdog(shell.expect("a shell"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Before its input ends: by then, the number may be that of another process.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn a_stopped_process_ends_with_this_one_and_only_with_it() {
        let sleep = || Command::new("sleep").arg("60").spawn().unwrap();
        let (mut left, mut ended) = (sleep(), sleep());
        drop(Watchdog::of(left.id()));
        let mut watchdog = Watchdog::of(ended.id());
        let id = ended.id().to_string();
        let stopped = Command::new("kill").args(["-s", "STOP", &id]).status();
        assert!(stopped.unwrap().success());
        // As the end of this process does.
        drop(watchdog.0.stdin.take());
        assert_eq!(ended.wait().unwrap().signal(), Some(9));
        assert!(left.try_wait().unwrap().is_none());
        left.kill().unwrap();
        left.wait().unwrap();
    }
}
