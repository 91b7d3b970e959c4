//! The config, read again while the service runs.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use futures_core::Stream;
use futures_util::stream;

use super::AppError;
use crate::{
    Shutdown,
    config::{Change, Loaded, Reload, Root, Section},
    remote::RemoteConfigs,
};

/// Reads the config again while the service runs. Cheap to clone.
///
/// It reads the same files, variables and arguments as the start, and checks them in the same way:
/// against the schema with the app's sections and middlewares, and against the requirements of the
/// services. A valid config takes effect as a whole. An invalid one is reported, and the previous
/// one stays in effect.
///
/// Keys that the runtime reads only at start, such as the address and the middlewares, take effect
/// after a restart: see [`Change::at_next_start`].
///
/// ```no_run
/// # use std::time::Duration;
/// # use carml_runtime::{App, ConfigReload, config::Config};
/// use futures_util::StreamExt as _;
///
/// async fn follow(reload: ConfigReload<Config>) {
///     let mut changes = std::pin::pin!(reload.changes(Duration::from_secs(10)));
///     while let Some(change) = changes.next().await {
///         match change {
///             Ok(change) => println!("changed: {:?}", change.keys),
///             Err(error) => eprintln!("the config stays as it is: {error}"),
///         }
///     }
/// }
/// ```
pub struct ConfigReload<C> {
    pub(super) reload: Arc<Reload>,
    pub(super) remotes: RemoteConfigs,
    pub(super) sections: Arc<[&'static str]>,
    pub(super) shutdown: Shutdown,
    pub(super) config: PhantomData<fn() -> C>,
}

impl<C> Clone for ConfigReload<C> {
    fn clone(&self) -> Self {
        Self {
            reload: Arc::clone(&self.reload),
            remotes: self.remotes.clone(),
            sections: Arc::clone(&self.sections),
            shutdown: self.shutdown.clone(),
            config: PhantomData,
        }
    }
}

impl<C> std::fmt::Debug for ConfigReload<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ConfigReload").field(&self.reload).finish()
    }
}

impl<C: Root> ConfigReload<C> {
    /// The current config.
    ///
    /// # Errors
    ///
    /// None for a config that was loaded by the app: it was read as this type before.
    pub fn config(&self) -> Result<C, AppError> {
        Ok(self.reload.current().typed()?)
    }

    /// A section of the current config that [`App::section`](super::App::section) added.
    ///
    /// # Errors
    ///
    /// [`AppError::SectionNotRegistered`] if it did not.
    pub fn section<S: Section>(&self) -> Result<S, AppError> {
        self.check_section(S::NAME)?;
        Ok(self.reload.current().section()?)
    }

    /// The current config, with the origin of each value.
    pub fn current(&self) -> Arc<Loaded> {
        self.reload.current()
    }

    /// Reads the config now, for example on SIGHUP. Files are read outside of the async threads.
    ///
    /// # Errors
    ///
    /// Every error of the new config; the previous one stays in effect.
    pub async fn reload(&self) -> Result<Change, AppError> {
        let reload = Arc::clone(&self.reload);
        match tokio::task::spawn_blocking(move || reload.reload()).await {
            Ok(outcome) => Ok(outcome?),
            Err(failed) => Err(AppError::new(failed)),
        }
    }

    /// Reads the config at an interval, and at once after a change of a
    /// [config in a store](crate::remote). Yields each change, and each new error. The
    /// stream ends when the service drains.
    pub fn changes(
        &self,
        interval: Duration,
    ) -> impl Stream<Item = Result<Change, AppError>> + Send + use<C> {
        stream::unfold(
            (self.clone(), self.remotes.changes(), String::new()),
            move |(this, mut remote, mut last)| async move {
                loop {
                    tokio::select! {
                        () = tokio::time::sleep(interval) => {}
                        Ok(()) = remote.changed() => {}
                        () = this.shutdown.begun() => return None,
                    }
                    let outcome = this.reload().await;
                    let (reason, is_news) = match &outcome {
                        Ok(change) => (String::new(), !change.keys.is_empty()),
                        Err(error) => {
                            let reason = error.to_string();
                            let is_news = reason != last;
                            (reason, is_news)
                        }
                    };
                    last = reason;
                    if is_news {
                        return Some((outcome, (this, remote, last)));
                    }
                }
            },
        )
    }
}

impl<C> ConfigReload<C> {
    pub(super) fn check_section(&self, name: &'static str) -> Result<(), AppError> {
        if self.sections.contains(&name) {
            Ok(())
        } else {
            Err(AppError::SectionNotRegistered(name))
        }
    }
}
