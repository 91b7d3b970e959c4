//! Which branch of a `oneOf` or `anyOf` was meant.

use super::words::{kinds, name, place_name, text};
use super::{Report, keys, kind, one, value};
use crate::config::Loaded;
use crate::config::schema::{Part, child};
use carml_diagnostic::Fault;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

type Branch = Vec<ValidationError<'static>>;

/// Adds the faults of the branch that was meant; if none was, what the branches allow.
pub(super) fn choose(
    loaded: &Loaded,
    error: &ValidationError<'_>,
    branches: &[Branch],
    report: &mut Report,
) {
    let at = error.instance_path().as_str();
    if let Some(fault) = named(loaded, error, branches) {
        report.push(fault);
        return;
    }
    let meant = branches
        .iter()
        .filter(|b| !b.is_empty())
        .min_by_key(|b| score(b, at));
    let Some(branch) = meant else {
        return;
    };
    match score(branch, at) {
        // A discriminator that no branch has: all of its values are what is known.
        (2, _) => {
            let wrong = branch.iter().find(|e| discriminates(e, at));
            let place = wrong.map_or(at, |e| e.instance_path().as_str());
            let all = constants(branches, place);
            let found = wrong.map_or(error.instance().as_ref(), |e| e.instance().as_ref());
            report.push(value::not_allowed(loaded, place, found, &all, &[]));
        }
        (worst, _) if worst < 2 => {
            let lacking: Vec<String> = branches.iter().filter_map(|b| lacks(b, at)).collect();
            if lacking.len() > 1 && lacks(branch, at).is_some() {
                let all = lacking.iter().map(|key| format!("`{key}`"));
                let all = all.collect::<Vec<_>>().join(" or ");
                let fault = Fault::error(
                    "missing-key",
                    format!("{all} is missing in {}", place_name(at)),
                );
                let help = format!("add `{}: …` here", lacking[0]);
                return report.push(loaded.aim(fault, at, true).help(help));
            }
            for error in branch {
                one(loaded, error, report);
            }
        }
        _ => {
            let mut all = constants(branches, at);
            let options = options(loaded, error);
            all.extend(options.iter().map(|key| format!("{key}: …")));
            let mut others = kinds_of(branches, at);
            others.retain(|kind| options.is_empty() || kind != "a map");
            if all.is_empty() && branches.iter().filter(|b| !b.is_empty()).count() == 1 {
                return branch.iter().for_each(|error| one(loaded, error, report));
            }
            report.push(value::not_allowed(
                loaded,
                at,
                error.instance(),
                &all,
                &others,
            ));
        }
    }
}

/// A list's items may be a name alone, or a map of a name to its options: what mixes the two up.
fn named(loaded: &Loaded, error: &ValidationError<'_>, branches: &[Branch]) -> Option<Fault> {
    let at = error.instance_path().as_str();
    let names = constants(branches, at);
    let options = options(loaded, error);
    if names.is_empty() || options.is_empty() {
        return None;
    }
    match error.instance().as_ref() {
        Value::String(given) if options.contains(given) => {
            let fault = Fault::error("value", format!("`{given}` needs a value"));
            let example = example(loaded, error, given);
            let help = format!("write `{given}: {}`", example.as_deref().unwrap_or("…"));
            Some(loaded.aim(fault, at, false).help(help))
        }
        Value::Object(map) if map.len() == 1 => {
            let key = map.keys().next()?;
            let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            if names.contains(key) {
                let fault = Fault::error("value", format!("`{key}` takes no options"));
                let help = format!("write `{key}` alone, without `:`");
                return Some(loaded.aim(fault, &pointer, true).help(help));
            }
            if options.contains(key) {
                return None;
            }
            let all: Vec<String> = names.into_iter().chain(options).collect();
            let fault = Fault::error("value", format!("`{}` cannot be `{key}`", name(at)));
            let fault = loaded.aim(fault, &pointer, true);
            Some(value::suggest(fault, key, &all, &[], "names"))
        }
        _ => None,
    }
}

/// The keys of branches that are maps of one required key.
fn options(loaded: &Loaded, error: &ValidationError<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for part in parts(loaded, error) {
        let required = part.node.value.get("required").and_then(Value::as_array);
        if let Some([Value::String(key)]) = required.map(Vec::as_slice) {
            found.push(key.clone());
        }
    }
    found
}

/// An example of the value of a key of one of the branches.
fn example(loaded: &Loaded, error: &ValidationError<'_>, key: &str) -> Option<String> {
    let parts = parts(loaded, error);
    let own = child(&parts, key);
    let own = loaded.schema().parts(own);
    let examples = own
        .iter()
        .find_map(|p| p.node.value.get("examples")?.as_array());
    examples?.first().map(text)
}

fn parts<'a>(loaded: &'a Loaded, error: &ValidationError<'_>) -> Vec<Part<'a>> {
    let from = keys::owner(loaded.schema(), error).map(|node| Part { node, sure: false });
    loaded.schema().parts(from)
}

/// Less is nearer: the wrong kind of value outright, then a wrong discriminator, then the number of faults.
fn score(branch: &[ValidationError<'static>], at: &str) -> (usize, usize) {
    let worst = branch.iter().map(|e| match (below(e, at), e.kind()) {
        (0, Kind::Type { .. } | Kind::Constant { .. } | Kind::Enum { .. } | Kind::FalseSchema) => 3,
        (1, _) if discriminates(e, at) => 2,
        (0, Kind::Required { .. }) => 1,
        _ => 0,
    });
    (worst.max().unwrap_or(0), branch.len())
}

fn discriminates(error: &ValidationError<'static>, at: &str) -> bool {
    let constant = match error.kind() {
        Kind::Constant { .. } => true,
        Kind::Enum { options } => options.as_array().is_some_and(|all| all.len() == 1),
        _ => false,
    };
    constant && below(error, at) == 1
}

/// The key that is all that a branch misses.
fn lacks(branch: &Branch, at: &str) -> Option<String> {
    match &branch[..] {
        [error] if below(error, at) == 0 => match error.kind() {
            Kind::Required { property } => Some(text(property)),
            _ => None,
        },
        _ => None,
    }
}

/// How far below a pointer an error stands.
fn below(error: &ValidationError<'static>, at: &str) -> usize {
    let depth = |pointer: &str| pointer.matches('/').count();
    depth(error.instance_path().as_str()).saturating_sub(depth(at))
}

/// The values that the branches allow at a pointer.
fn constants(branches: &[Branch], at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for error in branches.iter().flatten() {
        if error.instance_path().as_str() != at {
            continue;
        }
        match error.kind() {
            Kind::Constant { expected_value } => found.push(text(expected_value)),
            Kind::Enum { options } => {
                let all = options.as_array().into_iter().flatten();
                found.extend(all.map(text));
            }
            _ => {}
        }
    }
    found.dedup();
    found
}

/// The kinds of values that the branches allow at a pointer.
fn kinds_of(branches: &[Branch], at: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for error in branches.iter().flatten() {
        if let Kind::Type { kind } = error.kind()
            && error.instance_path().as_str() == at
        {
            let word = kinds(&kind::wanted(kind));
            if !found.contains(&word) {
                found.push(word);
            }
        }
    }
    found
}
