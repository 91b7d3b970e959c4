//! A config section that changes while the service runs.

use std::{pin::pin, process::ExitCode, sync::Arc, time::Duration};

use carml_runtime::{App, ConfigReload, ConfigSection, carml_service, config::Config};
use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tonic::Status;

carml_runtime::include_generated!();

use proto::prices::v1::{Prices, PricesServer, QuoteReply, QuoteRequest};

const INTERVAL: Duration = Duration::from_secs(1);

/// What the service reads, also while it runs.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema, ConfigSection)]
#[serde(default)]
#[carml(section = "prices")]
struct Settings {
    /// What is taken off each price, in percent.
    #[schemars(range(max = 90))]
    discount: u64,
}

struct Shop {
    settings: watch::Receiver<Arc<Settings>>,
}

#[carml_service]
impl Prices for Shop {
    async fn quote(&self, request: QuoteRequest) -> Result<QuoteReply, Status> {
        // One call sees one config, even if it changes in between.
        let settings = Arc::clone(&self.settings.borrow());
        let full = u128::from(request.cents);
        let cents = full * u128::from(100 - settings.discount) / 100;
        let cents = u64::try_from(cents).map_err(|_| Status::out_of_range("too expensive"))?;
        Ok(QuoteReply { cents })
    }
}

/// Reads the config every second, until the service drains. A wrong config changes nothing.
async fn follow(reload: ConfigReload<Config>, settings: watch::Sender<Arc<Settings>>) {
    let mut changes = pin!(reload.changes(INTERVAL));
    while let Some(change) = changes.next().await {
        match change.and_then(|change| Ok((change, reload.section()?))) {
            Ok((change, section)) => {
                settings.send_replace(Arc::new(section));
                tracing::info!(keys = ?change.keys, "the config has changed");
                if !change.at_next_start.is_empty() {
                    tracing::warn!(keys = ?change.at_next_start, "these wait for a restart");
                }
            }
            Err(error) => tracing::error!("the config stays as it is: {error}"),
        }
    }
}

fn configure(app: App<Config>) -> App<Config> {
    app.section::<Settings>().service(|context| {
        let (sender, settings) = watch::channel(Arc::new(context.section()?));
        if !context.is_check() {
            tokio::spawn(follow(context.reload().clone(), sender));
        }
        Ok(Shop { settings })
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    configure(App::from_args()).run().await
}

#[cfg(test)]
mod tests;
