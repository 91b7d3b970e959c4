//! One thing that is wrong, as it was found.

use crate::{Code, Kind, Source, Span, Text};

/// How severe it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// The input can be used, but it may not mean what was meant.
    Warning,
}

/// A place in a source.
#[derive(Clone, Debug)]
pub struct Place {
    /// The text.
    pub source: Source,
    /// The bytes in it.
    pub span: Span,
}

/// One thing that is wrong: what, where, what was expected, how to fix it.
///
/// It may hold secrets, so it cannot be printed: put it into a [`RawReport`](crate::RawReport) and
/// redact that.
///
/// # Examples
///
/// ```
/// use carml_diagnostic::{Bound, Code, Diagnostic, Kind, Severity};
///
/// let warning = Diagnostic::warning(Kind::OutOfRange {
///     at: "/server/port".to_owned(),
///     bound: Bound::AtLeast("1024".to_owned()),
/// })
/// .help("lower ports need privileges");
/// assert_eq!((warning.code(), warning.severity()), (Code::Range, Severity::Warning));
/// ```
#[derive(Clone)]
pub struct Diagnostic {
    pub(crate) severity: Severity,
    pub(crate) kind: Kind,
    pub(crate) place: Option<Place>,
    pub(crate) label: Option<Text>,
    pub(crate) pointer: Option<String>,
    pub(crate) notes: Vec<Text>,
    pub(crate) helps: Vec<Text>,
}

impl std::fmt::Debug for Diagnostic {
    /// The code only: texts may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Diagnostic({})", self.code())
    }
}

impl Diagnostic {
    /// A diagnostic that makes the input unusable.
    pub fn new(kind: impl Into<Kind>) -> Self {
        Self {
            severity: Severity::Error,
            kind: kind.into(),
            place: None,
            label: None,
            pointer: None,
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// A diagnostic with which the input can still be used.
    pub fn warning(kind: impl Into<Kind>) -> Self {
        Self::new(kind).with_severity(Severity::Warning)
    }

    /// Sets how bad it is.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// What it is, with its payload.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The stable name of its kind.
    pub fn code(&self) -> Code {
        self.kind.code()
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Where it is, if it has a place.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The JSON pointer of the value that it is about.
    pub fn at_pointer(&self) -> Option<&str> {
        self.pointer.as_deref()
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Span) -> Self {
        self.place = Some(Place {
            source: source.clone(),
            span,
        });
        self
    }

    /// Sets the label of the underlined place.
    #[must_use]
    pub fn label(mut self, label: impl Into<Text>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the JSON pointer.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Adds a line on what was expected.
    #[must_use]
    pub fn note(mut self, note: impl Into<Text>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a line on how to fix it.
    #[must_use]
    pub fn help(mut self, help: impl Into<Text>) -> Self {
        self.helps.push(help.into());
        self
    }
}
