//! What a schema says about the secrets of a config.

use super::names;
use crate::schema::Schema;
use carml_diagnostic::{nearest, unescape_key};
use carml_schema::SchemaIndex;
use carml_schema::graph::InstanceType;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// Which keys and places of a config are secret, and which words are public.
pub(super) struct Knowledge<'a> {
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
    /// Which unknown words are near the name of a secret, as far as that was asked.
    near: RefCell<HashMap<String, bool>>,
}

impl<'a> Knowledge<'a> {
    pub(crate) fn of(schema: &'a Schema) -> Self {
        let shapes = schema.shapes();
        Self {
            schema,
            shapes,
            names: shapes.names(),
            literals: schema.literals(),
            secret_names: shapes.secret_keys(),
            bearing: shapes.bearing_keys(),
            strict: shapes.contains_secret("") || schema.is_carml(),
            near: RefCell::default(),
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
        let long = key.chars().count() >= 3 && key.parse::<f64>().is_err();
        self.is_secret_name(key) || long && !self.is_known_name(key) && self.is_near_secret(key)
    }

    /// Whether a word is the name of a secret.
    pub(super) fn is_secret_name(&self, word: &str) -> bool {
        if self.secret_names.contains(word) {
            return true;
        }
        if self.is_known_name(word) {
            return !self.strict && names::sounds_secret(word);
        }
        let folded = word.to_ascii_lowercase();
        let mut known = self.secret_names.iter();
        names::sounds_secret(word) || known.any(|name| name.eq_ignore_ascii_case(&folded))
    }

    fn is_near_secret(&self, word: &str) -> bool {
        if let Some(known) = self.near.borrow().get(word) {
            return *known;
        }
        let near = |words: Vec<&str>| !nearest(word, words).is_empty();
        let secrets = self.secret_names.iter().copied().collect();
        let found = near(secrets) || near(names::secret_words().to_vec());
        self.near.borrow_mut().insert(word.to_owned(), found);
        found
    }

    /// Whether a key has a value that is not a secret, wherever the schema has the key.
    pub(super) fn is_public_leaf(&self, key: &str) -> bool {
        if !self.strict {
            return !names::sounds_secret(key);
        }
        self.is_known_name(key) && !self.bearing.contains(key)
    }

    /// Whether the value of a pointer may be secret.
    pub(super) fn is_secret(&self, pointer: &str) -> bool {
        let mut at = String::new();
        for step in pointer.split('/').skip(1) {
            match self.step(&at, step) {
                Step::Secret => return true,
                Step::Public => return false,
                Step::Known(key) => {
                    at.push('/');
                    at.push_str(&key);
                }
                Step::Unknown => {
                    // Below a place without secrets, only a key that sounds secret is one.
                    return self.strict && self.shapes.contains_secret(&at)
                        || pointer
                            .split('/')
                            .any(|step| self.is_secret_key(&unescape_key(step)));
                }
            }
        }
        self.shapes.is_secret(&at)
    }

    /// Whether something below a pointer may be secret, so that a scalar in its place may be.
    pub(super) fn bears_secrets(&self, pointer: &str) -> bool {
        self.shapes.contains_secret(pointer)
    }

    /// One step down from a place that the schema knows.
    fn step(&self, at: &str, step: &str) -> Step {
        let below = |step: &str| format!("{at}/{step}");
        let known = |step: &str| self.shapes.knows(&below(step));
        let key = unescape_key(step);
        let number = step.parse::<usize>().is_ok();
        if known(step) {
            return if self.shapes.is_secret(&below(step)) || self.sounds_like_free_text(at, &key) {
                Step::Secret
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
        let siblings = self.shapes.keys_at(at);
        match nearest(&key, siblings.iter().copied()).first() {
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
            typed || node.scalar().is_some() || node.constants().next().is_some()
        });
        !limited
    }
}

enum Step {
    /// The key of a place that the schema knows; the one that was meant, if it is misspelt.
    Known(String),
    Secret,
    Public,
    Unknown,
}
