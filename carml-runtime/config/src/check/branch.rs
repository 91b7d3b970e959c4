//! Which branch of a `oneOf` or `anyOf` was meant.

use super::words::{kind_of, kinds, place_name, quoted, text};
use super::{Report, keys, kind, missing, one, value};
use crate::Loaded;
use carml_diagnostic::{Code, Diagnostic, distance, nearest};
use carml_schema::Node;
use carml_schema::applicable::{Applicable, child, closure};
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
    if let Some(fault) = misspelt(loaded, error, branches) {
        report.push(fault);
        return;
    }
    let Some(branch) = meant(loaded, branches, at) else {
        return;
    };
    match score(branch, branches, at) {
        // A discriminator that no branch has: all of its values are what is known.
        (2, _) => {
            let wrong = branch.iter().find(|e| discriminates(e, branches, at));
            let place = wrong.map_or(at, |e| e.instance_path().as_str());
            let all = constants(branches, place);
            let found = wrong.map_or(error.instance().as_ref(), |e| e.instance().as_ref());
            report.push(value::not_allowed(loaded, place, found, &all, &[]));
        }
        (0, _) => {
            let lacking: Vec<String> = branches.iter().filter_map(|b| lacks(b, at)).collect();
            if lacking.len() > 1 && lacks(branch, at).is_some() {
                let errors = branches.iter().filter(|b| lacks(b, at).is_some()).flatten();
                let near = errors
                    .map(|e| missing(loaded, e))
                    .find(|fault| fault.label.is_some());
                if let Some(near) = near {
                    return report.push(near);
                }
                let all = lacking.iter().map(|key| format!("`{key}`"));
                let all = all.collect::<Vec<_>>().join(" or ");
                let fault = Diagnostic::error(
                    Code::MissingKey,
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
            let (all, others) = allowed(loaded, error, branches);
            if all.is_empty() && branches.iter().filter(|b| !b.is_empty()).count() == 1 {
                return branch.iter().for_each(|error| one(loaded, error, report));
            }
            if all.is_empty() && !others.is_empty() {
                let wanted = others.join(" or ");
                report.push(kind::mismatch(loaded, at, &wanted, error.instance()));
                return;
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
fn named(loaded: &Loaded, error: &ValidationError<'_>, branches: &[Branch]) -> Option<Diagnostic> {
    let at = error.instance_path().as_str();
    let names = constants(branches, at);
    let options = options(loaded, error);
    if names.is_empty() || options.is_empty() {
        return None;
    }
    match error.instance().as_ref() {
        Value::String(given) if options.contains(given) => {
            let fault = Diagnostic::error(Code::Value, format!("`{given}` needs a value"));
            let example = example(loaded, error, given);
            let help = format!("write `{given}: {}`", example.as_deref().unwrap_or("…"));
            Some(loaded.aim(fault, at, false).help(help))
        }
        Value::Object(map) if map.len() == 1 => {
            let key = map.keys().next()?;
            let pointer = format!("{at}/{}", carml_diagnostic::escape_key(key));
            if names.contains(key) {
                let fault = Diagnostic::error(Code::Value, format!("`{key}` takes no options"));
                let help = format!("write `{key}` alone, without `:`");
                return Some(loaded.aim(fault, &pointer, true).help(help));
            }
            if options.contains(key) {
                return None;
            }
            let all: Vec<String> = names.into_iter().chain(options).collect();
            let fault = Diagnostic::error(Code::Value, format!("{} cannot be `{key}`", quoted(at)));
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
        found.extend(part.node.only_required().map(str::to_owned));
    }
    found
}

/// An example of the value of a key of one of the branches.
fn example(loaded: &Loaded, error: &ValidationError<'_>, key: &str) -> Option<String> {
    let parts = parts(loaded, error);
    let own = child(&parts, key);
    let own = closure(own);
    let examples = own.iter().find_map(|part| part.node.examples());
    examples?.first().map(text)
}

fn parts<'a>(loaded: &'a Loaded, error: &ValidationError<'_>) -> Vec<Applicable<'a>> {
    closure(loaded.schema().owner(error).map(|node| Applicable {
        node,
        unconditional: false,
    }))
}

/// A text that is nearly one of those that the branches list.
fn misspelt(
    loaded: &Loaded,
    error: &ValidationError<'_>,
    branches: &[Branch],
) -> Option<Diagnostic> {
    let at = error.instance_path().as_str();
    let instance = error.instance();
    let (all, others) = allowed(loaded, error, branches);
    nearest(instance.as_str()?, all.iter().map(String::as_str)).first()?;
    Some(value::not_allowed(loaded, at, instance, &all, &others))
}

/// The values and the kinds of values that the branches allow.
fn allowed(
    loaded: &Loaded,
    error: &ValidationError<'_>,
    branches: &[Branch],
) -> (Vec<String>, Vec<String>) {
    let at = error.instance_path().as_str();
    let mut all = constants(branches, at);
    let options = options(loaded, error);
    all.extend(options.iter().map(|key| format!("{key}: …")));
    let mut others = kinds_of(branches, at);
    others.retain(|kind| options.is_empty() || kind != "a map");
    (all, others)
}

/// The branch that was meant: the one with the least that is wrong.
fn meant<'b>(loaded: &Loaded, branches: &'b [Branch], at: &str) -> Option<&'b Branch> {
    let scored = branches.iter().filter(|b| !b.is_empty());
    let mut scored: Vec<_> = scored.map(|b| (score(b, branches, at), b)).collect();
    let best = scored.iter().map(|s| s.0).min()?;
    scored.retain(|(score, _)| *score == best);
    if let [(_, one)] = &scored[..] {
        return Some(one);
    }
    // Of those that are equal, the one whose keys the unknown ones are nearest to, then the one that lacks least.
    let lacking = |branch: &Branch| {
        let lacks = |e: &&ValidationError<'_>| matches!(e.kind(), Kind::Required { .. });
        branch.iter().filter(lacks).count()
    };
    let strange = |branch: &Branch| branch.iter().map(|e| strangeness(loaded, e)).sum::<usize>();
    scored
        .iter()
        .map(|s| s.1)
        .min_by_key(|b| (strange(b), lacking(b)))
}

/// How far the unknown keys of an error are from those that are known.
fn strangeness(loaded: &Loaded, error: &ValidationError<'static>) -> usize {
    let (Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected }) =
        error.kind()
    else {
        return 0;
    };
    let known = keys::known(loaded.schema(), error);
    let open = known
        .iter()
        .filter(|key| error.instance().get(key).is_none());
    let open: Vec<&str> = open.map(String::as_str).collect();
    let far = |key: &String| open.iter().map(|k| distance(key, k)).min();
    unexpected
        .iter()
        .take(20)
        .map(|k| far(k).unwrap_or(k.len()))
        .sum()
}

/// Less is nearer: the wrong kind of value outright, then a wrong discriminator, then the number of faults.
fn score(branch: &Branch, branches: &[Branch], at: &str) -> (usize, usize) {
    let worst = branch.iter().map(|e| match (below(e, at), e.kind()) {
        (0, Kind::Type { .. } | Kind::Constant { .. } | Kind::Enum { .. })
        | (0, Kind::FalseSchema | Kind::Not { .. }) => 3,
        (1, _) if discriminates(e, branches, at) => 2,
        _ => 0,
    });
    (worst.max().unwrap_or(0), branch.iter().map(count).sum())
}

/// How many faults an error stands for.
fn count(error: &ValidationError<'static>) -> usize {
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.len()
        }
        _ => 1,
    }
}

/// Whether an error says that another branch was meant: a value one level down is not the one that stands for this
/// branch, or not one of those of this branch while another takes it.
fn discriminates(error: &ValidationError<'static>, branches: &[Branch], at: &str) -> bool {
    let place = error.instance_path();
    let key = place.as_str().rsplit('/').next().unwrap_or_default();
    let key = carml_diagnostic::unescape_key(key).into_owned();
    let refuses = |e: &ValidationError<'static>| match e.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.contains(&key)
        }
        Kind::Required { .. } => false,
        _ => place.as_str().starts_with(e.instance_path().as_str()),
    };
    let taken = || !branches.iter().all(|b| b.iter().any(refuses));
    let constant = match error.kind() {
        Kind::Constant { .. } => true,
        Kind::Enum { options } => options.as_array().is_some_and(|all| all.len() == 1) || taken(),
        _ => false,
    };
    constant && below(error, at) == 1
}

