//! One thing that is wrong.

use crate::{Code, Source, Span};

/// How bad a fault is.
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

/// One thing that is wrong: what, where, what was expected, what to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for the kind of fault, such as `unknown-key`.
    pub code: Code,
    /// What is wrong, in one line, without secrets.
    pub message: String,
    /// Where, if it is anywhere.
    pub place: Option<Place>,
    /// A few words under the underline.
    pub label: Option<String>,
    /// The JSON pointer of the value at fault.
    pub pointer: Option<String>,
    /// What was expected.
    pub notes: Vec<String>,
    /// What to do.
    pub helps: Vec<String>,
}

impl Diagnostic {
    /// A fault that makes the input unusable.
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            code,
            message: message.into(),
            place: None,
            label: None,
            pointer: None,
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// A fault that leaves the input usable.
    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Span) -> Diagnostic {
        self.place = Some(Place {
            source: source.clone(),
            span,
        });
        self
    }

    /// Sets the words under the underline.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = Some(label.into());
        self
    }

    /// Sets the JSON pointer.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Diagnostic {
        self.pointer = Some(pointer.into());
        self
    }

    /// Adds a line on what was expected.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds a line on what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.helps.push(help.into());
        self
    }
}
