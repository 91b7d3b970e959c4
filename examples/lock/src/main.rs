//! A job that runs once at a time, and whose result is written only while the lock is held.

use std::{process::ExitCode, time::Duration};

use carml_runtime::{
    App, carml_service,
    config::Config,
    kv::{Guard, Key, Kv, Txn},
};
use tonic::Status;

carml_runtime::include_generated!();

use proto::jobs::v1::{Jobs, JobsServer, RunReply, RunRequest};

struct Runner {
    kv: Kv,
}

// With `lock: cluster` here, a provider whose locks hold in one process only (redb) is refused.
#[carml_service(requires(get, lock, transaction))]
impl Jobs for Runner {
    async fn run(&self, request: RunRequest) -> Result<RunReply, Status> {
        let name = request.job;
        if name.is_empty() {
            return Err(Status::invalid_argument("`job` is empty"));
        }
        // `?` turns an error of the store into a status: ABORTED if another holds the lock.
        // `acquire` would wait in the queue instead.
        let runs = format!("runs/{name}").parse()?;
        let guard = self
            .kv
            .try_acquire(format!("locks/{name}").parse()?)
            .await?;
        tokio::select! {
            runs = self.work(&runs, &guard) => Ok(RunReply { runs: runs? }),
            // Stop as soon as the lock is lost: another replica may begin.
            () = guard.lost() => Err(Status::aborted("the lock was lost")),
        }
        // `guard` is dropped here, which releases the lock.
    }
}

impl Runner {
    async fn work(&self, key: &Key, guard: &Guard) -> Result<u64, Status> {
        let entry = self.kv.get(key).await?;
        let runs = match &entry {
            None => 0,
            Some(entry) => {
                let text = String::from_utf8_lossy(&entry.value);
                text.parse::<u64>()
                    .map_err(|_| Status::data_loss(format!("`{key}` is not a number")))?
            }
        };
        // The job itself.
        tokio::time::sleep(Duration::from_millis(100)).await;
        // A process that was paused may have lost the lock and not know it yet. `require` makes the
        // store refuse the write in that case. A lock without it protects nothing.
        let txn = Txn::new()
            .require(guard)
            .put(key.clone(), (runs + 1).to_string());
        self.kv.commit(txn).await?;
        Ok(runs + 1)
    }
}

fn configure(app: App<Config>) -> App<Config> {
    app.service(|context| {
        let kv = context.kv()?.clone();
        Ok(Runner { kv })
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    configure(App::from_args()).run().await
}

#[cfg(test)]
mod tests;
