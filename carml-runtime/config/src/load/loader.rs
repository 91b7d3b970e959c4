//! Which layers there are, and how they become one value.

use super::secret_files::{self, Outcome};
use super::{Error, Loaded, Remote, environment};
use crate::diagnose;
use crate::document::Document;
use crate::layer::{Kind, Layer, merge, nest_at};
use crate::redact::ConfigPolicy;
use crate::requirement::Requirement;
use crate::rules::{self, Required};
use crate::schema::Schema;
use crate::variables::Expand;
use carml_diagnostic::{
    self as diagnostic, Code, Diagnostic, Input, LengthBound, RawReport, Report, Severity, Source,
    Type, nearest,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// Reads the layers of a config and merges them. Later layers win: schema defaults, files, texts,
/// remote keys, variables, `--set`.
///
/// It can load several times: files and remote keys are read again each time.
///
/// ```
/// use carml_config::{Loader, Schema};
/// use carml_diagnostic::{Format, Source};
///
/// let loader = Loader::new(Schema::base()?)
///     .source(Source::new("carml.yml", "app: {name: shop}", Format::Yaml))
///     .set("app.name=store");
/// assert_eq!(loader.load()?.value()["app"]["name"], "store");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Loader {
    schema: Schema,
    files: Vec<PathBuf>,
    sources: Vec<Source>,
    remotes: Vec<Arc<dyn Remote>>,
    vars: BTreeMap<String, String>,
    sets: Vec<String>,
    requires: Vec<Required>,
    sections: &'static [&'static str],
    verbatim: bool,
    placeholders_as_warnings: bool,
}

impl std::fmt::Debug for Loader {
    /// Names only: variables and `--set` may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader")
            .field("schema", &self.schema)
            .field("files", &self.files)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

impl Loader {
    /// A loader without layers.
    pub fn new(schema: Schema) -> Loader {
        Loader {
            schema,
            files: Vec::new(),
            sources: Vec::new(),
            remotes: Vec::new(),
            vars: BTreeMap::new(),
            sets: Vec::new(),
            requires: Vec::new(),
            sections: &[],
            verbatim: false,
            placeholders_as_warnings: false,
        }
    }

    /// The same layers, checked against another schema.
    #[must_use]
    pub fn with_schema(mut self, schema: Schema) -> Loader {
        self.schema = schema;
        self
    }

    /// Adds the first that exists of `$CARML_CONFIG_FILE`, `./carml.yml`, `./.carml_config.yml`,
    /// `~/.carml_config.yml`.
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

    /// Adds a text in memory, after the files.
    #[must_use]
    pub fn source(mut self, source: Source) -> Loader {
        self.sources.push(source);
        self
    }

    /// Adds a text that is kept elsewhere, after the files and texts.
    #[must_use]
    pub fn remote(mut self, remote: Arc<dyn Remote>) -> Loader {
        self.remotes.push(remote);
        self
    }

    /// Sets the environment variables, such as [`std::env::vars_os`]: for `${VAR}`,
    /// `CARML__SECTION__KEY`, `REGISTRY_ENDPOINTS` and `TRACER_ENDPOINTS`. Those that are not UTF-8
    /// are ignored.
    #[must_use]
    pub fn env(
        mut self,
        vars: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    ) -> Loader {
        let text = |part: OsString| part.into_string().ok();
        self.vars.extend(
            vars.into_iter()
                .filter_map(|(name, value)| text(name.into()).zip(text(value.into()))),
        );
        self
    }

    /// Adds one value as `key.key=value`; the value is read as YAML, or literally where only a
    /// string is allowed.
    #[must_use]
    pub fn set(mut self, assignment: impl Into<String>) -> Loader {
        self.sets.push(assignment.into());
        self
    }

    /// Reads these sections only, for programs that do not know the sections of the service. A key that
    /// looks like one of them is read, too: it is probably misspelt.
    #[must_use]
    pub fn sections(mut self, names: &'static [&'static str]) -> Loader {
        self.sections = names;
        self
    }

    /// Keeps `${VAR}` literally, ignores tags, and accepts a document of any type: for files of
    /// other schemas than CarML's.
    #[must_use]
    pub fn verbatim(mut self) -> Loader {
        self.verbatim = true;
        self
    }

    /// Names a call that is required of a store: a provider that lacks it is an error.
    #[must_use]
    pub fn require(mut self, requirement: Requirement) -> Loader {
        self.requires.push(Required {
            requirement,
            service: None,
        });
        self
    }

    /// Names a call that a service requires of a store.
    #[must_use]
    pub fn require_for(mut self, service: &'static str, requirement: Requirement) -> Loader {
        self.requires.push(Required {
            requirement,
            service: Some(service),
        });
        self
    }

