//! The layers, merged, checked and typed.

use super::check;
use super::layer::{Layer, Origin, merge, wrap};
use super::schema::{Schema, Section};
use super::variable;
use carml_diagnostic::{Fault, Format, Report, Source};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// No lines of help.
const NONE: [&str; 0] = [];

/// Why a config did not load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The config is wrong: every fault with its place.
    #[error("{0}")]
    Invalid(Report),
}

impl From<Report> for Error {
    fn from(report: Report) -> Error {
        Error::Invalid(report)
    }
}

/// Reads layers, later ones winning: files, then variables, then `--set`.
#[derive(Debug)]
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

    /// Adds one value as `key.key=value`; the value is read as YAML.
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

    /// Reads, merges, replaces variables and validates.
    ///
    /// # Errors
    /// Every fault of every layer.
    pub fn load(self) -> Result<Loaded, Error> {
        let mut report = Report::new();
        let mut layers = Vec::new();
        let mut value = Value::Object(Map::new());
        let mut add = |layer: Layer, report: &mut Report| match layer.source.read() {
            Ok(mut part) => {
                if !self.plain {
                    variable::expand(&mut part, &self.vars, &layer.source, report);
                }
                if self.plain || !part.is_null() || !layer.at.is_empty() {
                    merge(&mut value, wrap(&layer.at, part));
                }
                layers.push(layer);
            }
            Err(faults) => {
                layer.source.mask_keys(check::SECRET_KEYS);
                report.extend(faults);
            }
        };
        for path in &self.files {
            match Source::open(path) {
                Ok(source) => add(
                    Layer {
                        source,
                        at: String::new(),
                    },
                    &mut report,
                ),
                Err(faults) => report.extend(faults),
            }
        }
        for source in self.sources {
            add(
                Layer {
                    source,
                    at: String::new(),
                },
                &mut report,
            );
        }
        for (name, text) in &self.vars {
            if let Some(layer) = variable_layer(name, text) {
                add(layer, &mut report);
            }
        }
        for assignment in &self.sets {
            match assignment.split_once('=') {
                Some((key, text)) => {
                    let at = format!("/{}", key.trim().replace('.', "/"));
                    add(
                        Layer {
                            source: Source::new(format!("--set {key}"), text, Format::Yaml),
                            at,
                        },
                        &mut report,
                    );
                }
                None => report.push(
                    Fault::error("set", format!("--set `{assignment}` has no `=`"))
                        .help("write `--set section.key=value`"),
                ),
            }
        }
        let loaded = Loaded {
            value,
            layers,
            schema: self.schema,
        };
        // A text that did not parse leaves holes: what else is missing would be noise.
        if report.is_empty() && !loaded.schema.validator().is_valid(&loaded.value) {
            check::validate(&loaded, &mut report);
        }
        if report.errors() > 0 {
            check::mask(&loaded);
            return Err(Error::Invalid(report));
        }
        Ok(loaded)
    }
}

fn variable_layer(name: &str, text: &str) -> Option<Layer> {
    let shown = format!("${name}");
    if let Some(path) = name.strip_prefix("CARML__") {
        let at = format!("/{}", path.to_lowercase().replace("__", "/"));
        return Some(Layer {
            source: Source::new(shown, text, Format::Yaml),
            at,
        });
    }
    let at = match name {
        "REGISTRY_ENDPOINTS" => "/registry/endpoints",
        "TRACER_ENDPOINTS" => "/tracer/endpoints",
        _ => return None,
    };
    let list: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|e| !e.is_empty())
        .collect();
    let text = serde_json::to_string(&list).ok()?;
    Some(Layer {
        source: Source::new(shown, text, Format::Json),
        at: at.to_owned(),
    })
}

/// A config that is valid, and knows where its values came from.
#[derive(Clone)]
pub struct Loaded {
    value: Value,
    layers: Vec<Layer>,
    schema: Schema,
}

impl std::fmt::Debug for Loaded {
    /// The layers only: values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

impl Loaded {
    /// The merged value, secrets included.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The schema that it was checked against.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The whole as its type.
    ///
    /// # Errors
    /// What the type refuses though the schema allows it.
    pub fn typed<C: DeserializeOwned>(&self) -> Result<C, Error> {
        C::deserialize(&self.value).map_err(|e| {
            self.fault("", format!("the config does not fit its type: {e}"), NONE)
                .into()
        })
    }

    /// One section as its type; an absent one is read as an empty map.
    ///
    /// # Errors
    /// What the type refuses though the schema allows it.
    pub fn section<S: Section>(&self) -> Result<S, Error> {
        let empty = Value::Object(Map::new());
        let part = self.value.get(S::NAME).unwrap_or(&empty);
        S::deserialize(part).map_err(|e| {
            let pointer = format!("/{}", S::NAME);
            self.fault(
                &pointer,
                format!("the section `{}` does not fit its type: {e}", S::NAME),
                NONE,
            )
            .into()
        })
    }

    /// Where the value of a JSON pointer came from.
    pub fn origin(&self, pointer: &str) -> Origin {
        self.place(pointer, false)
            .map_or(Origin::Default, |(source, span)| {
                Origin::Place(source, span)
            })
    }

    /// A report of one fault at a JSON pointer: of its value, or of the nearest that stands above it.
    pub fn fault<H: Into<String>>(
        &self,
        pointer: &str,
        message: impl Into<String>,
        help: impl IntoIterator<Item = H>,
    ) -> Report {
        let mut fault = self.aim(Fault::error("config", message), pointer, false);
        for line in help {
            fault = fault.help(line);
        }
        check::mask(self);
        fault.into()
    }

    /// Sets a fault's place: of the pointer, or of the nearest key above it.
    pub(super) fn aim(&self, fault: Fault, pointer: &str, key: bool) -> Fault {
        let fault = fault.pointer(pointer);
        let mut at = pointer;
        loop {
            if let Some((source, span)) = self.place(at, key || at != pointer) {
                return fault.at(&source, span);
            }
            match at.rsplit_once('/') {
                Some((above, _)) => at = above,
                None => return fault,
            }
        }
    }

    fn place(&self, pointer: &str, key: bool) -> Option<(Source, carml_diagnostic::Span)> {
        self.layers
            .iter()
            .rev()
            .find_map(|l| l.place(pointer, key).map(|span| (l.source.clone(), span)))
    }

    /// Hides a pointer's value in every layer's excerpts.
    pub(super) fn hide(&self, pointer: &str) {
        for layer in &self.layers {
            if let Some(span) = layer.place(pointer, false) {
                layer.source.mask(span);
            }
        }
    }
}
