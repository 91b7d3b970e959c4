//! A config that is read again while the service runs.

use super::{Error, Loaded, Loader};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

type Check = dyn Fn(&Loaded) -> Result<(), Error> + Send + Sync;

/// The current config. A valid new config replaces it as a whole; an invalid one is reported and
/// changes nothing.
///
/// ```
/// use carml_config::{Loader, Reload, Schema};
///
/// let path = std::env::temp_dir().join(format!("carml-reload-{}.yml", std::process::id()));
/// std::fs::write(&path, "app: {name: shop}")?;
/// let config = Reload::new(Loader::new(Schema::base()?).file(&path))?;
/// std::fs::write(&path, "app: {name: store}")?;
/// assert_eq!(config.reload()?.keys, ["/app/name"]);
///
/// // What is invalid is reported, and changes nothing.
/// std::fs::write(&path, "app: {nmae: x}")?;
/// assert!(config.reload().is_err());
/// assert_eq!(config.current().value()["app"]["name"], "store");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reload {
    loader: Loader,
    /// What a new config must pass beside its schema.
    check: Box<Check>,
    current: RwLock<Arc<Loaded>>,
    /// One reload at a time, so that the config that was read last is the current one.
    turn: Mutex<()>,
}

/// What a reload changed, as JSON pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Every value that differs.
    pub keys: Vec<String>,
    /// Those of them that the runtime reads only at start: they take effect after a restart.
    pub at_next_start: Vec<String>,
}

impl std::fmt::Debug for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reload")
            .field("loader", &self.loader)
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl Reload {
    /// Loads for the first time.
    ///
    /// # Errors
    /// See [`Loader::load`].
    pub fn new(loader: Loader) -> Result<Reload, Error> {
        let current = loader.load()?;
        Ok(Reload::with_check(loader, current, |_| Ok(())))
    }

    /// Starts with a config that the loader has loaded. A new one must also pass `check`.
    pub fn with_check(
        loader: Loader,
        current: Loaded,
        check: impl Fn(&Loaded) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Reload {
        Reload {
            loader,
            check: Box::new(check),
            current: RwLock::new(Arc::new(current)),
            turn: Mutex::default(),
        }
    }

    /// The current config.
    pub fn current(&self) -> Arc<Loaded> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Reads every layer again, and makes the result the current config. It reads files, so call it
    /// where blocking is allowed.
    ///
    /// # Errors
    /// See [`Loader::load`]; the current config stays.
    pub fn reload(&self) -> Result<Change, Error> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self.loader.load()?;
        (self.check)(&next)?;
        let change = change(&self.current(), &next);
        if !change.keys.is_empty() {
            let mut slot = self.current.write().unwrap_or_else(PoisonError::into_inner);
            *slot = Arc::new(next);
        }
        Ok(change)
    }

    /// Reloads at an interval, and reports each change and each new error. Files
    /// are read outside of the async runtime's threads. Dropping the future ends it; the config in
    /// force stays.
    pub async fn follow(
        self: Arc<Self>,
        every: Duration,
        mut told: impl FnMut(Result<Change, Error>),
    ) {
        let mut last = String::new();
        loop {
            tokio::time::sleep(every).await;
            let this = Arc::clone(&self);
            let Ok(outcome) = tokio::task::spawn_blocking(move || this.reload()).await else {
                continue;
            };
            let reason = outcome
                .as_ref()
                .map_or_else(Error::to_string, |_| String::new());
            let news = match &outcome {
                Ok(change) => !change.keys.is_empty(),
                Err(_) => reason != last,
            };
            last = reason;
            if news {
                told(outcome);
            }
        }
    }
}

fn change(old: &Loaded, new: &Loaded) -> Change {
    let mut keys = Vec::new();
    differences(
        Some(old.value()),
        Some(new.value()),
        &mut String::new(),
        &mut keys,
    );
    // Sections of CarML's own are read once, when the service starts.
    let own = |pointer: &&String| {
        let section = pointer.split('/').nth(1).unwrap_or_default();
        new.schema().documents().is_own_key(&format!("/{section}"))
    };
    let at_next_start = keys.iter().filter(own).cloned().collect();
    Change {
        keys,
        at_next_start,
    }
}

fn differences(old: Option<&Value>, new: Option<&Value>, at: &mut String, found: &mut Vec<String>) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let gone = old.keys().filter(|key| !new.contains_key(*key));
            let length = at.len();
            for key in new.keys().chain(gone) {
                at.push('/');
                at.push_str(&carml_diagnostic::escape_key(key));
                differences(old.get(key), new.get(key), at, found);
                at.truncate(length);
            }
        }
        (old, new) if old == new => {}
        _ => found.push(at.clone()),
    }
}
