//! Where keys come from.

use std::{
    fmt, fs,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use carml_tls_client::Roots;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Collected, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{
    sync::Notify,
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use super::{Place, Refusal, keys::Keys};

/// How often the keys are fetched, and at most for a key that is not known.
const INTERVAL: Duration = Duration::from_secs(300);
const MIN_INTERVAL: Duration = Duration::from_secs(10);

/// How long a fetch waits after one that failed, at first and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How long a fetch may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A set with more bytes is not read.
const MAX_BYTES: usize = 1 << 20;

/// The keys as they were read last, while a task reads them again and again.
pub(super) struct Source {
    shared: Arc<Shared>,
    _task: Option<AbortOnDropHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// Absent until they are read for the first time.
    keys: RwLock<Option<Arc<Keys>>>,
    wanted: Notify,
}

#[derive(Clone)]
enum Location {
    File(PathBuf),
    Url(Uri),
}

impl Source {
    /// Opens a file, which must have keys now, or a URL, which is fetched in the background.
    pub(super) fn open(jwks: &str, place: &Place) -> Result<Self, Refusal> {
        let location = Location::of(jwks).map_err(|error| refusal(&error))?;
        let shared = Arc::new(Shared::default());
        if let Location::File(path) = &location {
            shared.set(read(path).map_err(|error| refusal(&error))?);
        }
        let runtime = tokio::runtime::Handle::try_current().ok();
        let task = runtime.filter(|_| !place.is_check).map(|runtime| {
            let task = follow(location, Arc::clone(&shared));
            AbortOnDropHandle::new(runtime.spawn(task))
        });
        Ok(Self {
            shared,
            _task: task,
        })
    }

    /// The keys that were read last.
    pub(super) fn current(&self) -> Option<Arc<Keys>> {
        let keys = self.shared.keys.read();
        keys.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A token names a key that is not there: they may have changed.
    pub(super) fn want(&self) {
        self.shared.wanted.notify_one();
    }
}

impl Shared {
    fn set(&self, keys: Keys) {
        let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(Arc::new(keys));
    }
}

impl Location {
    fn of(jwks: &str) -> Result<Self, String> {
        let Some((scheme, _)) = jwks.split_once("://") else {
            return Ok(Self::File(jwks.into()));
        };
        let url: Uri = jwks
            .parse()
            .map_err(|error| format!("it is not a URL: {error}"))?;
        let host = url.host().unwrap_or_default();
        let is_local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        match scheme {
            "https" => Ok(Self::Url(url)),
            "http" if is_local => Ok(Self::Url(url)),
            _ => Err("expected a file, or a URL with `https`: whoever can change the keys can make tokens".to_owned()),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            // Without a query, which may have a key of an API.
            Self::Url(url) => write!(f, "{}{}", url.host().unwrap_or_default(), url.path()),
        }
    }
}

fn refusal(message: &str) -> Refusal {
    Refusal {
        pointer: "/jwt/jwks".to_owned(),
        message: format!("the keys cannot be read: {message}"),
    }
}

fn read(path: &PathBuf) -> Result<Keys, String> {
    let text = fs::read(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    Keys::read(&text).map_err(|error| format!("`{}`: {error}", path.display()))
}

/// Reads the keys without end. What cannot be used is logged, and the keys before it stay.
async fn follow(location: Location, shared: Arc<Shared>) {
    let client = client();
    let (mut backoff, mut is_failing) = (BACKOFF.0, false);
    loop {
        match fetch(&location, client.as_ref()).await {
            Ok(keys) => {
                if std::mem::take(&mut is_failing) {
                    tracing::info!("the keys of `auth.jwt` are read from {location} again");
                }
                let is_new = shared
                    .keys
                    .read()
                    .unwrap_or_else(PoisonError::into_inner)
                    .as_deref()
                    != Some(&keys);
                if is_new {
                    shared.set(keys);
                }
                backoff = BACKOFF.0;
                sleep(MIN_INTERVAL).await;
                // A file is read as often as one may be.
                if let Location::Url(_) = location {
                    let _ = timeout(INTERVAL - MIN_INTERVAL, shared.wanted.notified()).await;
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::error!(
                        error,
                        "the keys of `auth.jwt` cannot be read from {location}: trying again"
                    );
                }
                sleep(backoff).await;
                backoff = (backoff * 2).min(BACKOFF.1);
            }
        }
    }
}

type Http = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// Trusts the authorities of the system.
fn client() -> Result<Http, String> {
    let tls = carml_tls_client::config(Roots::system(), None);
    let tls = tls.map_err(|error| error.to_string())?;
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

async fn fetch(location: &Location, client: Result<&Http, &String>) -> Result<Keys, String> {
    let url = match location {
        Location::Url(url) => url,
        Location::File(path) => {
            let path = path.clone();
            let read = spawn_blocking(move || read(&path)).await;
            return read.unwrap_or_else(|error| Err(error.to_string()));
        }
    };
    let request = Request::get(url).body(Empty::new());
    let request = request.map_err(|error| error.to_string())?;
    let exchange = async {
        let answer = client?.request(request).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the server answered {}", answer.status()));
        }
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await;
        body.map(Collected::to_bytes)
            .map_err(|error| error.to_string())
    };
    let answer = timeout(TIMEOUT, exchange).await;
    let text = answer.unwrap_or_else(|_| Err(format!("no answer within {TIMEOUT:?}")))?;
    Keys::read(&text)
}
