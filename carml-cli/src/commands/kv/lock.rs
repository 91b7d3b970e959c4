//! `carml kv lock`.

use std::process::ExitCode;

use carml_runtime::kv::{Error, Kv};
use tokio::process::Command;

use super::super::{could_not_run, invalid_input};

/// Run a command while holding a lock, and exit with the exit code of the command
///
/// The command gets the fencing token in the variable CARML_FENCING_TOKEN. What the lock protects
/// should refuse a token lower than one it has seen. If the lock is lost, the command is killed,
/// and the exit code is 1.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The name of the lock; the key of this name is never written
    key: String,
    /// Do not wait if another holds the lock: exit with code 1
    #[arg(long = "try")]
    only_try: bool,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

impl Args {
    pub(super) async fn run(self, kv: &Kv) -> Result<ExitCode, Error> {
        let key = self.key.parse()?;
        let guard = match self.only_try {
            true => kv.try_acquire(key).await?,
            false => kv.acquire(key).await?,
        };
        let Some((program, arguments)) = self.command.split_first() else {
            return Ok(could_not_run("no command is given"));
        };
        let started = Command::new(program)
            .args(arguments)
            .env("CARML_FENCING_TOKEN", guard.token().to_string())
            .kill_on_drop(true)
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => return Ok(could_not_run(format!("{program}: {error}"))),
        };
        tokio::select! {
            ended = child.wait() => Ok(match ended {
                Ok(status) => exit_code(status),
                Err(error) => could_not_run(format!("{program}: {error}")),
            }),
            () = guard.lost() => {
                let _ = child.kill().await;
                Ok(invalid_input(format_args!("the lock was lost; `{program}` was killed")))
            }
        }
    }
}

/// As in a shell: 128 plus the signal's number for a command that a signal ended.
fn exit_code(status: std::process::ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
