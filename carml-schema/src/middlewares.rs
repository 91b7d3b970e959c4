//! The lists of `x-carml-middleware`, and what annotates an entry of them.

use serde_json::Value;

use crate::{Applicable, Documents, Node, applicable};

/// `x-carml-nonzero`: the options must not be zero.
#[derive(Clone, Copy, Debug)]
pub struct NonZero<'a> {
    /// What zero would do.
    pub why: &'a str,
    /// What to write instead.
    pub example: &'a str,
}

/// `x-carml-implicit`: what applies if a list does not name the middleware.
#[derive(Clone, Copy, Debug)]
pub struct Implicit<'a> {
    /// The value of its options.
    pub value: u64,
    /// How it is shown.
    pub text: &'a str,
}

/// `x-carml-inside`: the middleware that this one should be inside.
#[derive(Clone, Copy, Debug)]
pub struct Inside<'a> {
    /// Its name.
    pub middleware: &'a str,
    /// What happens outside of it.
    pub why: &'a str,
}

/// A part of an annotation that is not what it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The part: `x-carml-inside/why`.
    pub part: &'static str,
    /// What has to be there.
    pub what: &'static str,
}

impl Documents {
    /// The schema of a side's entries: the one among the root's definitions that
    /// `x-carml-middleware` marks.
    pub fn middleware_list(&self, side: &str) -> Option<Node<'_>> {
        self.root()
            .definitions()
            .find(|definition| definition.middleware() == Some(side))
    }
}

impl<'a> Node<'a> {
    /// `x-carml-middleware`: the side whose middlewares a list has.
    pub fn middleware(&self) -> Option<&'a str> {
        self.note("x-carml-middleware")?.as_str()
    }

    /// The name of an entry: its `const`, else its only required key, else what both of its forms
    /// have.
    pub fn middleware_name(&self) -> Option<&'a str> {
        let constant = self.constant().and_then(Value::as_str);
        let name = constant.or_else(|| self.only_required());
        name.or_else(|| self.optional_options().map(|(name, _)| name))
    }

    /// The name of an entry that has two forms, and its form with options: `logging`, or
    /// `logging: { … }`.
    pub fn optional_options(&self) -> Option<(&'a str, Node<'a>)> {
        let forms: Vec<Node<'a>> = self.one_of().collect();
        let [one, other] = forms.as_slice() else {
            return None;
        };
        let (alone, with_options) = match one.constant() {
            Some(name) => (name.as_str()?, other),
            None => (other.constant()?.as_str()?, one),
        };
        let is_same = with_options.only_required() == Some(alone);
        is_same.then(|| (alone, with_options.clone()))
    }

    /// The schemas of an entry's options; none if it is only a name.
    pub fn middleware_options(&self) -> Vec<Applicable<'a>> {
        if let Some((_, with_options)) = self.optional_options() {
            return with_options.middleware_options();
        }
        let key = self.only_required().filter(|_| self.constant().is_none());
        let options = key.and_then(|key| self.property(key));
        applicable::closure(options.map(Applicable::always))
    }

    /// `x-carml-feature`: the feature of `carml-runtime` that brings the middleware.
    ///
    /// # Errors
    ///
    /// The annotation is not a string.
    pub fn middleware_feature(&self) -> Result<Option<&'a str>, Expected> {
        let note = self.note("x-carml-feature");
        note.map(|note| string(Some(note), "x-carml-feature"))
            .transpose()
    }

    /// `x-carml-nonzero`.
    ///
    /// # Errors
    ///
    /// A part of the annotation is missing.
    pub fn nonzero(&self) -> Result<Option<NonZero<'a>>, Expected> {
        let Some(note) = self.note("x-carml-nonzero") else {
            return Ok(None);
        };
        Ok(Some(NonZero {
            why: text(note, "why", "x-carml-nonzero/why")?,
            example: text(note, "example", "x-carml-nonzero/example")?,
        }))
    }

    /// `x-carml-implicit`.
    ///
    /// # Errors
    ///
    /// A part of the annotation is missing.
    pub fn implicit(&self) -> Result<Option<Implicit<'a>>, Expected> {
        let Some(note) = self.note("x-carml-implicit") else {
            return Ok(None);
        };
        let value = note.get("value").and_then(Value::as_u64);
        Ok(Some(Implicit {
            value: value.ok_or(Expected {
                part: "x-carml-implicit/value",
                what: "an integer",
            })?,
            text: text(note, "text", "x-carml-implicit/text")?,
        }))
    }

    /// `x-carml-inside`.
    ///
    /// # Errors
    ///
    /// A part of the annotation is missing.
    pub fn inside(&self) -> Result<Option<Inside<'a>>, Expected> {
        let Some(note) = self.note("x-carml-inside") else {
            return Ok(None);
        };
        Ok(Some(Inside {
            middleware: text(note, "middleware", "x-carml-inside/middleware")?,
            why: text(note, "why", "x-carml-inside/why")?,
        }))
    }
}

fn text<'a>(note: &'a Value, field: &str, part: &'static str) -> Result<&'a str, Expected> {
    string(note.get(field), part)
}

fn string<'a>(value: Option<&'a Value>, part: &'static str) -> Result<&'a str, Expected> {
    value.and_then(Value::as_str).ok_or(Expected {
        part,
        what: "a string",
    })
}
