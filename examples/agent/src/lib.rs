//! An agent: it downloads a model, predicts, keeps each result, and shares its work with other
//! agents.

carml_runtime::include_generated!();

mod leader;
mod model;
mod service;

use carml_runtime::{
    App, ConfigSection,
    config::{self, Config},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the agent itself reads.
#[derive(Debug, Deserialize, Serialize, JsonSchema, ConfigSection)]
#[serde(default)]
#[carml(section = "agent")]
struct Settings {
    /// The URL of the model, with its checksum: `https://…#sha256=HEX`, or an object of the
    /// store, `store:KEY#sha256=HEX`.
    model: String,
    /// How often the leader counts the results.
    count_every: config::Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: model::DEFAULT_URL.to_owned(),
            count_every: std::time::Duration::from_secs(1).into(),
        }
    }
}

/// The whole service: `main` and the tests start the same one.
pub fn configure(app: App<Config>) -> App<Config> {
    app.section::<Settings>().service(service::Predictor::new)
}
