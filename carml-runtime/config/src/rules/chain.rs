//! Middleware orders that cannot mean anything.

use super::Rules;
use carml_diagnostic::{Code, Diagnostic};
use carml_schema::{Annotated, Annotations};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

pub(super) fn check(rules: &mut Rules<'_>, marked: &[Annotated<'_>]) {
    let mut lists: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    let items = marked
        .iter()
        .filter(|m| m.annotations.has(Annotations::MIDDLEWARE));
    for Annotated { pointer, value, .. } in items {
        if let (Some(name), Some((list, _))) = (name(value), pointer.rsplit_once('/')) {
            let chain = lists.entry(list).or_default();
            chain.push((name, pointer.clone()));
        }
    }
    for chain in lists.values() {
        one(rules, chain);
    }
}

/// A chain: names with their pointers, outermost first.
fn one(rules: &mut Rules<'_>, chain: &[(String, String)]) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (name, pointer) in chain {
        let first = seen.get(name.as_str()).copied();
        seen.entry(name).or_insert(pointer);
        if let Some(first) = first.filter(|_| !rules.found.is_full()) {
            let mut fault =
                Diagnostic::error(Code::Chain, format!("`{name}` stands twice in this chain"))
                    .help("keep the one that stands where it should act, and remove the other");
            if let Some((layer, span)) = rules.loaded.given(first, false) {
                let line = layer.source.position(span.start).line;
                fault = fault.label(format!("first given on line {line}"));
            }
            rules.add(fault, pointer);
        }
        let limit = format!("{pointer}/max_message_size");
        let zero = rules.loaded.value().pointer(&limit).and_then(Value::as_str);
        let zero = zero.and_then(|t| t.parse::<crate::ByteSize>().ok());
        if zero.is_some_and(|size| size.bytes() == 0) {
            let fault = Diagnostic::error(Code::Chain, "a limit of 0 refuses every message")
                .help("give a size such as `4mb`, or leave `max_message_size` out for gRPC's default of 4 MiB");
            rules.add(fault, &limit);
        }
    }
    let at = |wanted: &str| chain.iter().position(|(name, _)| name == wanted);
    if let (Some(logging), Some(tracing)) = (at("logging"), at("tracing"))
        && logging < tracing
    {
        let fault = Diagnostic::warning(
            Code::Chain,
            "`logging` stands outside `tracing`, so its lines carry no trace id",
        )
        .help("put `tracing` before `logging`");
        rules.add(fault, &chain[logging].1);
    }
}

/// A middleware's name: the item itself, or its one key.
fn name(item: &Value) -> Option<String> {
    match item {
        Value::String(name) => Some(name.clone()),
        Value::Object(map) if map.len() == 1 => map.keys().next().cloned(),
        _ => None,
    }
}
