//! The secret, as the config or a file has it.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use carml_config::Secret;
use http::HeaderValue;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::Place;

/// How often the file is read.
const INTERVAL: Duration = Duration::from_secs(10);

/// A file with more bytes has no secret.
const MAX_BYTES: u64 = 64 << 10;

/// `Bearer SECRET`
pub(super) struct Token {
    value: Arc<RwLock<HeaderValue>>,
    _task: Option<AbortOnDropHandle<()>>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

impl Token {
    /// A secret that stays.
    pub(super) fn of(secret: &Secret) -> Result<Self, String> {
        Ok(Self {
            value: Arc::new(RwLock::new(header(secret.expose())?)),
            _task: None,
        })
    }

    /// That of a file, which must have one now and is read again and again.
    pub(super) fn follow(path: &str, place: &Place) -> Result<Self, String> {
        let path = PathBuf::from(path);
        let value = Arc::new(RwLock::new(read(&path)?));
        let runtime = tokio::runtime::Handle::try_current().ok();
        let task = runtime.filter(|_| !place.is_check).map(|runtime| {
            let task = keep(path, Arc::clone(&value));
            AbortOnDropHandle::new(runtime.spawn(task))
        });
        Ok(Self { value, _task: task })
    }

    pub(super) fn current(&self) -> HeaderValue {
        let value = self.value.read().unwrap_or_else(PoisonError::into_inner);
        value.clone()
    }
}

/// Reads the file without end. What cannot be used is logged, and the secret before it stays.
async fn keep(path: PathBuf, value: Arc<RwLock<HeaderValue>>) {
    let mut is_failing = false;
    loop {
        sleep(INTERVAL).await;
        let file = path.clone();
        let read = tokio::task::spawn_blocking(move || read(&file)).await;
        match read.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(new) => {
                *value.write().unwrap_or_else(PoisonError::into_inner) = new;
                is_failing = false;
            }
            Err(error) => {
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::error!(
                        error,
                        "the secret of clients cannot be read: the last one is used"
                    );
                }
            }
        }
    }
}

fn read(path: &Path) -> Result<HeaderValue, String> {
    let failed = |error: &dyn fmt::Display| format!("`{}`: {error}", path.display());
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > MAX_BYTES {
        return Err(failed(&"expected a secret, found a large file"));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    header(text.trim()).map_err(|error| failed(&error))
}

fn header(secret: &str) -> Result<HeaderValue, String> {
    if secret.is_empty() {
        return Err("the secret is empty".to_owned());
    }
    // The error of the header would show the secret.
    let value = HeaderValue::try_from(format!("Bearer {secret}"));
    let mut value =
        value.map_err(|_| "the secret has bytes that a header may not have".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}
