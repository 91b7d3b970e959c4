//! The rules on middleware lists, in one place: `carml validate`, `carml check`, `carml explain`
//! and the start all ask [`plan`].

#[rustfmt::skip]
#[allow(unused_imports, reason = "not every kind of fact is used")]
mod generated;
mod options;
mod problem;

use std::{collections::HashMap, fmt};

use serde::{Deserialize as _, Serialize};
use serde_json::Value;

pub use generated::MIDDLEWARES;
pub use problem::{Problem, Problems};

use crate::{
    features,
    model::{ClientMiddleware, ServerMiddleware},
    types,
};

/// What the schema says about a built-in middleware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Its name in lists.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// Whether a server's list may have it.
    pub server: bool,
    /// Whether a client's list may have it.
    pub client: bool,
    /// The feature of `carml-runtime` that brings it, if not every build has it.
    pub feature: Option<&'static str>,
    /// What a value of zero would mean, where it may not be zero.
    pub nonzero: Option<NonZero>,
    /// What applies if the list does not have it.
    pub implicit: Option<Implicit>,
    /// What it should be inside of.
    pub inside: Option<Inside>,
}

impl Facts {
    /// Whether it is in this build.
    fn is_built(&self) -> bool {
        self.feature.is_none_or(features::is_built)
    }
}

/// Why options are not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NonZero {
    /// What zero would do, such as `ends every call`.
    pub why: &'static str,
    /// A value that makes sense.
    pub example: &'static str,
}

/// What applies if a list does not have a middleware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Implicit {
    /// Its options, for people.
    pub text: &'static str,
}

/// The middleware that another one should be inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    /// Its name.
    pub middleware: &'static str,
    /// What happens otherwise.
    pub why: &'static str,
}

/// Which list a chain comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `grpc.server.middleware`
    Server,
    /// `grpc.client.middleware`
    Client,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Server, Self::Client];

    /// `server` or `client`, as in the config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    /// The JSON pointer of its list.
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::Server => "/grpc/server/middleware",
            Self::Client => "/grpc/client/middleware",
        }
    }

    fn has(self, facts: &Facts) -> bool {
        match self {
            Self::Server => facts.server,
            Self::Client => facts.client,
        }
    }
}

/// A list that keeps every rule: the steps of a chain, outermost first.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    side: Side,
    steps: Vec<Step>,
    warnings: Vec<Problem>,
}

/// A built-in middleware in the list of a side, with its options.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum BuiltIn {
    /// In `grpc.server.middleware`.
    Server(ServerMiddleware),
    /// In `grpc.client.middleware`.
    Client(ClientMiddleware),
}

impl BuiltIn {
    /// What differs from the defaults, with secrets hidden.
    fn options(&self) -> Option<Value> {
        let mut given = self.value()?;
        let side = match self {
            Self::Server(_) => Side::Server,
            Self::Client(_) => Side::Client,
        };
        // The name alone has all defaults, if it is enough.
        let alone = Self::read(side, &self.facts().name.into()).ok();
        let defaults = alone.and_then(|alone| alone.value());
        if let (Value::Object(given), Some(Value::Object(defaults))) = (&mut given, defaults) {
            given.retain(|key, value| defaults.get(key) != Some(value));
        }
        let is_empty = given.as_object().is_some_and(serde_json::Map::is_empty);
        (!is_empty).then_some(given)
    }

    fn value(&self) -> Option<Value> {
        let item = types::hidden(|| serde_json::to_value(self)).ok()?;
        options(&item).cloned()
    }

    fn read(side: Side, item: &Value) -> serde_json::Result<Self> {
        match side {
            Side::Server => ServerMiddleware::deserialize(item).map(Self::Server),
            Side::Client => ClientMiddleware::deserialize(item).map(Self::Client),
        }
    }
}

/// One step of a chain.
#[derive(Clone, PartialEq)]
pub enum Step {
    /// A built-in middleware.
    BuiltIn(BuiltIn),
    /// A middleware that the service brings, with its options.
    Custom(String, Value),
    /// A built-in middleware that applies although the list does not have it.
    Implicit(&'static Facts),
}

impl Plan {
    /// Whose calls pass through it.
    pub fn side(&self) -> Side {
        self.side
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What an operator should know of this order.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl fmt::Display for Plan {
    /// The chain on one line: `recover > timeout(5s)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.steps.iter().enumerate() {
            if n > 0 {
                f.write_str(" > ")?;
            }
            f.write_str(step.name())?;
            if let Some(options) = step.options() {
                write!(f, "({options})")?;
            }
        }
        Ok(())
    }
}

impl Step {
    /// Its name in lists.
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn(built_in) => built_in.facts().name,
            Self::Custom(name, _) => name,
            Self::Implicit(facts) => facts.name,
        }
    }

    /// What it does.
    pub fn description(&self) -> &str {
        match self {
            Self::BuiltIn(built_in) => built_in.facts().description,
            Self::Custom(..) => "A middleware of this service.",
            Self::Implicit(facts) => facts.description,
        }
    }

    /// Its options, for people: those that are not defaults, without secrets. Those of a custom
    /// middleware are not shown: they may hold secrets.
    pub fn options(&self) -> Option<String> {
        match self {
            Self::BuiltIn(built_in) => built_in.options().as_ref().map(text),
            Self::Custom(..) => None,
            Self::Implicit(facts) => facts.implicit.map(|implicit| implicit.text.to_owned()),
        }
    }
}

