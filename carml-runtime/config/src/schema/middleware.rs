//! Middlewares of the user's own, joined to the server's list.

use super::{Schema, section::close};
use carml_diagnostic::{Code, Diagnostic, Report};
use serde_json::{Value, json};

impl Schema {
    /// The same schema with a middleware more that `grpc.server.middleware` may list: `NAME: options`, or `NAME` alone
    /// if the options are `()`. The options are checked as their type has them.
    ///
    /// # Errors
    /// If there is a middleware of this name already, or the options' schema does not fit.
    pub fn with_middleware<O: schemars::JsonSchema>(
        &self,
        name: &'static str,
    ) -> Result<Schema, Report> {
        if self.known_middleware(name) {
            let message = format!("the middleware `{name}` is there already");
            let fault = Diagnostic::error(Code::Middleware, message);
            return Err(fault.help("give the middleware a name of its own").into());
        }
        let mut options = schemars::schema_for!(O).to_value();
        close(&mut options);
        let id = format!("carml://middleware/{name}.json");
        let mut siblings = self.0.documents.siblings();
        let branch = if options.get("type") == Some(&"null".into()) {
            json!({ "title": name, "const": name })
        } else {
            if let Some(map) = options.as_object_mut() {
                map.insert("$id".to_owned(), id.clone().into());
            }
            siblings.push((id.clone(), options));
            json!({
                "title": name,
                "type": "object",
                "required": [name],
                "additionalProperties": false,
                "properties": { name: { "$ref": id } },
            })
        };
        let mut added = self.0.added.clone();
        added.middlewares.push((name, branch));
        let root = self.0.root.clone();
        Schema::build(&self.0.name, root, &siblings, added).map_err(|fault| Report::from(*fault))
    }

    fn known_middleware(&self, name: &str) -> bool {
        let parts = self.at("/grpc/server/middleware/0");
        parts.iter().any(|part| {
            let value = part.node.value;
            value.get("const").and_then(Value::as_str) == Some(name)
                || value.pointer("/required/0").and_then(Value::as_str) == Some(name)
        })
    }

    /// The names of the middlewares that were added.
    pub(crate) fn own_middlewares(&self) -> impl Iterator<Item = &'static str> {
        self.0.added.middlewares.iter().map(|(name, _)| *name)
    }
}

/// Adds the branches to each list of the server's middlewares in a document.
pub(super) fn add(document: &mut Value, branches: &[(&'static str, Value)]) {
    match document {
        Value::Object(map) => {
            if map.get("x-carml-middleware") == Some(&"server".into())
                && let Some(Value::Array(known)) = map.get_mut("oneOf")
            {
                for (_, branch) in branches {
                    if !known.contains(branch) {
                        known.push(branch.clone());
                    }
                }
            }
            map.values_mut().for_each(|below| add(below, branches));
        }
        Value::Array(list) => list.iter_mut().for_each(|below| add(below, branches)),
        _ => {}
    }
}
