//! A valid config that knows the origin of its values.

use super::Error;
use crate::chain::{self, Side};
use crate::document::Document;
use crate::layer::{Layer, Origin};
use crate::redact::ConfigPolicy;
use crate::schema::{Schema, Section};
use carml_diagnostic::{Diagnostic, Kind, RawReport, Report, Source};
use carml_schema::{SchemaIndex, pointer};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// No lines of help.
const NONE: [&str; 0] = [];

/// A valid config that knows the origin of its values.
///
/// ```
/// use carml_config::{Loader, Schema};
/// use carml_diagnostic::{Format, Source};
///
/// let source = Source::new("carml.yml", "app: {name: shop}", Format::Yaml);
/// let loaded = Loader::new(Schema::base()?).source(source).load()?;
/// assert_eq!(loaded.origin("/app/name").to_string(), "carml.yml:1:13");
/// assert_eq!(loaded.origin("/health").to_string(), "schema default");
/// assert!(loaded.explain_key("app.name")?.starts_with("app.name: shop"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Loaded {
    document: Document,
    /// The values of variables whose names sound secret.
    secrets: Vec<String>,
    warnings: Report,
}

impl std::fmt::Debug for Loaded {
    /// The layers only: values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("layers", &self.document.layers())
            .finish_non_exhaustive()
    }
}

impl Loaded {
    pub(super) fn new(document: Document, secrets: Vec<String>, warnings: Report) -> Loaded {
        Loaded {
            document,
            secrets,
            warnings,
        }
    }

    pub(crate) fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// The warnings of the valid config.
    pub fn warnings(&self) -> &Report {
        &self.warnings
    }

    pub(crate) fn fill_from(&mut self, shapes: &SchemaIndex) {
        self.document.fill_from(shapes);
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// The merged value with the schema's defaults filled in, secrets included.
    pub fn value(&self) -> &Value {
        self.document.value()
    }

    /// The schema that it was checked against.
    pub fn schema(&self) -> &Schema {
        self.document.schema()
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        self.document.layers()
    }

    /// The whole config as its type, without the sections and middlewares that were added to the
    /// schema: the type does not know them.
    ///
    /// # Errors
    ///
    /// A value that the schema allows but the type refuses, with its place.
    pub fn typed<C: DeserializeOwned>(&self) -> Result<C, Error> {
        let sections = self.schema().sections();
        let own: Vec<_> = self.schema().own_middlewares().collect();
        if sections.is_empty() && own.is_empty() {
            return self.read(self.value(), str::to_owned);
        }
        let mut known = self.value().clone();
        if let Some(map) = known.as_object_mut() {
            map.retain(|key, _| !sections.contains(&key.as_str()));
        }
        let mut kept = Vec::new();
        for side in Side::ALL {
            if let Some(Value::Array(list)) = known.pointer_mut(side.pointer()) {
                let own = |item: &Value| own.contains(&(side, chain::name(item)));
                let left: Vec<usize> = (0..list.len()).filter(|at| !own(&list[*at])).collect();
                list.retain(|item| !own(item));
                kept.push((side.pointer(), left));
            }
        }
        // Items that were left out count in the place of those behind them.
        let given = |path: &str| {
            kept.iter().find_map(|(list, kept)| {
                let item = path.strip_prefix(list)?.strip_prefix('/')?;
                let (index, rest) = item.split_at(item.find('/').unwrap_or(item.len()));
                let index = kept.get(index.parse::<usize>().ok()?)?;
                Some(format!("{list}/{index}{rest}"))
            })
        };
        self.read(&known, |path| {
            given(path).unwrap_or_else(|| path.to_owned())
        })
    }

    /// The whole as a type. An error is at the value that the type refuses.
    fn read<C: DeserializeOwned>(
        &self,
        value: &Value,
        given: impl Fn(&str) -> String,
    ) -> Result<C, Error> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let pointer = given(&pointer_of(error.path()));
            let error = error.inner();
            let message = format!("the config does not match its Rust type: {error}");
            self.error_at(&pointer, message, NONE).into()
        })
    }

    /// One section as its type; an absent one is read as an empty map.
    ///
    /// # Errors
    /// A value that the schema allows but the type refuses.
    pub fn section<S: Section>(&self) -> Result<S, Error> {
        let given = self.value().get(S::NAME);
        let empty = Value::Object(Map::new());
        serde_path_to_error::deserialize(given.unwrap_or(&empty)).map_err(|error| {
            let name = S::NAME;
            let pointer = format!("/{name}{}", pointer_of(error.path()));
            let error = error.inner();
            let report = match given {
                Some(_) => {
                    let message =
                        format!("the section `{name}` does not match its Rust type: {error}");
                    self.error_at(&pointer, message, NONE)
                }
                None => {
                    let message = format!("the required section `{name}` is missing: {error}");
                    self.error_at(&pointer, message, [format!("add `{name}:` with its keys")])
                }
            };
            report.into()
        })
    }

    /// The origin of the value at a JSON pointer.
    pub fn origin(&self, pointer: &str) -> Origin {
        match self.document.provenance(pointer, false) {
            Some((layer, span)) => layer.origin(span),
            None if self.value().pointer(pointer).is_some() => Origin::Default,
            None => Origin::Unset,
        }
    }

    /// A report with one error at the value of a JSON pointer, or at the nearest value above it.
    pub fn error_at<H: Into<String>>(
        &self,
        pointer: &str,
        message: impl Into<String>,
        help: impl IntoIterator<Item = H>,
    ) -> Report {
        let problem = message.into();
        let diagnostic = Diagnostic::new(Kind::Refused { problem });
        let mut diagnostic = self.document.locate(diagnostic, pointer, false);
        for line in help {
            diagnostic = diagnostic.help(line.into());
        }
        self.redact(diagnostic.into())
    }

    /// The report that may be printed.
    pub(crate) fn redact(&self, report: RawReport) -> Report {
        if report.is_empty() {
            return Report::new();
        }
        report.redact(&ConfigPolicy::of(&self.document, &self.secrets, true))
    }

    /// Every source that was read, lowest layer first.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.document.layers().iter().map(|layer| &layer.source)
    }
}

/// The JSON pointer of what serde read last.
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;

    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer = pointer::join(&pointer, &index.to_string()),
            Segment::Map { key } => pointer = pointer::join(&pointer, key),
            // A variant is not a key of the document, unless it is externally tagged.
            Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    pointer
}
