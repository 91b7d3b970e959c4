//! What a type alone cannot express: predicates of a JSON value.

use std::collections::BTreeSet;

use serde_json::{Number, Value};

use super::{
    schema::{InstanceType, Size},
    type_id::TypeId,
};

/// What a value of a type must satisfy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Constraint {
    /// The key that it is about; the whole value if there is none.
    pub(crate) key: Option<String>,
    /// The keyword of the schema, where the predicate does not show it.
    pub(crate) keyword: Option<&'static str>,
    pub(crate) predicate: Predicate,
}

impl Constraint {
    /// A constraint of a key's value.
    pub(crate) fn of_key(key: &str, predicate: Predicate) -> Self {
        Self {
            key: Some(key.to_owned()),
            keyword: None,
            predicate,
        }
    }

    /// A constraint of the whole value.
    pub(crate) fn of_value(keyword: Option<&'static str>, predicate: Predicate) -> Self {
        Self {
            key: None,
            keyword,
            predicate,
        }
    }

    /// The keywords that it implements: `minimum, maximum`.
    pub(crate) fn keywords(&self) -> String {
        if let Some(keyword) = self.keyword {
            return keyword.to_owned();
        }
        let mut found = BTreeSet::new();
        self.predicate.keywords(&mut found);
        if found.is_empty() {
            found.insert("type");
        }
        Vec::from_iter(found).join(", ")
    }
}

/// A predicate holds for values of other types than the one it is for, as JSON Schema's keywords
/// do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Predicate {
    True,
    False,
    Types(Vec<InstanceType>),
    /// One of these.
    Values(Vec<Value>),
    Number(Range),
    MultipleOf(Number),
    /// Unicode code points.
    Length(Size),
    /// A pattern that the regex crate reads as ECMA-262 does.
    Matches(String),
    Items(Size),
    Unique,
    /// The first items, one by one, and those after them.
    At(usize, Box<Predicate>),
    EachFrom(usize, Box<Predicate>),
    Contains(Box<Predicate>),
    Keys(Size),
    Has(String),
    /// The value of a key, if the key is present.
    Key(String, Box<Predicate>),
    /// The name of each key, as a string.
    Names(Box<Predicate>),
    /// The value of each key that matches.
    Matching(Pattern, Box<Predicate>),
    /// The value of each key that is none of these and matches none of the patterns.
    Others {
        keys: Vec<String>,
        patterns: Vec<Pattern>,
        predicate: Box<Predicate>,
    },
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    /// Exactly one.
    One(Vec<Predicate>),
    Not(Box<Predicate>),
    /// It can be read as this type.
    Is(TypeId),
}

/// The limits of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Range {
    pub(crate) min: Option<Number>,
    pub(crate) max: Option<Number>,
    pub(crate) above: Option<Number>,
    pub(crate) below: Option<Number>,
}

/// What a string must match, and what it must not, each a pattern that the regex crate reads as
/// ECMA-262 does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub(crate) matches: Vec<String>,
    pub(crate) refuses: Vec<String>,
}

impl Pattern {
    /// The predicate of a string.
    pub(crate) fn predicate(self) -> Predicate {
        let matches = self.matches.into_iter().map(Predicate::Matches);
        let refuses = self.refuses.into_iter();
        let refuses = refuses.map(|pattern| Predicate::negate(Predicate::Matches(pattern)));
        Predicate::all(matches.chain(refuses))
    }
}

impl Predicate {
    pub(crate) fn all(predicates: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for predicate in predicates {
            match predicate {
                Self::True => {}
                Self::False => return Self::False,
                Self::All(inner) => all.extend(inner),
                predicate if all.contains(&predicate) => {}
                predicate => all.push(predicate),
            }
        }
        let none = |predicate: &Self| match predicate {
            Self::Not(inner) => matches!(**inner, Self::All(_) | Self::Any(_)),
            _ => false,
        };
        if all.iter().filter(|predicate| none(predicate)).count() > 1 {
            // `!(a || b)` is shorter than `!a && !b`.
            let refused = all.extract_if(.., |predicate| none(predicate));
            let refused = Self::any(refused.map(Self::negate).collect::<Vec<_>>());
            all.push(Self::negate(refused));
        }
        match all.len() {
            0 => Self::True,
            1 => all.remove(0),
            _ => Self::All(all),
        }
    }