/// A value that fits several branches of which it may fit one.
pub(super) fn several(loaded: &Loaded, error: &ValidationError<'_>) -> Diagnostic {
    let at = error.instance_path().as_str();
    let instance = error.instance();
    let owner = loaded.schema().owner(error);
    let branches = owner.iter().flat_map(Node::one_of);
    let mut given: Vec<String> = Vec::new();
    for branch in branches {
        let Some(key) = branch.only_required() else {
            continue;
        };
        if instance.get(key).is_some() {
            given.push(format!("`{key}`"));
        }
    }
    if given.len() > 1 {
        return together(loaded, at, &given);
    }
    let message = format!(
        "{} fits several of the forms of which it may have one",
        quoted(at)
    );
    loaded
        .aim(Diagnostic::error(Code::Schema, message), at, true)
        .help("take out what belongs to the others")
}

/// A value that fits what it must not.
pub(super) fn excluded(loaded: &Loaded, error: &ValidationError<'_>) -> Diagnostic {
    let at = error.instance_path().as_str();
    let excluded = loaded
        .schema()
        .owner(error)
        .and_then(|node| node.excluded());
    let required = excluded.iter().flat_map(Node::required);
    let keys: Vec<String> = required
        .filter(|_| error.instance().is_object())
        .map(|key| format!("`{key}`"))
        .collect();
    if keys.len() > 1 {
        return together(loaded, at, &keys);
    }
    let message = match &keys[..] {
        [key] => format!("{key} is not allowed in {} here", place_name(at)),
        _ => match error.instance().as_ref() {
            Value::String(text) => format!("{} must not be `{text}`", quoted(at)),
            other => format!("{} must not be {} of this form", quoted(at), kind_of(other)),
        },
    };
    let fault = loaded.aim(Diagnostic::error(Code::Schema, message), at, false);
    let owner = loaded.schema().owner(error);
    match owner.and_then(|node| node.description()) {
        Some(about) => fault.note(about),
        None => fault,
    }
}

fn together(loaded: &Loaded, at: &str, keys: &[String]) -> Diagnostic {
    let message = format!(
        "{} cannot stand together in {}",
        keys.join(" and "),
        place_name(at)
    );
    loaded
        .aim(Diagnostic::error(Code::Schema, message), at, true)
        .help("keep one of them")
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
    let mut found: Vec<String> = Vec::new();
    let mut add = |value: &Value| {
        let word = text(value);
        if !found.contains(&word) {
            found.push(word);
        }
    };
    for error in branches.iter().flatten() {
        if error.instance_path().as_str() != at {
            continue;
        }
        match error.kind() {
            Kind::Constant { expected_value } => add(expected_value),
            Kind::Enum { options } => {
                options.as_array().into_iter().flatten().for_each(&mut add);
            }
            _ => {}
        }
    }
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
