//! The service: a library, so that tests can start it.

carml_runtime::include_generated!();

use carml_runtime::{
    App, carml_service,
    config::Config,
    kv::{Entry, ErrorKind, Key, Kv},
};
use proto::counter::v1::{AddReply, AddRequest, Counter, CounterServer};
use tonic::Status;

struct Counters {
    kv: Kv,
}

#[carml_service(requires(get, atomic_put))]
impl Counter for Counters {
    async fn add(&self, request: AddRequest) -> Result<AddReply, Status> {
        if request.counter.is_empty() {
            return Err(Status::invalid_argument("`counter` is empty"));
        }
        let key: Key = format!("counters/{}", request.counter).parse()?;
        loop {
            let entry = self.kv.get(&key).await?;
            let value = value(entry.as_ref())?
                .checked_add(request.by)
                .ok_or_else(|| Status::out_of_range("the counter is full"))?;
            let expected = entry.map(|entry| entry.revision);
            let put = self
                .kv
                .atomic_put(key.clone(), value.to_string(), expected, None);
            match put.await {
                Ok(_) => return Ok(AddReply { value }),
                // Another call was faster: read again.
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn value(entry: Option<&Entry>) -> Result<u64, Status> {
    let Some(entry) = entry else { return Ok(0) };
    let text = String::from_utf8_lossy(&entry.value);
    let damaged = |_| Status::data_loss(format!("`{}` is not a number", entry.key));
    text.parse().map_err(damaged)
}

/// The whole service: `main` and the tests start the same one.
pub fn configure(app: App<Config>) -> App<Config> {
    app.service(|context| {
        let kv = context.kv()?.clone();
        Ok(Counters { kv })
    })
}
