//! Every fault of one use of a macro, each on its span.

use std::fmt::Display;

use syn::spanned::Spanned;

/// Collects faults, so that one compilation shows them all.
#[derive(Default)]
pub(crate) struct Faults(Option<syn::Error>);

impl Faults {
    pub(crate) fn push(&mut self, at: &impl Spanned, message: impl Display) {
        self.add(syn::Error::new(at.span(), message));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(faults) => faults.combine(error),
            none => *none = Some(error),
        }
    }

    /// The value, if there are no faults. A value that is missing has left one.
    pub(crate) fn or<T>(self, value: Option<T>) -> syn::Result<T> {
        match (self.0, value) {
            (None, Some(value)) => Ok(value),
            (Some(faults), _) => Err(faults),
            (None, None) => unreachable!("what is missing is a fault"),
        }
    }
}

/// "; did you mean `lock`?" if one of the names is near.
pub(crate) fn did_you_mean(written: &str, names: &[&str]) -> String {
    let near = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= (name.len().max(written.len()) / 3).max(1))
        .min();
    near.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}
