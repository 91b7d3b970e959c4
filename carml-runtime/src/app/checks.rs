//! The checks of an app's config besides its schema: at start, in `--check`, and in a reload.

use super::middleware::{self, MiddlewareEntry};
use crate::config::{
    self, Config, Loaded, Requirement, Root, Schema, Section,
    chain::{Plan, Side},
};

/// A section that the app adds to the schema.
#[derive(Clone, Copy)]
pub(super) struct SectionEntry {
    pub(super) name: &'static str,
    schema: fn(&Schema) -> Result<Schema, carml_diagnostic::Report>,
    read: fn(&Loaded) -> Result<(), config::Error>,
}

impl SectionEntry {
    pub(super) fn of<S: Section>() -> Self {
        Self {
            name: S::NAME,
            schema: Schema::with_section::<S>,
            read: |loaded| loaded.section::<S>().map(drop),
        }
    }
}

/// Everything that an app adds to the config's rules.
#[derive(Clone, Default)]
pub(super) struct Checks {
    pub(super) sections: Vec<SectionEntry>,
    pub(super) middlewares: Vec<MiddlewareEntry>,
    /// Which service requires what of the stores.
    pub(super) requires: Vec<(&'static str, Requirement)>,
}

/// A config that passed.
pub(super) struct Checked<C> {
    pub(super) base: Config,
    pub(super) config: C,
    /// The chain of the server.
    pub(super) plan: Plan,
    /// The chains of clients.
    pub(super) client_plan: Plan,
}

impl Checks {
    /// Whether a service requires a call of the key/value store.
    pub(super) fn require_kv(&self) -> bool {
        let mut requires = self.requires.iter();
        requires.any(|(_, requirement)| matches!(requirement, Requirement::Kv(_)))
    }

    /// Whether a service requires a call of the object store.
    #[cfg(feature = "store")]
    pub(super) fn require_objects(&self) -> bool {
        let mut requires = self.requires.iter();
        requires.any(|(_, requirement)| matches!(requirement, Requirement::Store { .. }))
    }

    /// The schema of the root type, with the app's sections and middlewares.
    pub(super) fn schema<C: Root>(&self) -> Result<Schema, carml_diagnostic::Report> {
        let mut schema = Schema::of::<C>()?;
        for section in &self.sections {
            schema = (section.schema)(&schema)?;
        }
        for middleware in &self.middlewares {
            schema = (middleware.schema)(&schema, middleware.side, middleware.name)?;
        }
        Ok(schema)
    }

    pub(super) fn check<C: Root>(&self, loaded: &Loaded) -> Result<Checked<C>, config::Error> {
        let base: Config = loaded.typed()?;
        let plan = middleware::plan(loaded, Side::Server, &self.middlewares)?;
        let client_plan = middleware::plan(loaded, Side::Client, &self.middlewares)?;
        let config = loaded.typed()?;
        let mut report = carml_diagnostic::Report::new();
        for section in &self.sections {
            if let Err(error) = (section.read)(loaded) {
                report.extend(error.report().clone());
            }
        }
        if report.errors() > 0 {
            return Err(report.into());
        }
        Ok(Checked {
            base,
            config,
            plan,
            client_plan,
        })
    }
}
