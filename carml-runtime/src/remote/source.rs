//! The text of a config in a store, kept up to date.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use carml_diagnostic::{
    Diagnostic, Format, Kind, MAX_BYTES, RawReport, Source, TooLarge, Unreadable,
};
use carml_kv::client::Backoff;
use futures_util::StreamExt as _;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::{InvalidAddress, RemoteAddress};
use crate::{
    config::{Endpoint, Remote, model::Registry},
    kv::{
        self, Batch, Error, ErrorKind, Event, Key, Kv, Opened, WatchStart, WatchStream,
        capability::Provider,
    },
};

/// A config that is a key of a store: a layer of a [`Loader`](crate::config::Loader).
pub struct RemoteConfig {
    name: String,
    /// `None`: the address is invalid.
    place: Option<(Provider, Key)>,
    text: Arc<Text>,
    follower: Mutex<Option<AbortOnDropHandle<()>>>,
}

impl fmt::Debug for RemoteConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteConfig").field(&self.name).finish()
    }
}

/// What is known of the text.
#[derive(Clone, Debug, PartialEq)]
enum State {
    Text(Bytes),
    NoKey,
    Failed { reason: String, help: &'static str },
}

struct Text {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl Text {
    fn set(&self, new: State) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state != new {
            *state = new;
            self.changed.send_replace(());
        }
    }

    fn get(&self) -> State {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }
}

impl RemoteConfig {
    /// Reads the text, and follows it. Why that failed is an error of the load.
    pub(super) async fn open(
        address: &Result<RemoteAddress, InvalidAddress>,
        registry: &Registry,
        changed: watch::Sender<()>,
    ) -> Arc<Self> {
        let text = |state| {
            let state = Mutex::new(state);
            Arc::new(Text { state, changed })
        };
        let address = match address {
            Ok(address) => address,
            Err(InvalidAddress { name, reason }) => {
                return Arc::new(Self {
                    name: name.clone(),
                    place: None,
                    text: text(State::Failed {
                        reason: reason.clone(),
                        help: "write it like etcd://10.0.0.1:2379/config/shop.yml",
                    }),
                    follower: Mutex::default(),
                });
            }
        };
        let (state, watch) = match read(address, &registry_of(address, registry)).await {
            Ok(found) => found,
            Err(error) => (failed(&error), None),
        };
        let text = text(state);
        let key = address.key.clone();
        let follower = watch.map(|(kv, watch)| {
            let follow = follow(kv, key, Some(watch), text.clone());
            AbortOnDropHandle::new(tokio::spawn(follow))
        });
        Arc::new(Self {
            name: address.to_string(),
            place: Some((address.provider, address.key.clone())),
            text,
            follower: Mutex::new(follower),
        })
    }

    /// Follows the text in a store that only one handle can open.
    pub(super) fn follow_in(&self, opened: &Opened) {
        let place = self.place.as_ref();
        if let Some((_, key)) = place.filter(|(provider, _)| is_embedded(*provider))
            && opened.kv.provider() == Provider::Redb.as_str()
        {
            let follow = follow(opened.root.clone(), key.clone(), None, self.text.clone());
            let follower = AbortOnDropHandle::new(tokio::spawn(follow));
            let mut slot = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
            *slot = Some(follower);
        }
    }
}

fn is_embedded(provider: Provider) -> bool {
    provider.default_port().is_none()
}

impl Remote for RemoteConfig {
    fn read(&self) -> Result<Source, RawReport> {
        let (name, format) = (self.name.clone(), Format::of(Path::new(&self.name)));
        let unreadable = |reason, help: &'static str| {
            let file = name.clone();
            let error = Diagnostic::new(Kind::Unreadable { file, reason });
            Err(error.help(help).into())
        };
        match self.text.get() {
            State::Text(bytes) if bytes.len() > MAX_BYTES => {
                let limit = MAX_BYTES;
                Err(Diagnostic::new(Kind::TooLarge(TooLarge::Text { name, limit })).into())
            }
            State::Text(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => Ok(Source::new(name, text, format)),
                Err(_) => Err(Diagnostic::new(Kind::NotUtf8 { file: Some(name) }).into()),
            },
            State::NoKey => unreadable(
                Unreadable::Other("the store has no such key".to_owned()),
                "write the config to this key, or correct the address",
            ),
            State::Failed { reason, help } => unreadable(Unreadable::Other(reason), help),
        }
    }
}