    /// Reports values that can only be checked where the config is used as warnings instead of
    /// errors: a certificate that does not decode, a secret's file that is not on this machine, a
    /// feature that is not in this build, a call that the provider lacks.
    #[must_use]
    pub fn placeholders_as_warnings(mut self) -> Loader {
        self.placeholders_as_warnings = true;
        self
    }

    /// Reads and merges the layers, replaces variables, validates the result and fills in defaults.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every error of every layer; [`Error::Unreadable`] if a layer could
    /// not be read at all.
    pub fn load(&self) -> Result<Loaded, Error> {
        let mut state = State::default();
        let layers = self.layers(&mut state);
        let mut value = Value::Object(Map::new());
        let mut any = layers.is_empty();
        for layer in &layers {
            let mut lower = std::mem::take(&mut state.unread);
            let Some(part) = self.read(layer, &mut state) else {
                state.unread.splice(..0, lower);
                continue;
            };
            any = true;
            lower.retain(|unread: &Unread| !overrides(&part, &unread.pointer));
            state.unread.splice(..0, lower);
            if self.verbatim || !part.is_null() {
                merge(&mut value, part);
            }
        }
        let State {
            mut report,
            mut unresolved,
            unread,
            partial,
            secrets,
        } = state;
        for unread in unread {
            unresolved.insert(unread.pointer);
            report.push(unread.diagnostic);
        }
        let mut document = Document::new(value, layers, self.schema.clone());
        if any && !self.schema.validator().is_valid(document.value()) {
            let mut found = RawReport::new();
            diagnose::validate(&document, &mut found);
            // One error per cause: a value that could not be read is not reported as missing too.
            found.retain(|diagnostic| {
                let of_value = diagnostic.code() != Code::UnknownKey;
                let pointer = diagnostic.at_pointer().filter(|_| of_value);
                let hidden = pointer.is_some_and(|p| inside(p, &unresolved));
                let mut known = report.diagnostics().iter();
                let same = known.any(|known| covers(known, diagnostic));
                let empty = partial && diagnose::is_hole(&document, diagnostic);
                !(hidden || same || empty)
            });
            report.extend(found);
        }
        // Not only of CarML's own documents: generated types refuse these, too.
        for pointer in document.read_integers() {
            let error = Diagnostic::new(diagnostic::Kind::IntegerRange);
            report.push(document.locate(error, &pointer, false));
        }
        document.fill();
        rules::check(
            &document,
            self.placeholders_as_warnings,
            &self.requires,
            &mut report,
        );
        if partial {
            // The key that is missing may be in what could not be read.
            report.retain(|diagnostic| diagnostic.code() != Code::Pair);
        }
        let mut all = report.diagnostics().iter();
        let unreadable = all.any(|d| d.code() == Code::Unreadable);
        let errors = report.errors();
        let report = if report.is_empty() {
            Report::new()
        } else {
            report.redact(&ConfigPolicy::of(&document, &secrets, !partial))
        };
        if unreadable {
            return Err(Error::Unreadable(report));
        }
        if errors > 0 {
            return Err(Error::Invalid(report));
        }
        Ok(Loaded::new(document, secrets, report))
    }

    fn layers(&self, state: &mut State) -> Vec<Layer> {
        let mut layers = Vec::new();
        let texts = self.files.iter().map(|path| Source::open(path));
        let remotes = self.remotes.iter().map(|remote| remote.read());
        let given = self.sources.iter().cloned().map(Ok);
        for text in texts.chain(given).chain(remotes) {
            match text {
                Ok(source) => layers.push(Layer::text(source)),
                Err(found) => {
                    state.partial = true;
                    state.report.extend(found);
                }
            }
        }
        layers.extend(environment::variables(
            &self.schema,
            &self.vars,
            &mut state.report,
        ));
        for assignment in &self.sets {
            match environment::flag(&self.schema, assignment) {
                Ok(layer) => layers.push(layer),
                Err(diagnostic) => state.report.push(*diagnostic),
            }
        }
        layers
    }

