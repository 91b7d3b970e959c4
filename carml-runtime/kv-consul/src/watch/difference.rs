//! What changed between two states.

use carml_kv::{DeleteCause, Event};

use crate::{namespace::Namespace, pair::Pair, read::State};

/// The changes, in the order of their keys.
pub(super) fn difference(namespace: &Namespace, old: &State, new: &State) -> Vec<Event> {
    let mut events = Vec::new();
    let mut gone = old.pairs.iter().peekable();
    for (native, pair) in &new.pairs {
        while let Some((_, removed)) = gone.next_if(|(before, _)| *before < native) {
            events.extend(delete(namespace, removed));
        }
        let before = gone.next_if(|(before, _)| *before == native);
        if before.is_none_or(|(_, before)| before.modified != pair.modified) {
            events.extend(namespace.entry(pair).map(Event::Put));
        }
    }
    events.extend(gone.filter_map(|(_, removed)| delete(namespace, removed)));
    events
}

/// Consul does not say whether a session ended or a call removed the key, so only a key without a
/// session tells.
fn delete(namespace: &Namespace, pair: &Pair) -> Option<Event> {
    let cause = match pair.session {
        None => DeleteCause::Explicit,
        Some(_) => DeleteCause::Unknown,
    };
    let key = namespace.key(&pair.key)?;
    Some(Event::Delete { key, cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(pairs: &[(&str, u64)]) -> State {
        let pair = |(name, modified): &(&str, u64)| {
            let key = format!("ns/{name}");
            let json = format!(
                r#"{{"Key":"{key}","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":{modified}}}"#
            );
            (key, serde_json::from_str(&json).unwrap())
        };
        State {
            revision: 9,
            pairs: pairs.iter().map(pair).collect(),
        }
    }

    #[test]
    fn puts_and_deletes_are_in_the_order_of_their_keys() {
        let namespace = Namespace::new("ns").unwrap();
        let old = state(&[("a", 1), ("b", 2), ("d", 3), ("e", 4), ("z", 5)]);
        let new = state(&[("b", 2), ("c", 6), ("d", 7), ("f", 8)]);
        let events = difference(&namespace, &old, &new);
        let seen: Vec<(&str, bool)> = events
            .iter()
            .map(|event| (event.key().as_str(), matches!(event, Event::Put(_))))
            .collect();
        let expected = [
            ("a", false),
            ("c", true),
            ("d", true),
            ("e", false),
            ("f", true),
            ("z", false),
        ];
        assert_eq!(seen, expected);
        assert!(difference(&namespace, &new, &new).is_empty());
    }
}
