//! What a service is made from.

use super::StartError;
use crate::{
    Shutdown,
    config::{Loaded, Section},
    kv::Kv,
};

/// The config and the store, at the time when services are made.
#[derive(Debug)]
pub struct Context<C> {
    pub(super) config: C,
    pub(super) loaded: Loaded,
    pub(super) sections: Vec<&'static str>,
    pub(super) kv: Option<Kv>,
    pub(super) shutdown: Shutdown,
}

impl<C> Context<C> {
    /// The config.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// A section that [`App::section`](super::App::section) joined to the config.
    ///
    /// # Errors
    ///
    /// [`StartError::NoSection`] if it did not.
    pub fn section<S: Section>(&self) -> Result<S, StartError> {
        if !self.sections.contains(&S::NAME) {
            return Err(StartError::NoSection(S::NAME));
        }
        Ok(self.loaded.section()?)
    }

    /// Tells when the service drains: for calls that have no end of their own.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// The key/value store of the section `registry`. Cheap to clone.
    ///
    /// # Errors
    ///
    /// [`StartError::NoStore`] if the config has no section `registry` and no service requires a
    /// call of the store.
    pub fn kv(&self) -> Result<&Kv, StartError> {
        self.kv.as_ref().ok_or(StartError::NoStore)
    }
}
