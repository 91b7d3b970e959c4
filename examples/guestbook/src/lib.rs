//! A guestbook: the handlers.

carml_runtime::include_generated!();

use carml_runtime::{
    AppError, Context, carml_service,
    kv::{self, ListOptions},
};
use config::AppConfig;
use futures_util::{Stream, TryStreamExt as _, stream};
use proto::guestbook::v1::*;
use tonic::Status;

/// Keeps the book in the key/value store: one key per guest.
#[derive(Debug)]
pub struct Book {
    greeting: String,
    kv: kv::Kv,
}

impl Book {
    /// Takes what it needs from the config and the store.
    pub fn new(context: &Context<AppConfig>) -> Result<Self, AppError> {
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
        if name.is_empty() || name.contains('/') {
            return Err(Status::invalid_argument("give a name without `/`"));
        }
        let key = format!("guests/{name}").parse()?;
        self.kv.put(key, text, None).await?;
        let text = format!("{}, {name}!", self.greeting);
        Ok(SignReply { text })
    }

    async fn read(
        &self,
        _: ReadRequest,
    ) -> Result<impl Stream<Item = Result<Entry, Status>> + Send + use<>, Status> {
        // Page by page, as fast as the client reads: the number of guests has no limit.
        let first = Some((self.kv.clone(), ListOptions::default()));
        let pages = stream::try_unfold(first, async |page| {
            let Some((kv, options)) = page else {
                return Ok(None);
            };
            let page = kv.list(Some("guests".parse()?), options.clone()).await?;
            let next = page.next.map(|last| {
                let mut options = options;
                options.after = Some(last);
                (kv, options)
            });
            let guests = page.entries.into_iter().map(|entry| Ok(guest(&entry)));
            Ok::<_, Status>(Some((stream::iter(guests), next)))
        });
        Ok(pages.try_flatten())
    }
}

fn guest(entry: &kv::Entry) -> Entry {
    let name = entry.key.as_str().trim_start_matches("guests/").to_owned();
    let text = String::from_utf8_lossy(&entry.value).into_owned();
    Entry { name, text }
}