    /// The value of a layer, where it joins the config.
    fn read(&self, layer: &Layer, state: &mut State) -> Option<Value> {
        let mut part = if layer.raw {
            Value::String(layer.source.text().to_owned())
        } else {
            let mut reading = layer.source.read_all();
            // What another program would read from `password: !vault x` is not known.
            if !self.verbatim {
                reading.report.deny(Code::Tag);
            }
            state.report.extend(reading.report);
            state.partial |= reading.partial || reading.value.is_none();
            reading.value?
        };
        if layer.at.is_empty() {
            self.keep_sections(&mut part);
        }
        // The value of a variable or `--set` is not expanded again.
        if !self.verbatim && layer.kind == Kind::Text && layer.source.text().contains("${") {
            Expand {
                vars: &self.vars,
                shapes: self.schema.shapes(),
                source: &layer.source,
                report: &mut state.report,
                unresolved: &mut state.unresolved,
                secrets: &mut state.secrets,
            }
            .value(&mut part);
        }
        let mut part = nest_at(&layer.at, part);
        self.keep_sections(&mut part);
        let files = layer.at.ends_with("_file") || layer.source.text().contains("_file");
        if !self.verbatim && files {
            for named in secret_files::take(self.schema.shapes(), &mut part) {
                self.file_fault(layer, named, state);
            }
        }
        Some(part)
    }

    fn keep_sections(&self, part: &mut Value) {
        let Some(map) = part.as_object_mut().filter(|_| !self.sections.is_empty()) else {
            return;
        };
        map.retain(|key, _| {
            let is_near = || !nearest(key, self.sections.iter().copied()).is_empty();
            self.sections.contains(&key.as_str()) || is_near()
        });
    }

    fn file_fault(&self, layer: &Layer, named: secret_files::Named, state: &mut State) {
        let key = named.pointer.rsplit('/').next().unwrap_or_default();
        let is_unread = matches!(named.outcome, Outcome::Unread(..));
        let fault = match named.outcome {
            Outcome::Read => return,
            Outcome::Both => {
                let key = key.to_owned();
                Diagnostic::new(diagnostic::Kind::SecretAndFile { key })
                    .help("remove one of the two")
            }
            Outcome::NoName(found) => {
                state.unresolved.insert(named.pointer.clone());
                let kind = match found {
                    Type::String => diagnostic::Kind::WrongLength {
                        at: format!("{}_file", named.pointer),
                        bound: LengthBound::NotEmpty,
                    },
                    found => diagnostic::Kind::TypeMismatch {
                        at: format!("{}_file", named.pointer),
                        expected: "a string".to_owned(),
                        found,
                    },
                };
                Diagnostic::new(kind).help("give the path of the file that holds the secret")
            }
            Outcome::Unread(path, reason) => {
                let fault = Diagnostic::new(diagnostic::Kind::SecretFile {
                    key: key.to_owned(),
                    file: Input::new(path.display().to_string()),
                    reason,
                });
                let fault = match self.placeholders_as_warnings {
                    true => fault.with_severity(Severity::Warning),
                    false => fault,
                };
                fault.help("the file holds the secret and nothing else; a line break at its end is ignored")
            }
        };
        let fault = fault.pointer(format!("{}_file", named.pointer));
        let place = layer.place(&format!("{}_file", named.pointer), false);
        let diagnostic = match place {
            Some(span) => fault.at(&layer.source, span),
            None => fault,
        };
        if is_unread {
            state.unread.push(Unread {
                pointer: named.pointer,
                diagnostic,
            });
        } else {
            state.report.push(diagnostic);
        }
    }
}

/// A secret whose file cannot be read: not an error if a higher layer has the secret.
struct Unread {
    pointer: String,
    diagnostic: Diagnostic,
}

/// Whether nothing is left of the value at a pointer once a layer is merged over it.
fn overrides(layer: &Value, pointer: &str) -> bool {
    let mut at = layer;
    for step in carml_schema::pointer::steps(pointer) {
        let Value::Object(map) = at else {
            return true;
        };
        match map.get(&*step) {
            Some(below) => at = below,
            None => return false,
        }
    }
    true
}

/// What is known once the layers are read.
#[derive(Default)]
struct State {
    report: RawReport,
    /// The pointers of values that could not be read.
    unresolved: HashSet<String>,
    unread: Vec<Unread>,
    /// Whether keys may be missing because a text could not be read to its end.
    partial: bool,
    secrets: Vec<String>,
}

fn inside(pointer: &str, unresolved: &HashSet<String>) -> bool {
    let mut at = pointer;
    loop {
        if unresolved.contains(at) {
            return true;
        }
        match at.rsplit_once('/') {
            Some((above, _)) => at = above,
            None => return false,
        }
    }
}

/// Whether an error of the text is at the place of an error of its value.
fn covers(known: &Diagnostic, found: &Diagnostic) -> bool {
    match (known.place(), found.place()) {
        (Some(at), Some(place)) => {
            let odd = known.code() == Code::Key && place.span.contains(at.span);
            at.source.is(&place.source) && (odd || at.span.contains(place.span))
        }
        _ => false,
    }
}
