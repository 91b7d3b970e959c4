//! One replica leads and does the periodic work. The others wait, and know who leads.

use std::{process::ExitCode, time::Duration};

use carml_runtime::{
    App, Shutdown, carml_service,
    config::Config,
    kv::{Error, Kv, Leadership, Txn},
};
use futures_util::StreamExt as _;
use tokio::sync::watch;
use tonic::Status;

carml_runtime::include_generated!();

use proto::leader::v1::{GetLeaderReply, GetLeaderRequest, Replicas, ReplicasServer};

const ELECTION: &str = "leader";
const PERIOD: Duration = Duration::from_secs(1);

struct Replica {
    leader: watch::Receiver<String>,
}

#[carml_service(requires(election, transaction))]
impl Replicas for Replica {
    async fn get_leader(&self, _: GetLeaderRequest) -> Result<GetLeaderReply, Status> {
        let name = self.leader.borrow().clone();
        Ok(GetLeaderReply { name })
    }
}

/// Leads whenever it can, until the service drains or the store is closed.
async fn candidate(kv: Kv, name: String, shutdown: Shutdown) {
    let campaign = async {
        loop {
            if let Err(error) = lead(&kv, &name).await {
                tracing::warn!(%error, "not leading; trying again");
            }
            tokio::time::sleep(PERIOD).await;
        }
    };
    tokio::select! {
        () = campaign => {}
        // Dropping the leadership resigns: the next replica leads at once.
        () = shutdown.begun() => {}
    }
}

async fn lead(kv: &Kv, name: &str) -> Result<(), Error> {
    let leadership = kv.campaign(ELECTION.parse()?, name.to_owned()).await?;
    tracing::info!(token = leadership.token(), "leading");
    loop {
        tokio::select! {
            done = work(kv, &leadership) => done?,
            () = leadership.lost() => return Ok(()),
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// The periodic work. `require` makes the store refuse it if another replica leads by now.
async fn work(kv: &Kv, leadership: &Leadership) -> Result<(), Error> {
    let txn = Txn::new()
        .require(leadership.guard())
        .put("work/last".parse()?, leadership.token().to_string());
    kv.commit(txn).await.map(drop)
}

/// Keeps the name of the leader up to date.
async fn follow(kv: Kv, leader: watch::Sender<String>) -> Result<(), Error> {
    let mut leaders = kv.observe(ELECTION.parse()?).await?;
    while let Some(now) = leaders.next().await {
        let name = now?.map(|leader| String::from_utf8_lossy(&leader.value).into_owned());
        leader.send_replace(name.unwrap_or_default());
    }
    Ok(())
}

fn configure(app: App<Config>) -> App<Config> {
    app.service(|context| {
        let (kv, shutdown) = (context.kv()?.clone(), context.shutdown().clone());
        let name = context.config().app.name.clone().unwrap_or_default();
        let (sender, leader) = watch::channel(String::new());
        tokio::spawn(candidate(kv.clone(), name, shutdown));
        tokio::spawn(follow(kv, sender));
        Ok(Replica { leader })
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    configure(App::from_args()).run().await
}

#[cfg(test)]
mod tests;
