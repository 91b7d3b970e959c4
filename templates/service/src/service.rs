//! The handlers.

use carml_runtime::{
    AppError, Context, carml_service,
    kv::{self, ErrorKind, Key, Kv},
};
use tonic::Status;

use crate::{
    config::AppConfig,
    proto::{{snake}}::v1::{self as api, GreetReply, GreetRequest},
};

/// Answers the calls of `{{snake}}.v1.{{Pascal}}`.
#[derive(Debug)]
pub struct Service {
    greeting: String,
    kv: Kv,
}

impl Service {
    /// Takes what it needs from the config and the store.
    pub fn new(context: &Context<AppConfig>) -> Result<Self, AppError> {
        Ok(Self {
            greeting: context.config().{{snake}}.greeting.clone(),
            kv: context.kv()?.clone(),
        })
    }

    /// Counts one more greeting. If another writer is faster, reads the count again.
    async fn count(&self, name: &str) -> Result<u64, kv::Error> {
        let key: Key = format!("greeted/{name}").parse()?;
        loop {
            let entry = self.kv.get(&key).await?;
            let times = entry.as_ref().map_or(Ok(0), number)? + 1;
            let expected = entry.map(|entry| entry.revision);
            match self
                .kv
                .atomic_put(key.clone(), times.to_string(), expected, None)
                .await
            {
                Ok(_) => return Ok(times),
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn number(entry: &kv::Entry) -> Result<u64, kv::Error> {
    let text = String::from_utf8_lossy(&entry.value);
    text.parse()
        .map_err(|_| kv::Error::new(ErrorKind::Corrupted, "get", "the count is not a number"))
}

#[carml_service(requires(get, atomic_put))]
impl api::{{Pascal}} for Service {
    async fn greet(&self, request: GreetRequest) -> Result<GreetReply, Status> {
        let name = request.name;
        if name.is_empty() || name.contains('/') {
            return Err(Status::invalid_argument("give a name, without `/`"));
        }
        // An error of the store becomes the status that fits it.
        let times = self.count(&name).await?;
        Ok(GreetReply {
            text: format!("{}, {name}!", self.greeting),
            times,
        })
    }
}
