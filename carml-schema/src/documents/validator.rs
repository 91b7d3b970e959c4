//! The validator of a root, and the schemas that its errors come from.

use std::{cell::RefCell, collections::BTreeMap};

use jsonschema::{ValidationError, ValidationOptions, Validator};
use serde_json::Value;

use super::{Document, Documents};
use crate::{
    Node, keywords,
    pattern::{self, schema::make_portable},
    pointer, uri,
    validator::{SchemaValidator, Unusable},
};

impl Documents {
    /// The validator of the root. It refuses what cannot be resolved.
    ///
    /// # Errors
    ///
    /// The root is not a schema, or a reference leads nowhere.
    pub fn validator(
        &self,
        options: impl Fn() -> ValidationOptions<'static>,
    ) -> Result<SchemaValidator, Unusable> {
        if let Some(address) = self.missing.first() {
            return Err(self.unresolved(address));
        }
        if let Some(message) = &self.sanitized {
            return Err(Unusable {
                pointer: String::new(),
                message: message.clone(),
            });
        }
        let error = match self.build(options()) {
            Ok(validator) => return Ok(SchemaValidator::new(validator, BTreeMap::new())),
            Err(error) => error,
        };
        // Patterns may be of a dialect that the validator does not read as it is.
        let written = RefCell::default();
        let edit = |document: &mut Value| {
            make_portable(document, &mut written.borrow_mut());
        };
        if let Some(unusable) = self.unreadable_pattern() {
            return Err(unusable);
        }
        let Ok(portable) = self.with(self.root().value.clone(), &[], Some(&edit)) else {
            return Err(self.located(error));
        };
        let validator = portable
            .build(options())
            .map_err(|error| self.located(error))?;
        Ok(SchemaValidator::new(validator, written.into_inner()))
    }

    /// The first reference to an address that has no document.
    fn unresolved(&self, address: &str) -> Unusable {
        let name = self.display(address);
        for (document, root) in self.documents.iter().zip(self.nodes()) {
            let leads_there = |node: &Node<'_>, reference: &str| {
                let uri = reference.split('#').next().filter(|uri| !uri.is_empty());
                let target = uri.and_then(|uri| node.resolve(uri));
                target.is_some_and(|target| target.address().as_str() == address)
            };
            if let Some((at, _)) = first_reference(root, leads_there) {
                let message = format!(
                    "there is no file `{name}`, and no file beside the root has this `$id`"
                );
                return self.unusable(document, at, message);
            }
        }
        Unusable {
            pointer: String::new(),
            message: format!("there is no file `{name}`"),
        }
    }

    /// An error of the validator. It does not say where a reference is that points to nothing.
    fn located(&self, error: ValidationError<'_>) -> Unusable {
        let mut documents = self.documents.iter().zip(self.nodes());
        let dangling = documents.find_map(|(document, root)| {
            let is_dangling = |node: &Node<'_>, reference: &str| node.resolve(reference).is_none();
            let (at, reference) = first_reference(root, is_dangling)?;
            let message = uri::points_to_nothing(reference);
            Some(self.unusable(document, at, message))
        });
        let is_placed = !error.instance_path().as_str().is_empty();
        dangling
            .filter(|_| !is_placed)
            .unwrap_or_else(|| error.into())
    }

    /// The first pattern that no engine reads.
    fn unreadable_pattern(&self) -> Option<Unusable> {
        let mut documents = self.documents.iter().zip(self.nodes());
        documents.find_map(|(document, root)| {
            let (at, text) = pattern::unreadable(root.value)?;
            let message = pattern::not_readable(text);
            Some(self.unusable(document, at, message))
        })
    }

    /// A problem at a place of a document. Reports show the root; other documents are named.
    fn unusable(&self, document: &Document, at: String, message: String) -> Unusable {
        match document.address == self.documents[0].address {
            true => Unusable {
                pointer: at,
                message,
            },
            false => Unusable {
                pointer: String::new(),
                message: format!("{}#{at}: {message}", document.name),
            },
        }
    }

    fn build(&self, options: ValidationOptions<'_>) -> Result<Validator, ValidationError<'static>> {
        let root = &self.documents[0];
        options
            .with_draft(root.draft)
            .with_base_uri(root.address.as_str().to_owned())
            .with_registry(&self.registry)
            .build(self.root().value)
    }

    /// An address as its references may have it: the path of a file, where it is one.
    fn display(&self, address: &str) -> String {
        let root = self.documents[0].address.as_str();
        uri::relative(root, address).unwrap_or_else(|| address.to_owned())
    }

    /// The schema with the keyword that raised an error of the validator.
    pub fn owner(
        &self,
        validator: &SchemaValidator,
        error: &ValidationError<'_>,
    ) -> Option<Node<'_>> {
        let location = location(error);
        let (above, _) = location.rsplit_once('/')?;
        self.find(&validator.location_as_written(above))
    }

    /// The value of the keyword that an error is of, where that is a schema.
    pub fn keyword(
        &self,
        validator: &SchemaValidator,
        error: &ValidationError<'_>,
    ) -> Option<Node<'_>> {
        self.find(&validator.location_as_written(&location(error)))
    }
}

/// The first reference of a document for which a test holds, and its pointer.
fn first_reference<'a>(
    document: Node<'a>,
    is_meant: impl Fn(&Node<'a>, &str) -> bool,
) -> Option<(String, &'a str)> {
    let mut open = vec![(document, String::new())];
    while let Some((node, at)) = open.pop() {
        let mut references = keywords::REFERENCES.iter().filter_map(|keyword| {
            let reference = node.value.get(*keyword).and_then(Value::as_str)?;
            is_meant(&node, reference).then(|| (pointer::join(&at, keyword), reference))
        });
        if let Some(found) = references.next() {
            return Some(found);
        }
        match node.value {
            Value::Object(map) => {
                let below = map.iter().rev().filter(|(key, _)| !keywords::is_data(key));
                open.extend(below.map(|(key, value)| (node.below(value), pointer::join(&at, key))));
            }
            Value::Array(list) => {
                let below = list.iter().enumerate().rev();
                open.extend(below.map(|(n, value)| (node.below(value), format!("{at}/{n}"))));
            }
            _ => {}
        }
    }
    None
}

/// Where the keyword is that raised an error of the validator.
fn location(error: &ValidationError<'_>) -> String {
    match error.absolute_keyword_location() {
        Some(uri) => uri.as_str().to_owned(),
        None => format!("#{}", error.schema_path().as_str()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::Documents;

    #[test]
    fn a_reference_that_points_to_nothing_is_reported_at_its_place() {
        let draft = "http://json-schema.org/draft-07/schema#";
        for (schema, pointer, reference) in [
            (
                json!({ "properties": { "a": { "$ref": "#/definitions/no" } } }),
                "/properties/a/$ref",
                "#/definitions/no",
            ),
            (
                json!({
                    "$schema": draft,
                    "default": { "$ref": "#/data" },
                    "items": [{}, { "$ref": "#nowhere" }],
                }),
                "/items/1/$ref",
                "#nowhere",
            ),
        ] {
            let documents = Documents::given("app.json", schema, &[]).unwrap();
            let error = documents.validator(jsonschema::options).unwrap_err();
            assert_eq!(error.pointer, pointer, "{error}");
            assert_eq!(error.message, format!("`{reference}` points to nothing"));
        }
    }
}