/// The section `registry` that reaches the address.
fn registry_of(address: &RemoteAddress, registry: &Registry) -> Registry {
    let mut registry = match registry.provider == address.provider {
        true => registry.clone(),
        false => Registry {
            provider: address.provider,
            ..Registry::default()
        },
    };
    if !address.servers.is_empty() {
        let servers = address.servers.iter();
        registry.endpoints = servers
            .filter_map(|one| one.parse::<Endpoint>().ok())
            .collect();
    }
    registry
}

type Watched = Option<(Kv, WatchStream)>;

/// The text now, and what continues from there.
async fn read(address: &RemoteAddress, registry: &Registry) -> Result<(State, Watched), Error> {
    if is_embedded(address.provider) && !Path::new(&registry.path).exists() {
        // Opening it would create it.
        return Ok((State::NoKey, None));
    }
    let opened = kv::open_registry(registry).await?;
    if is_embedded(address.provider) {
        let entry = opened.root.get(&address.key).await;
        opened.kv.close().await?;
        let state = entry?.map_or(State::NoKey, |entry| State::Text(entry.value));
        return Ok((state, None));
    }
    let kv = opened.root;
    let mut watch = kv.watch(address.key.clone(), WatchStart::Now).await?;
    while let Some(batch) = watch.next().await {
        if let Some(state) = state(batch?) {
            return Ok((state, Some((kv, watch))));
        }
    }
    let why = "the watch has ended";
    Err(Error::new(ErrorKind::Unavailable, "watch", why))
}

/// What a batch says of the key; `None`: nothing new.
fn state(batch: Batch) -> Option<State> {
    match batch {
        Batch::Snapshot { entries, .. } => {
            let entry = entries.into_iter().next();
            Some(entry.map_or(State::NoKey, |entry| State::Text(entry.value)))
        }
        Batch::Events { events, .. } => Some(match events.into_iter().next_back()? {
            Event::Put(entry) => State::Text(entry.value),
            Event::Delete { .. } => State::NoKey,
        }),
        _ => None,
    }
}

/// Follows the text for ever. While the store is away, it stays as it was.
async fn follow(kv: Kv, key: Key, mut watch: Option<WatchStream>, text: Arc<Text>) {
    let mut backoff = Backoff::new(1);
    loop {
        let opened = match watch.take() {
            Some(watch) => Ok(watch),
            None => kv.watch(key.clone(), WatchStart::Now).await,
        };
        let error = match opened {
            Ok(mut watch) => loop {
                match watch.next().await {
                    Some(Ok(batch)) => {
                        backoff.reset();
                        if let Some(state) = state(batch) {
                            text.set(state);
                        }
                    }
                    Some(Err(error)) => break Some(error),
                    None => break None,
                }
            },
            Err(error) => Some(error),
        };
        match error {
            Some(error) if error.kind == ErrorKind::Closed => return,
            Some(error) => tracing::debug!(%error, "the config in the store is not followed now"),
            None => {}
        }
        tokio::time::sleep(backoff.pause()).await;
    }
}

fn failed(error: &Error) -> State {
    let help = match error.kind {
        ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => {
            "set `registry.username` and `registry.password` in a file or in variables"
        }
        ErrorKind::Unsupported => "install a build that has the provider",
        ErrorKind::Busy => "end the process that uses the file, or ask it with `carml kv`",
        _ => "check the address, and that the server runs",
    };
    State::Failed {
        reason: error.to_string(),
        help,
    }
}
