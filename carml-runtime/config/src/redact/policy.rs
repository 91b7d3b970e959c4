//! The policy of a config's reports.

use super::{Knowledge, lexical, loose_keys};
use crate::document::Document;
use crate::layer::Layer;
use carml_diagnostic::{Policy, Source, Span, Token, credentials, escape_key};
use carml_schema::Annotations;
use serde_json::Value;
use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

/// A shorter secret is masked only where it is quoted: it may be part of any word.
const MIN_WORD: usize = 4;

/// More secrets than this are masked by their places alone.
const MAX_WORDS: usize = 1_000;

/// Shows the values of keys that the schema knows and does not mark as secret, and the words of the
/// schema.
pub(crate) struct ConfigPolicy<'a> {
    layers: &'a [Layer],
    knowledge: Knowledge<'a>,
    words: Vec<String>,
    complete: bool,
    value: &'a Value,
    /// The keys of the config that are names, and have values.
    keys: OnceCell<HashSet<&'a str>>,
    loose: RefCell<Vec<(Source, Loose)>>,
}

/// Keys that may be a part of a secret.
type Loose = Rc<HashMap<usize, String>>;

impl<'a> ConfigPolicy<'a> {
    /// The policy of a document. `secrets` are those that the schema cannot tell; `complete` says
    /// whether every part of every layer could be read, so that its secrets are known.
    pub(crate) fn of(document: &'a Document, secrets: &[String], complete: bool) -> Self {
        let knowledge = Knowledge::of(document.schema());
        Self {
            layers: document.layers(),
            words: words(document, secrets, &knowledge),
            knowledge,
            complete,
            value: document.value(),
            keys: OnceCell::new(),
            loose: RefCell::default(),
        }
    }

    fn shows(&self, at: &str, source: &Source, token: &Token) -> bool {
        let text = source.text();
        let pointer = format!("{at}{}", token.pointer);
        match &token.key {
            Some(key) => {
                let after = text[token.span.end..].trim_start_matches([' ', '\t']);
                !self.knowledge.is_secret(&pointer)
                    && (self.knowledge.is_known_name(key)
                        || self.knowledge.is_word_of_the_schema(key)
                        || after.starts_with(':')
                            && self.is_name(key)
                            && self.knowledge.shows_key(&pointer, key)
                            && !self.loose(at, source).contains_key(&token.span.start))
            }
            None => {
                let raw = text
                    .get(token.span.start..token.span.end)
                    .unwrap_or_default();
                !self.knowledge.is_secret(&pointer)
                    && (!self.knowledge.bears_secrets(&pointer)
                        || self.knowledge.is_near_value(&pointer, raw))
                    && !self.knowledge.holds_secret_key(raw)
            }
        }
    }

    /// The text between two tokens: all of it, or its punctuation. A comment may say anything.
    fn gap(&self, text: &str, from: usize, to: usize, all: bool, found: &mut Vec<Span>) {
        let part = text.get(from..to).unwrap_or_default();
        let mut start = None;
        let mut comment = false;
        let mut last = ' ';
        for (n, c) in part.char_indices() {
            comment = match c {
                '\n' => false,
                '#' if last.is_whitespace() => self.knowledge.is_strict(),
                _ => comment,
            };
            last = c;
            let punctuation = !c.is_alphanumeric() && !c.is_control() || c.is_whitespace();
            if !comment && (all || punctuation) {
                start.get_or_insert(from + n);
            } else if let Some(start) = start.take() {
                let end = from + n;
                found.push(Span { start, end });
            }
        }
        if let Some(start) = start {
            found.push(Span { start, end: to });
        }
    }

    /// The keys of a source that may be a part of a secret.
    fn loose(&self, at: &str, source: &Source) -> Loose {
        let mut all = self.loose.borrow_mut();
        if let Some((_, known)) = all.iter().find(|(known, _)| known.is(source)) {
            return Rc::clone(known);
        }
        let found = Rc::new(loose_keys::find(&self.knowledge, at, source));
        all.push((source.clone(), Rc::clone(&found)));
        found
    }

    fn keys(&self) -> &HashSet<&'a str> {
        self.keys.get_or_init(|| {
            let mut found = HashSet::new();
            keys(&self.knowledge, "", self.value, &mut found);
            for layer in self.layers.iter().filter(|layer| !layer.raw) {
                for key in self.loose(&layer.at, &layer.source).values() {
                    found.remove(key.as_str());
                }
            }
            let strict = self.knowledge.is_strict();
            found.retain(|key| self.is_name(key) && !(strict && key.contains(' ')));
            found
        })
    }

    fn is_name(&self, key: &str) -> bool {
        self.knowledge.is_name(key)
            || !self.knowledge.is_strict() && !self.knowledge.holds_secret_key(key)
    }
}

