//! The handlers.

use carml_runtime::{
    AppError, Context, carml_service,
    client::Channel,
    config::Config,
    discovery::InstanceWatch,
    kv::{Kv, Txn},
    store::{self, ErrorKind, Key, Mode, PutOptions, Store},
};
use serde_json::json;
use tokio::sync::watch;
use tonic::{Status, server::NamedService as _};

use crate::{
    Settings, leader,
    model::{LazyModel, Model},
    proto::agent::v1::*,
};

pub(crate) struct Predictor {
    kv: Kv,
    store: Store,
    model: LazyModel,
    /// The agent that counts the results.
    leader: watch::Receiver<String>,
    /// All agents.
    agents: InstanceWatch,
    /// Calls one of them.
    client: AgentClient<Channel>,
}

impl Predictor {
    pub(crate) fn new(context: &Context<Config>) -> Result<Self, AppError> {
        let settings: Settings = context.section()?;
        let (kv, store) = (context.kv()?.clone(), context.store()?.clone());
        let model = LazyModel::new(context.downloads()?.clone(), settings.model);
        let leader = leader::start(
            kv.clone(),
            store.clone(),
            settings.count_every.get(),
            context.shutdown().clone(),
        );
        let early = model.clone();
        tokio::spawn(async move {
            if let Err(error) = early.get().await {
                tracing::warn!(error, "the model could not be loaded; calls try again");
            }
        });
        Ok(Self {
            kv,
            store,
            model,
            leader,
            agents: context.resolver()?.watch(AgentServer::<Self>::NAME),
            client: context.client()?,
        })
    }

    async fn model(&self) -> Result<&Model, Status> {
        let unavailable = |error| Status::unavailable(format!("there is no model: {error}"));
        self.model.get().await.map_err(unavailable)
    }
}

#[carml_service(requires(get, lock, election, transaction, store.create, store.list))]
impl Agent for Predictor {
    async fn predict(&self, request: PredictRequest) -> Result<PredictReply, Status> {
        let PredictRequest { id, inputs } = request;
        if id.is_empty() {
            return Err(Status::invalid_argument("`id` is empty"));
        }
        let result: Key = format!("results/{id}.json")
            .parse()
            .map_err(|error: store::Error| Status::invalid_argument(error.to_string()))?;
        let model = self.model().await?;
        if let Some(why) = model.mismatch(&inputs) {
            return Err(Status::invalid_argument(why));
        }
        // One agent works on an id at a time; the others answer ABORTED.
        let guard = self.kv.try_acquire(format!("locks/{id}").parse()?).await?;
        let (label, probability) = model.predict(&inputs);
        let text = json!({
            "id": id,
            "inputs": inputs,
            "label": label,
            "probability": probability,
            "model": model.sha256(),
        });
        let options = PutOptions {
            content_type: Some("application/json".to_owned()),
            // A result never changes.
            mode: Mode::Create,
            ..PutOptions::default()
        };
        let put = self.store.put(&result, text.to_string(), options);
        put.await.map_err(status)?;
        // Refused if the lock was lost meanwhile.
        let last = Txn::new()
            .require(&guard)
            .put(format!("last/{label}").parse()?, id.clone());
        self.kv.commit(last).await?;
        tracing::info!(id, label, "predicted");
        Ok(PredictReply {
            label: label.to_owned(),
            probability,
            result: result.to_string(),
        })
    }

    async fn confirm(&self, request: PredictRequest) -> Result<ConfirmReply, Status> {
        let model = self.model().await?;
        if let Some(why) = model.mismatch(&request.inputs) {
            return Err(Status::invalid_argument(why));
        }
        let (own, _) = model.predict(&request.inputs);
        // The deadline and the trace of this call hold for that one.
        let other = self.client.clone().predict(request).await?.into_inner();
        Ok(ConfirmReply {
            agrees: other.label == own,
            other: Some(other),
        })
    }

    async fn describe(&self, _: DescribeRequest) -> Result<DescribeReply, Status> {
        let count = self.kv.get(&leader::COUNT.parse()?).await?;
        let count = count.map(|count| String::from_utf8_lossy(&count.value).into_owned());
        let agents = self.agents.current();
        Ok(DescribeReply {
            model: self.model().await?.sha256().to_owned(),
            leader: self.leader.borrow().clone(),
            results: count.and_then(|count| count.parse().ok()).unwrap_or(0),
            instances: agents
                .instances
                .iter()
                .map(|agent| agent.address.clone())
                .collect(),
        })
    }
}

/// What an error of the object store means to a client.
fn status(error: store::Error) -> Status {
    match error.kind {
        ErrorKind::AlreadyExists => Status::already_exists(error.to_string()),
        ErrorKind::NotFound => Status::not_found(error.to_string()),
        _ => Status::unavailable(error.to_string()),
    }
}
