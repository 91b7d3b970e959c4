//! `carml kv lock`.

use std::process::ExitCode;

use carml_runtime::kv::{Error, Kv};
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, select_all},
};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{process::Command, signal::unix::SignalKind};

use super::super::{could_not_run, invalid_input};

/// Run a command while holding a lock, and exit with the exit code of the command
///
/// The command gets the fencing token in the variable CARML_FENCING_TOKEN. What the lock protects
/// should refuse a token lower than one it has seen. If the lock is lost, the command is killed with
/// all processes of its group, and the exit code is 1. SIGTERM, SIGINT, SIGHUP and SIGQUIT are passed on.
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
        let mut signals = match signals() {
            Ok(signals) => signals,
            Err(error) => return Ok(could_not_run(format!("signals: {error}"))),
        };
        let started = Command::new(program)
            .args(arguments)
            .env("CARML_FENCING_TOKEN", guard.token().to_string())
            // A group of its own, so that all that it starts ends with the lock.
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => return Ok(could_not_run(format!("{program}: {error}"))),
        };
        let group = child.id();
        loop {
            tokio::select! {
                ended = child.wait() => return Ok(match ended {
                    Ok(status) => exit_code(status),
                    Err(error) => could_not_run(format!("{program}: {error}")),
                }),
                () = guard.lost() => {
                    send(group, Signal::KILL);
                    let _ = child.wait().await;
                    return Ok(invalid_input(format_args!(
                        "the lock was lost; `{program}` was killed"
                    )));
                }
                Some(signal) = signals.next() => send(group, signal),
            }
        }
    }
}

/// The signals that are passed on to the command.
fn signals() -> std::io::Result<impl Stream<Item = Signal> + Unpin> {
    let kinds = [
        (SignalKind::terminate(), Signal::TERM),
        (SignalKind::interrupt(), Signal::INT),
        (SignalKind::hangup(), Signal::HUP),
        (SignalKind::quit(), Signal::QUIT),
    ];
    let mut streams = Vec::new();
    for (kind, signal) in kinds {
        let arrived = tokio::signal::unix::signal(kind)?;
        let arrived = stream::unfold(arrived, move |mut arrived| async move {
            arrived.recv().await?;
            Some((signal, arrived))
        });
        streams.push(arrived.boxed());
    }
    Ok(select_all(streams))
}

/// To all processes of a group. One that has ended needs none.
fn send(group: Option<u32>, signal: Signal) {
    let group = group.and_then(|id| i32::try_from(id).ok());
    if let Some(group) = group.and_then(Pid::from_raw) {
        let _ = kill_process_group(group, signal);
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