    pub(crate) fn any(predicates: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for predicate in predicates {
            match predicate {
                Self::False => {}
                Self::True => return Self::True,
                Self::Any(inner) => any.extend(inner),
                predicate if any.contains(&predicate) => {}
                predicate => any.push(predicate),
            }
        }
        match any.len() {
            0 => Self::False,
            1 => any.remove(0),
            _ => Self::Any(any),
        }
    }

    pub(crate) fn negate(predicate: Self) -> Self {
        match predicate {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Not(predicate) => *predicate,
            predicate => Self::Not(Box::new(predicate)),
        }
    }

    /// Wraps the predicate, unless it holds for everything.
    pub(crate) fn within(self, around: impl FnOnce(Box<Self>) -> Self) -> Self {
        match self {
            Self::True => Self::True,
            predicate => around(Box::new(predicate)),
        }
    }

    /// A key's value.
    pub(crate) fn key(key: &str, predicate: Self) -> Self {
        predicate.within(|predicate| Self::Key(key.to_owned(), predicate))
    }

    /// The key is absent, since no value of it is valid.
    pub(crate) fn lacks(key: &str) -> Self {
        Self::Key(key.to_owned(), Box::new(Self::False))
    }

    /// How many predicates it is made of.
    pub(crate) fn size(&self) -> usize {
        1 + match self {
            Self::At(_, inner)
            | Self::EachFrom(_, inner)
            | Self::Contains(inner)
            | Self::Key(_, inner)
            | Self::Names(inner)
            | Self::Matching(_, inner)
            | Self::Others {
                predicate: inner, ..
            }
            | Self::Not(inner) => inner.size(),
            Self::All(all) | Self::Any(all) | Self::One(all) => all.iter().map(Self::size).sum(),
            Self::Values(values) => values.len() / 4,
            _ => 0,
        }
    }

    /// The keywords of which the predicate is made.
    fn keywords(&self, found: &mut BTreeSet<&'static str>) {
        let size = |size: &Size, [min, max]: [&'static str; 2]| {
            let min = (size.min > 0).then_some(min);
            min.into_iter().chain(size.max.map(|_| max))
        };
        match self {
            Self::True | Self::False | Self::Is(_) => {}
            Self::Types(_) => drop(found.insert("type")),
            Self::Values(values) if values.len() == 1 => drop(found.insert("const")),
            Self::Values(_) => drop(found.insert("enum")),
            Self::Number(range) => {
                let limits = [
                    ("minimum", &range.min),
                    ("maximum", &range.max),
                    ("exclusiveMinimum", &range.above),
                    ("exclusiveMaximum", &range.below),
                ];
                let given = limits.iter().filter(|(_, limit)| limit.is_some());
                found.extend(given.map(|(keyword, _)| keyword));
            }
            Self::MultipleOf(_) => drop(found.insert("multipleOf")),
            Self::Length(length) => found.extend(size(length, ["minLength", "maxLength"])),
            Self::Items(count) => found.extend(size(count, ["minItems", "maxItems"])),
            Self::Keys(count) => found.extend(size(count, ["minProperties", "maxProperties"])),
            Self::Matches(_) => drop(found.insert("pattern")),
            Self::Unique => drop(found.insert("uniqueItems")),
            Self::Contains(_) => drop(found.insert("contains")),
            Self::Has(_) => drop(found.insert("required")),
            Self::Names(_) => drop(found.insert("propertyNames")),
            Self::Matching(..) => drop(found.insert("patternProperties")),
            Self::Others { .. } => drop(found.insert("additionalProperties")),
            Self::One(_) => drop(found.insert("oneOf")),
            Self::At(_, inner) | Self::EachFrom(_, inner) | Self::Key(_, inner) => {
                inner.keywords(found);
            }
            Self::Not(inner) => inner.keywords(found),
            Self::All(all) | Self::Any(all) => all.iter().for_each(|one| one.keywords(found)),
        }
    }
}
