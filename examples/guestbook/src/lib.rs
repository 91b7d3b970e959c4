//! A guestbook: the handlers.

carml_runtime::include_generated!();

use carml_runtime::{Context, StartError, carml_service, kv};
use config::AppConfig;
use futures_util::{Stream, stream};
use proto::guestbook::v1::*;
use tonic::Status;

/// Keeps the book in the key/value store, a key a guest.
#[derive(Debug)]
pub struct Book {
    greeting: String,
    kv: kv::Kv,
}

impl Book {
    /// Takes what it needs from the config and the store.
    pub fn new(context: &Context<AppConfig>) -> Result<Self, StartError> {
        Ok(Self {
            greeting: context.config().guestbook.greeting.clone(),
            kv: context.kv()?.clone(),
        })
    }
}

#[carml_service(requires(put, list))]
impl Guestbook for Book {
    async fn sign(&self, request: SignRequest) -> Result<SignReply, Status> {
        let Entry { name, text } = request.entry.unwrap_or_default();
        let key = format!("guests/{name}").parse()?;
        self.kv.put(key, text, None).await?;
        let text = format!("{}, {name}!", self.greeting);
        Ok(SignReply { text })
    }

    async fn read(
        &self,
        _: ReadRequest,
    ) -> Result<impl Stream<Item = Result<Entry, Status>> + Send + use<>, Status> {
        let guests = self
            .kv
            .list(Some("guests".parse()?), kv::ListOptions::default());
        let entries = guests.await?.entries.into_iter().map(|entry| {
            let name = entry.key.to_string().replacen("guests/", "", 1);
            let text = String::from_utf8_lossy(&entry.value).into_owned();
            Ok(Entry { name, text })
        });
        Ok(stream::iter(entries))
    }
}
