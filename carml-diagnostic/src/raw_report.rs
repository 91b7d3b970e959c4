//! Everything that was found, before redaction.

use crate::redact::{self, Policy};
use crate::{Code, Diagnostic, Report, Severity};

/// After this many diagnostics, errors are counted and not kept.
const MAX_DIAGNOSTICS: usize = 200;

/// Every diagnostic that was found: sorted by file and place, each cause once.
///
/// It may hold secrets and so cannot be printed; [`RawReport::redact`] makes the [`Report`] that
/// can.
///
/// # Examples
///
/// ```
/// use carml_diagnostic::{Code, Diagnostic, Kind, Public, RawReport};
///
/// let mut found = RawReport::new();
/// found.push(Diagnostic::new(Kind::UnknownKey {
///     key: carml_diagnostic::Input::new("prot"),
///     parent: "/server".to_owned(),
///     suggestion: Some("port".to_owned()),
/// }));
/// assert_eq!(found.diagnostics()[0].code(), Code::UnknownKey);
///
/// // `Public` is for what holds no secrets; a config has a policy of its own.
/// let report = found.redact(&Public);
/// assert_eq!(report.findings()[0].message, "`prot` is not a key of `server`");
/// ```
#[derive(Clone, Default)]
pub struct RawReport {
    diagnostics: Vec<Diagnostic>,
    omitted: usize,
}

impl std::fmt::Debug for RawReport {
    /// The codes only: texts may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.diagnostics).finish()
    }
}

impl RawReport {
    /// An empty report.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a diagnostic, unless the same one is there at the same place. After the first 200,
    /// errors are only counted.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.is_full() && diagnostic.severity == Severity::Error {
            self.omitted += 1;
        } else if !self.diagnostics.iter().any(|d| same(d, &diagnostic)) {
            let at = self
                .diagnostics
                .partition_point(|d| key(d) <= key(&diagnostic));
            self.diagnostics.insert(at, diagnostic);
        }
    }

    /// Adds an error that is made only if it is kept.
    pub fn push_with(&mut self, make: impl FnOnce() -> Diagnostic) {
        if self.is_full() {
            self.omitted += 1;
        } else {
            self.push(make());
        }
    }

    /// Adds every diagnostic of another report.
    pub fn extend(&mut self, other: RawReport) {
        self.omitted += other.omitted;
        other.diagnostics.into_iter().for_each(|d| self.push(d));
    }

    /// Whether there are so many diagnostics that more errors are only counted.
    pub fn is_full(&self) -> bool {
        self.diagnostics.len() >= MAX_DIAGNOSTICS
    }

    /// How many errors were counted and not kept.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Keeps the diagnostics for which `keep` returns true.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.diagnostics.retain(keep);
    }

    /// Turns the warnings with a code into errors.
    pub fn deny(&mut self, code: Code) {
        for diagnostic in self.diagnostics.iter_mut().filter(|d| d.code() == code) {
            diagnostic.severity = Severity::Error;
        }
    }

    /// The diagnostics, sorted.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        let errors = self.diagnostics.iter();
        errors.filter(|d| d.severity == Severity::Error).count() + self.omitted
    }

    /// The report that can be printed: it shows of the input what the policy proves to hold no
    /// secret, and nothing else.
    pub fn redact(self, policy: &impl Policy) -> Report {
        let findings = self.diagnostics.iter();
        Report::of(
            findings.map(|d| redact::finding(d, policy)).collect(),
            self.omitted,
        )
    }
}

impl From<Diagnostic> for RawReport {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: vec![diagnostic],
            omitted: 0,
        }
    }
}

fn key(diagnostic: &Diagnostic) -> Option<(&str, usize, usize)> {
    let place = diagnostic.place.as_ref()?;
    Some((place.source.name(), place.span.start, place.span.end))
}

fn same(a: &Diagnostic, b: &Diagnostic) -> bool {
    a.kind == b.kind && key(a) == key(b) && (key(a).is_some() || a.pointer == b.pointer)
}
