//! What the schema says of each middleware, checked.

use heck::ToUpperCamelCase as _;
use serde_json::Value;

/// Why a schema does not describe middlewares.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON.
    #[error("the schema is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A part is missing, or is not what it has to be.
    #[error("`{0}`: expected {1}")]
    Expected(String, &'static str),
}

/// The options of a middleware, in the list and in Rust.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Options {
    None,
    Duration,
    ByteSize,
}

/// An annotation on a value of zero.
pub(super) struct NonZero {
    pub(super) why: String,
    pub(super) example: String,
}

/// What applies if the list does not name the middleware.
pub(super) struct Implicit {
    pub(super) value: u64,
    pub(super) text: String,
}

/// The middleware that this one should be inside.
pub(super) struct Inside {
    pub(super) middleware: String,
    pub(super) why: String,
}

pub(super) struct Middleware {
    /// As in the list: the name of its module, too.
    pub(super) name: String,
    /// As a Rust type and variant.
    pub(super) variant: String,
    pub(super) description: String,
    pub(super) server: bool,
    pub(super) client: bool,
    pub(super) options: Options,
    pub(super) nonzero: Option<NonZero>,
    pub(super) implicit: Option<Implicit>,
    pub(super) inside: Option<Inside>,
}

pub(super) struct Table {
    /// In the order of the server's list, then what only the client's list has.
    pub(super) middlewares: Vec<Middleware>,
}

impl Table {
    pub(super) fn parse(schema: &str) -> Result<Self, Error> {
        let root: Value = serde_json::from_str(schema)?;
        let mut middlewares: Vec<Middleware> = Vec::new();
        for side in ["server", "client"] {
            let list = list(&root, side)?;
            for entry in list {
                let found = middleware(&root, entry)?;
                let at = middlewares.iter().position(|one| one.name == found.name);
                let at = at.unwrap_or_else(|| {
                    middlewares.push(found);
                    middlewares.len() - 1
                });
                match side {
                    "server" => middlewares[at].server = true,
                    _ => middlewares[at].client = true,
                }
            }
        }
        let table = Table { middlewares };
        for middleware in &table.middlewares {
            if let Some(inside) = &middleware.inside
                && table.named(&inside.middleware).is_none()
            {
                let at = format!("{}/x-carml-inside/middleware", middleware.name);
                return Err(Error::Expected(at, "the name of a middleware"));
            }
        }
        Ok(table)
    }

    fn named(&self, name: &str) -> Option<&Middleware> {
        self.middlewares.iter().find(|one| one.name == name)
    }
}

/// The entries of one side's list.
fn list<'a>(root: &'a Value, side: &str) -> Result<&'a [Value], Error> {
    let definitions = root["$defs"].as_object();
    let list = definitions
        .into_iter()
        .flat_map(serde_json::Map::values)
        .find(|definition| definition["x-carml-middleware"] == side)
        .and_then(|definition| definition["oneOf"].as_array());
    list.map(Vec::as_slice).ok_or_else(|| {
        let at = format!("$defs with `x-carml-middleware: {side}`");
        Error::Expected(at, "a `oneOf` with an entry per middleware")
    })
}

fn middleware(root: &Value, entry: &Value) -> Result<Middleware, Error> {
    let reference = entry["$ref"].as_str().unwrap_or_default();
    let entry = reference
        .strip_prefix('#')
        .and_then(|pointer| root.pointer(pointer))
        .ok_or_else(|| Error::Expected(reference.to_owned(), "a reference to an entry of $defs"))?;
    let name = entry["const"].as_str().or(entry["required"][0].as_str());
    let name = name.ok_or_else(|| {
        Error::Expected(reference.to_owned(), "`const`, or one `required` property")
    })?;
    let expected = |part: &str, what| Error::Expected(format!("{name}/{part}"), what);
    let text = |part: &Value, at: &str| {
        let found = part.as_str().map(str::to_owned);
        found.ok_or_else(|| expected(at, "a string"))
    };
    let options = match &entry["properties"][name]["$ref"] {
        Value::Null if entry["const"].is_string() => Options::None,
        Value::String(reference) if reference == "types.json#/$defs/duration" => Options::Duration,
        Value::String(reference) if reference == "types.json#/$defs/byte_size" => Options::ByteSize,
        _ => return Err(expected("properties", "a duration or a byte size")),
    };
    let nonzero = match &entry["x-carml-nonzero"] {
        Value::Null => None,
        nonzero => Some(NonZero {
            why: text(&nonzero["why"], "x-carml-nonzero/why")?,
            example: text(&nonzero["example"], "x-carml-nonzero/example")?,
        }),
    };
    if nonzero.is_some() && options == Options::None {
        return Err(expected("x-carml-nonzero", "options that can be zero"));
    }
    let implicit = match &entry["x-carml-implicit"] {
        Value::Null => None,
        implicit => Some(Implicit {
            value: implicit["value"]
                .as_u64()
                .ok_or_else(|| expected("x-carml-implicit/value", "an integer"))?,
            text: text(&implicit["text"], "x-carml-implicit/text")?,
        }),
    };
    let inside = match &entry["x-carml-inside"] {
        Value::Null => None,
        inside => Some(Inside {
            middleware: text(&inside["middleware"], "x-carml-inside/middleware")?,
            why: text(&inside["why"], "x-carml-inside/why")?,
        }),
    };
    Ok(Middleware {
        name: name.to_owned(),
        variant: name.to_upper_camel_case(),
        description: text(&entry["description"], "description")?,
        server: false,
        client: false,
        options,
        nonzero,
        implicit,
        inside,
    })
}
