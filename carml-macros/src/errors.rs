//! Every error of one use of a macro, each on its span.

use std::fmt::Display;

use syn::spanned::Spanned;

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

/// "; did you mean `lock`?" if one of the names is near, by the rule of `carml-diagnostic`: a macro
/// does not depend on its readers.
pub(crate) fn did_you_mean(written: &str, names: &[&str]) -> String {
    let plain = fold(written);
    let near = names.iter().filter_map(|name| {
        let other = fold(name);
        let distance = strsim::damerau_levenshtein(&plain, &other);
        let longest = plain.chars().count().max(other.chars().count());
        let allowed = if longest > 1 { (longest + 1) / 3 } else { 0 };
        let is_part = plain.len() >= 3
            && other.len() >= 3
            && (other.starts_with(&plain) || plain.starts_with(&other));
        match (distance <= allowed, is_part) {
            (true, _) => Some((distance, name)),
            (false, true) => Some((allowed + 1, name)),
            (false, false) => None,
        }
    });
    let near = near.min();
    near.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

fn fold(word: &str) -> String {
    let letters = word.chars().filter(|c| !matches!(c, '-' | '_' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn suggestions_are_those_of_reports() {
        let names = [
            "put",
            "get",
            "delete_tree",
            "watch",
            "watch_tree",
            "section",
        ];
        for written in [
            "putt",
            "pt",
            "gett",
            "Delete-Tree",
            "deletetre",
            "wacth",
            "watchtree",
            "wat",
            "sectoin",
            "limits",
            "x",
            "",
        ] {
            let expected = carml_diagnostic::nearest(written, names);
            let expected = expected
                .first()
                .map(|name| format!("; did you mean `{name}`?"));
            assert_eq!(
                did_you_mean(written, &names),
                expected.unwrap_or_default(),
                "{written}"
            );
        }
    }
}
