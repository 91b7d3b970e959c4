//! Which layers there are, and how they become one value.

use super::{Error, Loaded, environment};
use crate::config::layer::{Layer, merge, wrap};
use crate::config::schema::Schema;
use crate::config::{check, variable};
use carml_diagnostic::{Report, Source};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Reads layers, later ones winning: schema defaults, files, texts, variables, `--set`.
///
/// It can load again and again: files are read anew each time.
#[derive(Clone, Debug)]
pub struct Loader {
    schema: Schema,
    files: Vec<PathBuf>,
    sources: Vec<Source>,
    vars: BTreeMap<String, String>,
    sets: Vec<String>,
    plain: bool,
}

impl Loader {
    /// A loader without layers.
    pub fn new(schema: Schema) -> Loader {
        Loader {
            schema,
            files: Vec::new(),
            sources: Vec::new(),
            vars: BTreeMap::new(),
            sets: Vec::new(),
            plain: false,
        }
    }

    /// Adds the first that exists of `$CARML_CONFIG_FILE`, `./carml.yml`, `./.carml_config.yml`, `~/.carml_config.yml`.
    #[must_use]
    pub fn search(mut self) -> Loader {
        let named = std::env::var_os("CARML_CONFIG_FILE").map(PathBuf::from);
        let home = std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".carml_config.yml"));
        let here = ["carml.yml", ".carml_config.yml"].map(PathBuf::from);
        let found = named.or_else(|| here.into_iter().chain(home).find(|p| p.exists()));
        self.files.extend(found);
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Loader {
        self.files.push(path.into());
        self
    }

    /// Adds a text at hand, after the files.
    #[must_use]
    pub fn source(mut self, source: Source) -> Loader {
        self.sources.push(source);
        self
    }

    /// Gives the variables: for `${VAR}`, `CARML__SECTION__KEY`, `REGISTRY_ENDPOINTS` and `TRACER_ENDPOINTS`.
    #[must_use]
    pub fn env(mut self, vars: impl IntoIterator<Item = (String, String)>) -> Loader {
        self.vars.extend(vars);
        self
    }

    /// Adds one value as `key.key=value`; the value is read as YAML, or as it stands where only a text fits.
    #[must_use]
    pub fn set(mut self, assignment: impl Into<String>) -> Loader {
        self.sets.push(assignment.into());
        self
    }

    /// Leaves `${VAR}` as it stands and takes a document of any kind: for files that are not CarML's own.
    #[must_use]
    pub fn plain(mut self) -> Loader {
        self.plain = true;
        self
    }

    /// Reads, merges, replaces variables, validates and fills defaults in.
    ///
    /// # Errors
    /// Every fault of every layer.
    pub fn load(&self) -> Result<Loaded, Error> {
        let mut report = Report::new();
        let layers = self.layers(&mut report);
        let mut value = Value::Object(Map::new());
        for layer in &layers {
            match self.read(layer, &mut report) {
                Ok(part) if !self.plain && part.is_null() && layer.at.is_empty() => {}
                Ok(part) => merge(&mut value, wrap(&layer.at, part)),
                Err(faults) => {
                    layer.source.mask_keys(check::SECRET_KEYS);
                    report.extend(faults);
                }
            }
        }
        let mut loaded = Loaded::new(value, layers, self.schema.clone());
        // A text that did not parse leaves holes: what else is missing would be noise.
        if report.is_empty() && !self.schema.validator().is_valid(loaded.value()) {
            check::validate(&loaded, &mut report);
        }
        if report.errors() > 0 {
            check::mask(&loaded);
            return Err(Error::Invalid(report));
        }
        loaded.fill();
        Ok(loaded)
    }

    fn layers(&self, report: &mut Report) -> Vec<Layer> {
        let mut layers = Vec::new();
        for path in &self.files {
            match Source::open(path) {
                Ok(source) => layers.push(Layer::text(source)),
                Err(faults) => report.extend(faults),
            }
        }
        layers.extend(self.sources.iter().cloned().map(Layer::text));
        for (name, text) in &self.vars {
            layers.extend(environment::variable(&self.schema, name, text));
        }
        for assignment in &self.sets {
            match environment::flag(&self.schema, assignment) {
                Ok(layer) => layers.push(layer),
                Err(fault) => report.push(*fault),
            }
        }
        layers
    }

    fn read(&self, layer: &Layer, report: &mut Report) -> Result<Value, Report> {
        let mut part = if layer.raw {
            Value::String(layer.source.text().to_owned())
        } else {
            layer.source.read()?
        };
        if !self.plain {
            variable::expand(&mut part, &self.vars, &layer.source, report);
        }
        Ok(part)
    }
}
