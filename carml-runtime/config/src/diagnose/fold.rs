//! One mistake, one diagnostic.

use carml_diagnostic::{Code, Diagnostic, Kind, RawReport};
use std::collections::HashSet;

/// Removes diagnostics that follow from another one at the same place: a required key is missing
/// because it is misspelled, a value that is not allowed has the wrong type too, and an invalid
/// value violates the schema as well. `failed` are the places at which no alternative matches:
/// there, the keys of every alternative are left over.
pub(super) fn fold(report: &mut RawReport, failed: &HashSet<String>) {
    let all = report.diagnostics();
    let meant: HashSet<(String, String)> = all.iter().flat_map(meant).collect();
    let listed = pointers(all.iter().filter(|d| d.code() == Code::Value));
    let wrong = pointers(all.iter().filter(|d| d.code() != Code::Schema));
    let others = all.iter().filter(|d| !is_left_over(d));
    let others: Vec<String> = others.map(pointer).collect();
    let mut formed = HashSet::new();
    report.retain(|diagnostic| {
        let at = pointer(diagnostic);
        match diagnostic.kind() {
            Kind::MissingKey { keys, .. } => {
                let found = |key: &String| meant.contains(&(at.clone(), key.clone()));
                !keys.iter().any(found)
            }
            Kind::KeyOfAnotherAlternative { parent, .. } => {
                let below = |other: &String| {
                    let rest = other.strip_prefix(&at);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                !failed.contains(parent) && !others.iter().any(below)
            }
            kind => match kind.code() {
                Code::Schema => !wrong.contains(&at),
                Code::Type => !listed.contains(&at),
                Code::Format => !listed.contains(&at) && formed.insert(at),
                _ => true,
            },
        }
    });
}

/// The key that was meant by an unknown one: in its own mapping, or in the one that is its value.
fn meant(diagnostic: &Diagnostic) -> Vec<(String, String)> {
    let Kind::UnknownKey {
        parent,
        suggestion: Some(key),
        ..
    } = diagnostic.kind()
    else {
        return Vec::new();
    };
    vec![
        (parent.clone(), key.clone()),
        (pointer(diagnostic), key.clone()),
    ]
}

fn is_left_over(diagnostic: &Diagnostic) -> bool {
    matches!(diagnostic.kind(), Kind::KeyOfAnotherAlternative { .. })
}

fn pointers<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>) -> HashSet<String> {
    diagnostics.map(pointer).collect()
}

fn pointer(diagnostic: &Diagnostic) -> String {
    diagnostic.at_pointer().unwrap_or_default().to_owned()
}
