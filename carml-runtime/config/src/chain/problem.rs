//! The errors and warnings of a middleware list.

use std::fmt;

use carml_diagnostic::{Input, Kind, Middleware, NotBuilt};

use super::{Facts, Inside};

/// A rule that a middleware list breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// There is no such middleware on this side.
    Unknown {
        /// The item's place in the list.
        index: usize,
        /// Its name.
        name: String,
    },
    /// A middleware is in the list twice.
    Repeated {
        /// The place of the second.
        index: usize,
        /// The place of the first.
        first: usize,
        /// Its name.
        name: String,
    },
    /// The middleware is not in this build.
    NotBuilt {
        /// The item's place in the list.
        index: usize,
        /// The middleware.
        facts: &'static Facts,
    },
    /// The options cannot be read.
    Options {
        /// The item's place in the list.
        index: usize,
        /// Its name.
        name: &'static str,
        /// What their type says.
        why: String,
    },
    /// The options are zero where that cannot work.
    Zero {
        /// The item's place in the list.
        index: usize,
        /// The middleware.
        facts: &'static Facts,
    },
    /// The middleware cannot be made with these options, for this service.
    Refused {
        /// The item's place in the list.
        index: usize,
        /// The middleware.
        facts: &'static Facts,
        /// The value in its options: `/methods/0`, or nothing.
        pointer: String,
        /// What is wrong with it.
        why: String,
    },
    /// The middleware is outside of one that it should be inside of.
    Outside {
        /// The item's place in the list.
        index: usize,
        /// The middleware.
        facts: &'static Facts,
        /// The other one, and why.
        inside: &'static Inside,
    },
}

impl Problem {
    /// The item's place in the list.
    pub fn index(&self) -> usize {
        match self {
            Self::Unknown { index, .. }
            | Self::Repeated { index, .. }
            | Self::NotBuilt { index, .. }
            | Self::Options { index, .. }
            | Self::Zero { index, .. }
            | Self::Refused { index, .. }
            | Self::Outside { index, .. } => *index,
        }
    }

    /// The JSON pointer to the value that is wrong, from the list: `/2`, or `/2/timeout`.
    pub fn pointer(&self) -> String {
        match self {
            Self::Options { index, name, .. } => format!("/{index}/{name}"),
            Self::Zero { index, facts } => format!("/{index}/{}", facts.name),
            Self::Refused {
                index,
                facts,
                pointer,
                ..
            } => format!("/{index}/{}{pointer}", facts.name),
            _ => format!("/{}", self.index()),
        }
    }

    /// What is wrong, as a diagnostic has it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unknown { name, .. } => Middleware::Unknown {
                name: Input::new(name),
            },
            Self::Repeated { name, .. } => Middleware::Repeated {
                name: Input::new(name),
            },
            Self::NotBuilt { facts, .. } => return NotBuilt::Middleware(facts.name).into(),
            Self::Options { why, .. } => Middleware::Options {
                problem: why.clone(),
            },
            Self::Zero { facts, .. } => Middleware::Zero {
                name: facts.name,
                why: facts
                    .nonzero
                    .map_or("has no meaning", |nonzero| nonzero.why),
            },
            Self::Refused { why, .. } => {
                return Kind::Refused {
                    problem: why.clone(),
                };
            }
            Self::Outside { facts, inside, .. } => Middleware::Outside {
                name: facts.name,
                other: inside.middleware,
                why: inside.why,
            },
        }
        .into()
    }

    /// What to write instead.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { .. } | Self::Options { .. } | Self::Refused { .. } => None,
            Self::Repeated { .. } => {
                Some("keep the one at the place where it should act, and remove the other".into())
            }
            Self::NotBuilt { facts, .. } => facts.feature.map(|feature| {
                let name = facts.name;
                format!("build with the feature `{feature}` of carml-runtime, or remove `{name}`")
            }),
            Self::Zero { facts, .. } => {
                let example = facts
                    .nonzero
                    .map_or("another value", |nonzero| nonzero.example);
                let without = match facts.implicit {
                    Some(implicit) => format!(" (the default is then: {})", implicit.text),
                    None => String::new(),
                };
                Some(format!(
                    "write a value such as `{example}`, or remove `{}`{without}",
                    facts.name
                ))
            }
            Self::Outside { facts, inside, .. } => Some(format!(
                "put `{}` before `{}`",
                inside.middleware, facts.name
            )),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind().public_message())
    }
}

/// Every rule that a list breaks, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub(super) Vec<Problem>);

impl Problems {
    /// Each of them, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
