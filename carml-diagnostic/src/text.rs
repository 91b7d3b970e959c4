//! Texts of diagnostics. Parts that were read from the input are marked as such.

use std::borrow::Cow;

/// Text that was read from the input. It may be secret: it has no `Display`, and its `Debug` shows
/// nothing of it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Input(String);

impl Input {
    /// Wraps text from the input.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to compare with and never to print.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input(…)")
    }
}

/// A text of a diagnostic, made of pieces: see [`text!`](crate::text!).
///
/// It can be read only in a [`Report`](crate::Report), after redaction.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(Vec<Piece>);

/// A piece of a [`Text`].
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words of the program or of the schema: always shown.
    Trusted(Cow<'static, str>),
    /// A key on the way to the value: shown where the schema knows it, or where the value is shown.
    Key(String),
    /// Words of the input: shown only where the place that they come from is.
    Input(Input),
    /// Words of another library or of a service, which may repeat the input: known secrets are
    /// masked in them, and where not all secrets are known, they are shown only if the place that
    /// they are about is.
    External(String),
}

impl Piece {
    /// The name of a variable in `${…}`: shown if it is written as names of variables are, in upper
    /// case. Any other may be a part of a password that has `${` in it.
    pub fn variable(name: &Input) -> Self {
        let is_plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        match name.as_str().bytes().all(is_plain) {
            true => trusted(name.as_str()),
            false => Self::Input(name.clone()),
        }
    }
}

impl Text {
    /// A text of the program or of the schema.
    pub fn trusted(text: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![Piece::Trusted(text.into())])
    }

    /// A text of pieces.
    pub fn of(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self(pieces.into_iter().collect())
    }

    /// Adds the pieces of another text.
    #[must_use]
    pub fn and(mut self, other: impl Into<Text>) -> Self {
        self.0.extend(other.into().0);
        self
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.0
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Text(…)")
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::trusted(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(vec![Piece::External(text)])
    }
}

impl From<&'static str> for Piece {
    fn from(text: &'static str) -> Self {
        Self::Trusted(text.into())
    }
}

impl From<Cow<'static, str>> for Piece {
    fn from(text: Cow<'static, str>) -> Self {
        Self::Trusted(text)
    }
}

impl From<String> for Piece {
    fn from(text: String) -> Self {
        Self::External(text)
    }
}

impl From<Input> for Piece {
    fn from(text: Input) -> Self {
        Self::Input(text)
    }
}

impl From<&Input> for Piece {
    fn from(text: &Input) -> Self {
        Self::Input(text.clone())
    }
}

/// Words of the program or of the schema, as a piece of a [`Text`].
pub fn trusted(text: impl Into<String>) -> Piece {
    Piece::Trusted(Cow::Owned(text.into()))
}

impl From<usize> for Piece {
    fn from(number: usize) -> Self {
        trusted(number.to_string())
    }
}

impl From<u64> for Piece {
    fn from(number: u64) -> Self {
        trusted(number.to_string())
    }
}

/// Makes a [`Text`] of pieces: literals and [`trusted`] words as they are, an [`Input`] only where
/// it may be shown, and a `String` with the known secrets masked.
///
/// ```
/// use carml_diagnostic::{Input, Text, text};
/// let value = Input::new("0644");
/// let help: Text = text!["put it in quotes: `\"", value, "\"`"];
/// assert_eq!(format!("{help:?}"), "Text(…)");
/// ```
#[macro_export]
macro_rules! text {
    ($($piece:expr),* $(,)?) => {
        $crate::Text::of([$($crate::Piece::from($piece)),*])
    };
}
