//! What a schema says about the secrets of a config.

use crate::schema::Schema;
use carml_diagnostic::{Candidates, nearest, unescape_key};
use carml_schema::graph::InstanceType;
use carml_schema::{SchemaIndex, secret_names as names};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// What follows the name of a secret is its value if it is not shorter: `passwords` is misspelt.
const MIN_GLUED: usize = 3;

/// The shortest name that counts where a longer word ends in it.
const MIN_ENDING: usize = 4;

/// Which keys and places of a config are secret, and which words are public.
pub(crate) struct Knowledge<'a> {
    schema: &'a Schema,
    shapes: &'a SchemaIndex,
    /// Every key that the schema names.
    names: HashSet<&'a str>,
    /// Every value that the schema names.
    literals: HashSet<&'a str>,
    /// Keys whose values are secret, somewhere.
    secret_names: HashSet<&'a str>,
    /// Keys that have a secret in their values, somewhere.
    bearing: HashSet<&'a str>,
    /// Whether the schema marks secrets: then a value that it does not know may be one.
    strict: bool,
    /// The secret names in lower case.
    folded: HashSet<String>,
    /// The secret names and the words that sound secret, to compare misspelt names with.
    misspelt: Candidates<'a>,
    /// Answers that were given: a document has the same words many times.
    secret_keys: RefCell<HashMap<String, bool>>,
    steps: RefCell<HashMap<String, HashMap<String, Step>>>,
    siblings: RefCell<HashMap<String, Rc<Candidates<'a>>>>,
}

impl<'a> Knowledge<'a> {
    pub(crate) fn of(schema: &'a Schema) -> Self {
        let shapes = schema.shapes();
        let secret_names = shapes.secret_keys();
        let words = names::secret_words().iter().copied();
        Self {
            schema,
            shapes,
            names: shapes.names(),
            literals: schema.literals(),
            folded: secret_names
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
            misspelt: Candidates::of(secret_names.iter().copied().chain(words)),
            secret_names,
            bearing: shapes.bearing_keys(),
            strict: shapes.contains_secret("") || schema.is_carml(),
            secret_keys: RefCell::default(),
            steps: RefCell::default(),
            siblings: RefCell::default(),
        }
    }

    /// Whether the schema names a key, or a value, anywhere.
    pub(super) fn is_word_of_the_schema(&self, word: &str) -> bool {
        self.names.contains(word) || self.literals.contains(word)
    }

    /// Whether the schema names a key anywhere, or the file of one.
    pub(super) fn is_known_name(&self, word: &str) -> bool {
        let file = |word: &str| {
            word.strip_suffix("_file")
                .is_some_and(|of| self.names.contains(of))
        };
        word == "<<" || self.names.contains(word) || file(word)
    }

    /// Whether a word reveals nothing about a secret, wherever it is.
    pub(super) fn is_public_word(&self, word: &str) -> bool {
        matches!(
            word,
            "true" | "false" | "null" | "~" | "&" | "*" | "!" | "---" | "..."
        ) || self.is_word_of_the_schema(word)
            || !self.strict
    }

    /// Whether what the schema does not know counts as secret.
    pub(super) fn is_strict(&self) -> bool {
        self.strict
    }

    /// Whether a key, perhaps a misspelt one, has a secret for its value.
    pub(super) fn is_secret_key(&self, key: &str) -> bool {
        if let Some(known) = self.secret_keys.borrow().get(key) {
            return *known;
        }
        let found = self.may_be_secret_key(key);
        self.secret_keys.borrow_mut().insert(key.to_owned(), found);
        found
    }

    fn may_be_secret_key(&self, key: &str) -> bool {
        let long = key.chars().count() >= 3 && key.parse::<f64>().is_err();
        let is_unknown = long && !self.is_known_name(key);
        self.is_secret_name(key)
            || is_unknown && (self.misspelt.has_near(key) || self.ends_in_secret(key))
    }

    /// Whether a word ends in the name of a secret, as a path without its dot does:
    /// `downloadproxy`.
    fn ends_in_secret(&self, word: &str) -> bool {
        let folded = word.to_ascii_lowercase();
        let mut names = self.folded.iter();
        names.any(|name| name.len() >= MIN_ENDING && folded.ends_with(name.as_str()))
    }

    /// Whether an unknown name ends in the key of a secret, as a path in place of a name does:
    /// `--set grpc.client.targets.shop.tls.the key=…` names the target `shop.tls.the key`.
    fn ends_in_secret_key(&self, name: &str) -> bool {
        let last = name.rsplit(['.', ' ']).next().unwrap_or_default();
        last.len() < name.len() && !self.is_known_name(name) && self.is_secret_key(last)
    }