impl fmt::Debug for Step {
    /// Without the options of a custom middleware.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(built_in) => f.debug_tuple("BuiltIn").field(built_in).finish(),
            Self::Custom(name, _) => f.debug_tuple("Custom").field(name).finish_non_exhaustive(),
            Self::Implicit(facts) => f.debug_tuple("Implicit").field(facts).finish(),
        }
    }
}

fn text(options: &Value) -> String {
    match options {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The name of a list's item: the item itself, or its one key.
pub fn name(item: &Value) -> &str {
    let key = item.as_object().and_then(|map| map.keys().next());
    key.map_or_else(|| item.as_str().unwrap_or_default(), String::as_str)
}

/// The options of a list's item, if it has any.
pub fn options(item: &Value) -> Option<&Value> {
    item.as_object()?.values().next()
}

/// Whether this build has a middleware. A name that is not of a built-in one may be of a custom one.
pub(crate) fn is_built(name: &str) -> bool {
    let facts = MIDDLEWARES.iter().find(|facts| facts.name == name);
    facts.is_none_or(Facts::is_built)
}

/// The chain that a list describes. `custom` says which names are those of custom middlewares.
///
/// # Errors
///
/// Every rule that the list breaks.
///
/// # Examples
///
/// ```
/// use carml_config::chain::{Side, plan};
/// use serde_json::json;
///
/// let list = [json!("recover"), json!({ "timeout": "5s" })];
/// let plan = plan(Side::Server, &list, |_| false).unwrap();
/// assert_eq!(plan.to_string(), "recover > timeout(5s) > max_message_size(receive 4mib)");
///
/// let twice = [json!("recover"), json!("recover")];
/// let problems = carml_config::chain::plan(Side::Server, &twice, |_| false).unwrap_err();
/// assert_eq!(problems.to_string(), "`recover` appears twice in this chain");
/// ```
pub fn plan(side: Side, list: &[Value], custom: impl Fn(&str) -> bool) -> Result<Plan, Problems> {
    let mut steps = Vec::with_capacity(list.len() + 1);
    let mut problems = Vec::new();
    let mut places = HashMap::new();
    for (index, item) in list.iter().enumerate() {
        let name = name(item);
        let first = *places.entry(name).or_insert(index);
        if first < index {
            problems.push(Problem::Repeated {
                index,
                first,
                name: name.to_owned(),
            });
        }
        match step(side, index, item, custom(name)) {
            Ok(step) => steps.push(step),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let at = |name: &str| places.get(name).copied();
    let mut warnings = Vec::new();
    for facts in MIDDLEWARES.iter().filter(|facts| side.has(facts)) {
        let position = at(facts.name);
        if let (Some(index), Some(inside)) = (position, &facts.inside)
            && at(inside.middleware).is_some_and(|outside| index < outside)
        {
            warnings.push(Problem::Outside {
                index,
                facts,
                inside,
            });
        }
        if position.is_none() && facts.implicit.is_some() {
            steps.push(Step::Implicit(facts));
        }
    }
    Ok(Plan {
        side,
        steps,
        warnings,
    })
}

fn step(side: Side, index: usize, item: &Value, custom: bool) -> Result<Step, Problem> {
    let name = name(item);
    if custom {
        let options = options(item).cloned().unwrap_or_default();
        return Ok(Step::Custom(name.to_owned(), options));
    }
    let Some(facts) = MIDDLEWARES
        .iter()
        .find(|facts| facts.name == name && side.has(facts))
    else {
        let name = name.to_owned();
        return Err(Problem::Unknown { index, name });
    };
    if !facts.is_built() {
        return Err(Problem::NotBuilt { index, facts });
    }
    match BuiltIn::read(side, item) {
        Ok(built_in) if built_in.is_zero() => Err(Problem::Zero { index, facts }),
        Ok(built_in) => Ok(Step::BuiltIn(built_in)),
        Err(error) => Err(Problem::Options {
            index,
            name: facts.name,
            why: error.to_string(),
        }),
    }
}