impl Policy for ConfigPolicy<'_> {
    fn public(&self, source: &Source, window: Span) -> Vec<Span> {
        let layer = self.layers.iter().find(|layer| layer.source.is(source));
        let at = layer.map_or("", |layer| layer.at.as_str());
        if layer.is_some_and(|layer| layer.raw) {
            let secret = self.knowledge.is_secret(at) || self.knowledge.bears_secrets(at);
            return if secret { Vec::new() } else { vec![window] };
        }
        let text = source.text();
        // A value under a pointer of a secret has no public part.
        if self.knowledge.is_secret(at) && !at.is_empty() {
            return Vec::new();
        }
        let (tokens, read) = source.tokens(window);
        let mut found = Vec::new();
        let (mut from, mut before) = (window.start, true);
        let read = if tokens.is_empty() {
            window.start
        } else {
            read.clamp(window.start, window.end)
        };
        let mut words = None;
        let mut by_words = |span: Span| {
            let words = words.get_or_insert_with(|| lexical::public(&self.knowledge, text, window));
            clip(words.clone(), span)
        };
        for token in &tokens {
            let shown = self.shows(at, source, token);
            let start = token.span.start.max(from).min(read);
            self.gap(text, from, start, before && shown, &mut found);
            let end = token.span.end.max(start).min(read);
            let span = Span { start, end };
            if shown {
                found.push(span);
            } else {
                found.extend(by_words(span));
            }
            (from, before) = (from.max(end), shown);
        }
        // A key may be the last: its value is behind the window.
        let behind = tokens.last().and_then(|token| {
            let key = escape_key(token.key.as_ref()?);
            Some(format!("{at}{}/{key}", token.pointer))
        });
        let hides = |at: String| self.knowledge.is_secret(&at) || self.knowledge.bears_secrets(&at);
        let all = before && !behind.is_some_and(hides);
        self.gap(text, from, read, all, &mut found);
        let rest = Span {
            start: read,
            end: window.end,
        };
        if rest.start < rest.end {
            found.extend(by_words(rest));
        }
        found
    }

    fn is_public_key(&self, key: &str) -> bool {
        key.parse::<usize>().is_ok()
            || self.knowledge.is_known_name(key)
            || self.complete && self.keys().contains(key)
    }

    fn is_public_value(&self, pointer: Option<&str>) -> bool {
        let hides = |at: &str| self.knowledge.is_secret(at) || self.knowledge.bears_secrets(at);
        self.complete && !pointer.is_some_and(hides)
    }

    fn knows_all_secrets(&self) -> bool {
        self.complete
    }

    fn known_secrets(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = credentials(text);
        for word in &self.words {
            found.extend(
                text.match_indices(word.as_str())
                    .map(|(at, word)| at..at + word.len()),
            );
        }
        found.sort_by_key(|range| (range.start, range.end));
        let mut apart: Vec<Range<usize>> = Vec::new();
        for range in found {
            match apart.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => apart.push(range),
            }
        }
        apart
    }
}

fn clip(parts: Vec<Span>, within: Span) -> impl Iterator<Item = Span> {
    parts.into_iter().filter_map(move |part| {
        let start = part.start.max(within.start);
        let end = part.end.min(within.end);
        (start < end).then_some(Span { start, end })
    })
}

/// Every secret text, in each form in which a message may have it, longest first.
fn words(document: &Document, secrets: &[String], knowledge: &Knowledge<'_>) -> Vec<String> {
    let mut texts = secrets.to_vec();
    let shapes = document.schema().shapes();
    for secret in shapes.annotated(document.value(), Annotations::SECRET) {
        scalars(secret.value, &mut texts);
        if texts.len() > MAX_WORDS {
            texts.truncate(MAX_WORDS);
            break;
        }
    }
    let mut words = Vec::new();
    // A secret equal to a word of the schema is not masked: a mask over that word would reveal it.
    for text in texts
        .into_iter()
        .filter(|t| !knowledge.is_word_of_the_schema(t))
    {
        let debug = format!("{text:?}").trim_matches('"').to_owned();
        let json = Value::String(text.clone()).to_string();
        for form in [text, debug, json.trim_matches('"').to_owned()] {
            if form.chars().count() >= MIN_WORD {
                words.push(form);
            } else if !form.is_empty() {
                words.push(format!("`{form}`"));
                words.push(format!("\"{form}\""));
            }
        }
    }
    words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    words.dedup();
    words
}

/// Adds the keys that have values, but none inside of a secret. One without a value may be a word of a
/// secret: `{password, word}`.
fn keys<'v>(knowledge: &Knowledge<'_>, at: &str, value: &'v Value, found: &mut HashSet<&'v str>) {
    let mut descend = |at: String, value: &'v Value| {
        if (value.is_object() || value.is_array()) && !knowledge.is_named_secret(&at) {
            keys(knowledge, &at, value, found);
        }
    };
    match value {
        Value::Object(map) => {
            let map = map.iter().filter(|(_, value)| !value.is_null());
            for (key, value) in map.clone() {
                descend(format!("{at}/{}", escape_key(key)), value);
            }
            found.extend(map.map(|(key, _)| key.as_str()));
        }
        Value::Array(list) => {
            for (n, value) in list.iter().enumerate() {
                descend(format!("{at}/{n}"), value);
            }
        }
        _ => {}
    }
}

fn scalars(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            found.push(text.clone());
            let lines = text.lines().filter(|line| line.len() >= MIN_WORD);
            found.extend(lines.map(str::to_owned));
        }
        Value::Array(list) => list.iter().for_each(|v| scalars(v, found)),
        Value::Object(map) => map.values().for_each(|v| scalars(v, found)),
        Value::Null => {}
        other => found.push(other.to_string()),
    }
}