    /// Whether an unknown word may be the key of a secret with its value behind it: `passwordhunter2`.
    fn is_glued(&self, word: &str) -> bool {
        let folded = word.to_ascii_lowercase();
        let longer = |name: &str| folded.len() >= name.len() + MIN_GLUED && name.len() >= 3;
        let keys = self.folded.iter().map(String::as_str);
        let mut names = keys.chain(names::secret_words().iter().copied());
        !self.is_known_name(word) && names.any(|name| longer(name) && folded.starts_with(name))
    }

    /// Whether an unknown key is a name, and not the name of a secret with its value.
    pub(super) fn is_name(&self, key: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '/');
        let mut words = key.split(' ');
        let one = !key.contains(' ');
        key.chars().all(|c| plain(c) || c == ' ')
            && (one || !words.any(|word| self.is_secret_key(word)))
            && !self.is_glued(key)
    }

    /// Whether a scalar has the key of a secret in it, perhaps with its value.
    pub(crate) fn holds_secret_key(&self, scalar: &str) -> bool {
        let separators = |c: char| !c.is_alphanumeric() && c != '_' && c != '-';
        let mut at = 0;
        for word in scalar.split(separators) {
            let end = at + word.len();
            let after = scalar[end..].trim_start_matches(['"', '\'', ' ']);
            let is_glued = after.starts_with([':', '=']) && self.is_secret_key(word);
            // A colon that was forgotten: `username: x password hunter2`.
            let rest = &scalar[end..];
            let is_followed = rest.starts_with(char::is_whitespace) && !rest.trim().is_empty();
            if is_glued || is_followed && self.is_secret_name(word) {
                return true;
            }
            at = end + scalar[end..].chars().next().map_or(0, char::len_utf8);
        }
        false
    }

    /// Whether a word is the name of a secret.
    pub(super) fn is_secret_name(&self, word: &str) -> bool {
        if self.secret_names.contains(word) {
            return true;
        }
        if self.is_known_name(word) {
            return !self.strict && names::sounds_secret(word);
        }
        names::sounds_secret(word) || self.folded.contains(&word.to_ascii_lowercase())
    }

    /// Whether the schema knows the value of a pointer, as it is written.
    pub(super) fn allows(&self, pointer: &str) -> bool {
        self.shapes.knows(pointer)
    }

    /// Whether a key may have been meant for one that the schema has in the mapping of a pointer.
    pub(super) fn is_near_key(&self, parent: &str, key: &str) -> bool {
        match self.place(parent) {
            Place::Known(at) => self.siblings(&at).has_near(key),
            Place::Secret | Place::SoundsSecret | Place::Public | Place::Below(_) => false,
        }
    }

    /// The keys that the schema has at a place that it knows.
    fn siblings(&self, at: &str) -> Rc<Candidates<'a>> {
        if let Some(known) = self.siblings.borrow().get(at) {
            return Rc::clone(known);
        }
        let found = Rc::new(Candidates::of(self.shapes.keys_at(at)));
        let mut all = self.siblings.borrow_mut();
        all.insert(at.to_owned(), Rc::clone(&found));
        found
    }

    /// Whether a key has a value that is not a secret, wherever the schema has the key.
    pub(super) fn is_public_leaf(&self, key: &str) -> bool {
        if !self.strict {
            return !names::sounds_secret(key);
        }
        // What `<<` names may have secrets.
        key != "<<" && self.is_known_name(key) && !self.bearing.contains(key)
    }

    /// Whether the value of a pointer may be secret.
    pub(super) fn is_secret(&self, pointer: &str) -> bool {
        let place = self.place(pointer);
        // Below a place without secrets, only a key that sounds secret is one.
        let bears = |at: &str| self.strict && self.shapes.contains_secret(at);
        matches!(&place, Place::Below(at) if bears(at)) || self.names_secret(&place, pointer)
    }

    /// Whether the schema or a key's name says that the value of a pointer is secret.
    pub(super) fn is_named_secret(&self, pointer: &str) -> bool {
        self.names_secret(&self.place(pointer), pointer)
    }

    fn names_secret(&self, place: &Place, pointer: &str) -> bool {
        match place {
            Place::Secret | Place::SoundsSecret => true,
            Place::Public => false,
            Place::Known(at) => self.shapes.is_secret(at),
            Place::Below(_) => pointer
                .split('/')
                .any(|step| self.is_secret_key(&unescape_key(step))),
        }
    }

    /// Whether a config that is valid must not show the scalar at a pointer: a secret, what the
    /// schema does not know beside secrets, or what is in place of a mapping or list that holds
    /// some.
    pub(crate) fn is_hidden(&self, pointer: &str) -> bool {
        match self.place(pointer) {
            Place::SoundsSecret => true,
            Place::Known(at) => self.shapes.contains_secret(&at),
            _ => self.is_secret(pointer),
        }
    }

    /// Whether something below a pointer may be secret, so that a scalar in its place may be.
    pub(super) fn bears_secrets(&self, pointer: &str) -> bool {
        match self.place(pointer) {
            Place::Secret | Place::SoundsSecret => true,
            Place::Public | Place::Below(_) => false,
            Place::Known(at) => self.shapes.contains_secret(&at),
        }
    }

    /// Whether a scalar is one of the values that the schema names at a pointer, perhaps misspelt:
    /// the report suggests that value, which says as much.
    pub(super) fn is_near_value(&self, pointer: &str, scalar: &str) -> bool {
        let parts = self.schema.at(pointer);
        let values = parts.iter().flat_map(|part| part.node.constants());
        let names: Vec<&str> = values.filter_map(|value| value.as_str()).collect();
        !nearest(scalar, names).is_empty()
    }

    /// Whether an unknown key of a mapping can be shown: the schema has keys there, and it is a
    /// name. What is in place of the items of a list may be one of them.
    pub(crate) fn shows_key(&self, parent: &str, key: &str) -> bool {
        if self.is_known_name(key) || !self.strict {
            return true;
        }
        match self.place(parent) {
            Place::Secret | Place::SoundsSecret => false,
            Place::Public | Place::Below(_) => self.is_name(key),
            Place::Known(at) => {
                // With a space, it may be the end of a secret and a key behind it.
                !self.shapes.contains_secret(&at)
                    || self.is_name(key)
                        && !key.contains(' ')
                        && (!self.shapes.keys_at(&at).is_empty()
                            || self.shapes.knows(&format!("{at}/{key}")))
            }
        }
    }

    /// The place that a pointer means: the nearest key is meant by a misspelt one.
    fn place(&self, pointer: &str) -> Place {
        let mut at = String::new();
        for step in pointer.split('/').skip(1) {
            match self.step(&at, step) {
                Step::Secret => return Place::Secret,
                Step::SoundsSecret => return Place::SoundsSecret,
                Step::Public => return Place::Public,
                Step::Known(key) => {
                    at.push('/');
                    at.push_str(&key);
                }
                Step::Unknown => return Place::Below(at),
            }
        }
        Place::Known(at)
    }

    /// One step down from a place that the schema knows.
    fn step(&self, at: &str, step: &str) -> Step {
        let known = |steps: &HashMap<String, Step>| steps.get(step).cloned();
        if let Some(known) = self.steps.borrow().get(at).and_then(known) {
            return known;
        }
        let found = self.find_step(at, step);
        let mut all = self.steps.borrow_mut();
        let steps = all.entry(at.to_owned()).or_default();
        steps.insert(step.to_owned(), found.clone());
        found
    }

    fn find_step(&self, at: &str, step: &str) -> Step {
        let below = |step: &str| format!("{at}/{step}");
        let known = |step: &str| self.shapes.knows(&below(step));
        let key = unescape_key(step);
        let number = step.parse::<usize>().is_ok();
        if known(step) {
            return if self.shapes.is_secret(&below(step)) || self.ends_in_secret_key(&key) {
                Step::Secret
            } else if self.sounds_like_free_text(at, &key) {
                Step::SoundsSecret
            } else {
                Step::Known(step.to_owned())
            };
        }
        if let Some(of) = step.strip_suffix("_file")
            && self.shapes.is_secret(&below(of))
        {
            // The path of a secret's file.
            return Step::Public;
        }
        if !number && self.is_secret_key(&key) {
            return Step::Secret;
        }
        match self.siblings(at).nearest(&key).first() {
            Some(meant) if !number => {
                let meant = carml_diagnostic::escape_key(meant);
                if self.shapes.is_secret(&below(&meant)) {
                    Step::Secret
                } else {
                    Step::Known(meant)
                }
            }
            _ => Step::Unknown,
        }
    }

    /// Whether a key that the schema knows and does not mark has the name of a secret and accepts
    /// any string.
    fn sounds_like_free_text(&self, at: &str, key: &str) -> bool {
        let sounds = if self.strict {
            names::names_a_secret(key)
        } else {
            names::sounds_secret(key)
        };
        if !sounds {
            return false;
        }
        let pointer = format!("{at}/{}", carml_diagnostic::escape_key(key));
        let parts = self.schema.at(&pointer);
        let limited = parts.iter().any(|part| {
            let node = &part.node;
            let types = node.types();
            let typed = !types.is_empty() && !types.contains(&InstanceType::String);
            typed
                || node.scalar().is_some()
                || node.secrecy() == Some(false)
                || node.constants().next().is_some()
        });
        !limited
    }
}

enum Place {
    /// One that the schema has.
    Known(String),
    Secret,
    SoundsSecret,
    Public,
    /// One that the schema does not have, below one that it has.
    Below(String),
}

#[derive(Clone)]
enum Step {
    /// The key of a place that the schema knows; the one that was meant, if it is misspelt.
    Known(String),
    Secret,
    SoundsSecret,
    Public,
    Unknown,
}
