//! What the schema says about each middleware, checked.

use carml_schema::{
    Applicable, Documents, Node, ReferenceError, Scalar,
    applicable::{self, child, closure, is_required, keys},
    middlewares::{Expected, Implicit, Inside, NonZero},
};

use crate::names;

/// Why a schema does not describe middlewares.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON.
    #[error("the schema is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A reference of the schema is not a URI.
    #[error("the schema cannot be resolved: {0}")]
    Reference(#[from] ReferenceError),
    /// A part is missing, or is not what it has to be.
    #[error("`{0}`: expected {1}")]
    Expected(String, &'static str),
}

pub(super) struct Middleware<'a> {
    /// As in the list.
    pub(super) name: &'a str,
    /// As a Rust type and variant of the config.
    pub(super) variant: String,
    /// Its module: its name, unless the client's list has another one of that name.
    pub(super) module: String,
    /// The entry, among those of the schema.
    key: usize,
    pub(super) description: &'a str,
    pub(super) server: bool,
    pub(super) client: bool,
    /// Its options, for people, if it has any. Their Rust type is that of the config.
    pub(super) options: Option<String>,
    /// What brings it; without one, every build has it.
    pub(super) feature: Option<&'a str>,
    pub(super) nonzero: Option<NonZero<'a>>,
    pub(super) implicit: Option<Implicit<'a>>,
    pub(super) inside: Option<Inside<'a>>,
}

pub(super) struct Table<'a> {
    /// In the order of the server's list, then what only the client's list has.
    pub(super) middlewares: Vec<Middleware<'a>>,
}

/// The documents of a schema's text.
pub(super) fn documents(schema: &str) -> Result<Documents, Error> {
    let schema = serde_json::from_str(schema)?;
    Ok(Documents::given("grpc.json", schema, &[])?)
}

impl<'a> Table<'a> {
    pub(super) fn read(documents: &'a Documents) -> Result<Self, Error> {
        let mut middlewares: Vec<Middleware<'_>> = Vec::new();
        for side in ["server", "client"] {
            let list = documents.middleware_list(side);
            let entries: Vec<Node<'_>> = list.iter().flat_map(Node::one_of).collect();
            if entries.is_empty() {
                let at = format!("$defs with `x-carml-middleware: {side}`");
                return Err(Error::Expected(
                    at,
                    "a `oneOf` with an entry per middleware",
                ));
            }
            for (index, entry) in entries.into_iter().enumerate() {
                // An entry is a reference: both lists share it.
                let entry = applicable::references(&entry).pop().unwrap_or(entry);
                let mut found = middleware(&entry, &format!("{side}/oneOf/{index}"))?;
                let at = middlewares.iter().position(|one| one.key == found.key);
                let at = at.unwrap_or_else(|| {
                    if middlewares.iter().any(|one| one.name == found.name) {
                        found.module = format!("{side}_{}", found.name);
                    }
                    middlewares.push(found);
                    middlewares.len() - 1
                });
                match side {
                    "server" => middlewares[at].server = true,
                    _ => middlewares[at].client = true,
                }
            }
        }
        let is_named = |name: &str| middlewares.iter().any(|one| one.name == name);
        for middleware in &middlewares {
            if let Some(inside) = &middleware.inside
                && !is_named(inside.middleware)
            {
                let at = format!("{}/x-carml-inside/middleware", middleware.name);
                return Err(Error::Expected(at, "the name of a middleware"));
            }
        }
        Ok(Table { middlewares })
    }
}

fn middleware<'a>(entry: &Node<'a>, at: &str) -> Result<Middleware<'a>, Error> {
    let name = entry.middleware_name().ok_or_else(|| {
        Error::Expected(
            at.to_owned(),
            "`const`, one `required` property, or a `oneOf` of both",
        )
    })?;
    let expected = |part: &str, what| Error::Expected(format!("{name}/{part}"), what);
    let annotation = |error: Expected| expected(error.part, error.what);
    let values = entry.middleware_options();
    let nonzero = entry.nonzero().map_err(annotation)?;
    let scalar = values.iter().find_map(|part| part.node.scalar());
    if nonzero.is_some() && !matches!(scalar, Some(Scalar::Duration | Scalar::ByteSize)) {
        return Err(expected("x-carml-nonzero", "a duration or a byte size"));
    }
    let example = nonzero.map(|nonzero| nonzero.example);
    Ok(Middleware {
        name,
        variant: names::pascal(name),
        module: name.to_owned(),
        key: entry.key(),
        description: entry
            .description()
            .ok_or_else(|| expected("description", "a string"))?,
        server: false,
        client: false,
        options: (!values.is_empty()).then(|| {
            let options = options(&values, example);
            match entry.optional_options() {
                Some(_) => format!("none, or {options}"),
                None => options,
            }
        }),
        feature: entry.middleware_feature().map_err(annotation)?,
        nonzero,
        implicit: entry.implicit().map_err(annotation)?,
        inside: entry.inside().map_err(annotation)?,
    })
}

/// Options, for people: their keys, or what the value is.
fn options(values: &[Applicable<'_>], example: Option<&str>) -> String {
    let keys = keys(values).into_iter().map(|key| {
        let below = closure(child(values, key));
        match below.iter().find_map(|part| part.node.default()) {
            Some(default) => format!("`{key}`: `{default}`"),
            None if is_required(values, key) => format!("`{key}`, required"),
            None => format!("`{key}`"),
        }
    });
    let keys: Vec<String> = keys.collect();
    let keys = keys.join("; ");
    let scalar = values.iter().find(|part| part.node.scalar().is_some());
    if scalar.is_none() && !keys.is_empty() {
        return keys;
    }
    let titled = match scalar {
        Some(scalar) => scalar.node.title(),
        None => values.iter().find_map(|part| part.node.title()),
    };
    let title = titled.map_or_else(|| "a value".to_owned(), str::to_lowercase);
    let value = match example {
        Some(example) => format!("{title}: `{example}`"),
        None => title,
    };
    match &*keys {
        "" => value,
        keys => format!("{value}, or {keys}"),
    }
}
