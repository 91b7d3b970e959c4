//! What is in force, and why.

mod chain;
mod facts;
mod inline;
mod key;
mod reference;
mod yaml;

use super::{Error, Loaded, Origin};
use carml_diagnostic::Report;
use carml_schema::SchemaIndex;

impl Loaded {
    /// The effective config as YAML: each value with the file and place, variable, flag or schema
    /// default that it came from, as a comment. Secrets are hidden.
    pub fn explain(&self) -> String {
        let all = self.with_defaults();
        all.without_secrets(&yaml::write(&all, all.value(), ""))
    }

    /// One key, as `registry.timeout`: its value now and what set it, its type, default,
    /// constraints and meaning.
    ///
    /// # Errors
    /// If the schema knows no such key.
    pub fn explain_key(&self, key: &str) -> Result<String, Report> {
        let text = key::write(&self.with_defaults(), key).map_err(|raw| self.redact(raw))?;
        Ok(self.without_secrets(&text))
    }

    /// The middleware chains of the server and of clients, as they will run.
    ///
    /// # Errors
    /// The rules that a list breaks. A config that loaded keeps them all.
    pub fn explain_chain(&self) -> Result<String, Error> {
        let text = chain::write(self)
            .map_err(|problems| self.error_at("/grpc", problems.to_string(), [] as [&str; 0]))?;
        Ok(self.without_secrets(&text))
    }

    /// Hides what is secret inside of values that are not: credentials in addresses, variables that
    /// sound secret.
    fn without_secrets(&self, text: &str) -> String {
        let text = carml_diagnostic::without_credentials(text);
        let inside = self.secrets().iter().filter(|s| !s.is_empty());
        inside.fold(text, |text, secret| {
            text.replace(secret.as_str(), yaml::HIDDEN)
        })
    }

    /// The same with every default of the schema filled in, also of documents that do not ask for
    /// it.
    fn with_defaults(&self) -> Loaded {
        let mut all = self.clone();
        all.fill_from(&SchemaIndex::of(self.schema().documents(), true));
        all
    }

    /// Where a value came from, in words.
    fn origin_text(&self, pointer: &str) -> String {
        match self.origin(pointer) {
            // The pointer of a value that was filled in is known by then.
            Origin::Unset => "schema default".to_owned(),
            origin => origin.to_string(),
        }
    }
}
