//! Every error of one use of a macro, each on its span.

use std::fmt::Display;

use syn::spanned::Spanned;

use crate::nearest::nearest;

/// Collects errors, so that one compilation shows them all.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    pub(crate) fn push(&mut self, at: &impl Spanned, message: impl Display) {
        self.add(syn::Error::new(at.span(), message));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// The value, if there are no errors. A value that is missing has left one.
    pub(crate) fn or<T>(self, value: Option<T>) -> syn::Result<T> {
        match (self.0, value) {
            (None, Some(value)) => Ok(value),
            (Some(errors), _) => Err(errors),
            (None, None) => unreachable!("a missing value has left an error"),
        }
    }
}

/// "; did you mean `lock`?" if one of the names is near.
pub(crate) fn did_you_mean(written: &str, names: &[&str]) -> String {
    let near = nearest(written, names.iter().copied());
    let near = near.first();
    near.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
