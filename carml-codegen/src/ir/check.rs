//! What a type alone cannot say: tests of a JSON value.

use serde_json::Value;

use super::{
    schema::{Kind, Size},
    types::TypeId,
};

/// A test, and the key or keyword that it stands for in an error.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) about: String,
    pub(crate) test: Test,
}

/// A test holds for values of other kinds than the one it is for, as JSON Schema's keywords do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    True,
    False,
    Kinds(Vec<Kind>),
    /// One of these.
    Values(Vec<Value>),
    Number {
        min: Option<f64>,
        max: Option<f64>,
        above: Option<f64>,
        below: Option<f64>,
    },
    MultipleOf(f64),
    /// Unicode code points.
    Length(Size),
    /// A pattern that the regex crate reads as ECMA-262 does.
    Matches(String),
    Items(Size),
    Unique,
    /// The first items, one by one, and those behind them.
    At(usize, Box<Test>),
    EachFrom(usize, Box<Test>),
    Contains(Box<Test>),
    Keys(Size),
    Has(String),
    /// The value of a key, if the key is there.
    Key(String, Box<Test>),
    /// The name of each key, as a string.
    Names(Box<Test>),
    /// The value of each key that matches.
    Matching(Pattern, Box<Test>),
    /// The value of each key that is none of these and matches none of the patterns.
    Others {
        keys: Vec<String>,
        patterns: Vec<Pattern>,
        test: Box<Test>,
    },
    All(Vec<Test>),
    Any(Vec<Test>),
    /// Exactly one.
    One(Vec<Test>),
    Not(Box<Test>),
    /// It can be read as this type.
    Is(TypeId),
}

/// What a text must match, and what it must not, each a pattern that the regex crate reads as
/// ECMA-262 does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    pub(crate) matches: Vec<String>,
    pub(crate) refuses: Vec<String>,
}

impl Pattern {
    /// The test of a string.
    pub(crate) fn test(self) -> Test {
        let matches = self.matches.into_iter().map(Test::Matches);
        let refuses = self.refuses.into_iter();
        Test::all(matches.chain(refuses.map(|pattern| Test::negate(Test::Matches(pattern)))))
    }
}

impl Test {
    pub(crate) fn all(tests: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for test in tests {
            match test {
                Self::True => {}
                Self::False => return Self::False,
                Self::All(inner) => all.extend(inner),
                test if all.contains(&test) => {}
                test => all.push(test),
            }
        }
        let none = |test: &Self| match test {
            Self::Not(inner) => matches!(**inner, Self::All(_) | Self::Any(_)),
            _ => false,
        };
        if all.iter().filter(|test| none(test)).count() > 1 {
            // None of several is shorter than not one, not another.
            let refused = all.extract_if(.., |test| none(test)).map(Self::negate);
            let refused = Self::any(refused.collect::<Vec<_>>());
            all.push(Self::negate(refused));
        }
        match all.len() {
            0 => Self::True,
            1 => all.remove(0),
            _ => Self::All(all),
        }
    }

    pub(crate) fn any(tests: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for test in tests {
            match test {
                Self::False => {}
                Self::True => return Self::True,
                Self::Any(inner) => any.extend(inner),
                test if any.contains(&test) => {}
                test => any.push(test),
            }
        }
        match any.len() {
            0 => Self::False,
            1 => any.remove(0),
            _ => Self::Any(any),
        }
    }

    pub(crate) fn negate(test: Self) -> Self {
        match test {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Not(test) => *test,
            test => Self::Not(Box::new(test)),
        }
    }

    /// Puts a test that holds for everything aside: nothing is left of what is around it.
    pub(crate) fn within(self, around: impl FnOnce(Box<Self>) -> Self) -> Self {
        match self {
            Self::True => Self::True,
            test => around(Box::new(test)),
        }
    }

    /// A key's value.
    pub(crate) fn key(key: &str, test: Self) -> Self {
        test.within(|test| Self::Key(key.to_owned(), test))
    }

    /// The key is not there, for no value of it will do.
    pub(crate) fn lacks(key: &str) -> Self {
        Self::Key(key.to_owned(), Box::new(Self::False))
    }
}
