//! A schema and the files that it refers to as one document.

use serde_json::{Map, Value, json};

use super::Documents;
use crate::{Node, draft, keywords, uri::encode};

/// The addresses of bundled files begin with this.
const PREFIX: &str = "carml://bundle/";

impl Documents {
    /// The root with the files that it refers to in its definitions, each under an `$id` of its
    /// own: what a validator needs that has CarML's own documents and no files.
    pub fn bundle_files(&self) -> Value {
        if self.documents.len() < 2 {
            return self.root().value.clone();
        }
        let mut whole = Value::Null;
        let mut files = Map::new();
        for (at, node) in self.nodes().enumerate() {
            let document = &self.documents[at];
            let mut copy = self.rebased(&node);
            if let Some(map) = copy.as_object_mut() {
                let id = self.bundled_address(at);
                map.insert(document.draft.id_keyword().to_owned(), id.into());
            }
            if at == 0 {
                whole = copy;
            } else {
                files.insert(document.name.clone(), copy);
            }
        }
        if let Some(map) = whole.as_object_mut() {
            let keyword = draft::definitions_keyword(self.draft());
            let definitions = map.entry(keyword).or_insert_with(|| Map::new().into());
            if let Some(definitions) = definitions.as_object_mut() {
                definitions.extend(files);
            }
        }
        whole
    }

    /// The `$id` of a document in the bundle. A root keeps the one that it has.
    fn bundled_address(&self, at: usize) -> String {
        let document = &self.documents[at];
        let root = self.root();
        match keywords::id(root.value).filter(|id| at == 0 && id.contains(':')) {
            Some(id) => id.to_owned(),
            None => format!("{PREFIX}{}", encode(&document.name.replace("..", "up"))),
        }
    }

    /// A copy of a schema whose references are the same from anywhere.
    fn rebased(&self, node: &Node<'_>) -> Value {
        let map = match node.value {
            Value::Object(map) => map,
            Value::Array(list) => {
                return list
                    .iter()
                    .map(|value| self.rebased(&node.below(value)))
                    .collect();
            }
            other => return other.clone(),
        };
        let copy = map.iter().map(|(key, value)| {
            let copy = match value {
                Value::String(reference) if keywords::REFERENCES.contains(&key.as_str()) => {
                    self.rebased_reference(node, reference).into()
                }
                _ if keywords::is_data(key) => value.clone(),
                value => self.rebased(&node.below(value)),
            };
            (key.clone(), copy)
        });
        Value::Object(copy.collect())
    }

    fn rebased_reference(&self, node: &Node<'_>, reference: &str) -> String {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = node.resolve(uri).filter(|_| !uri.is_empty());
        let Some(resource) = resource else {
            return reference.to_owned();
        };
        let address = match self.nodes().position(|root| root.key() == resource.key()) {
            Some(at) => self.bundled_address(at),
            None => resource.address().as_str().to_owned(),
        };
        match fragment {
            "" => address,
            fragment => format!("{address}#{fragment}"),
        }
    }

    /// The root with every document that it refers to inside and all references local: what
    /// editors and validators need that have nothing of CarML's.
    ///
    /// It accepts what a config may be written as: the key of a secret may be replaced by
    /// `KEY_file`, which names a file that holds the secret. A value that must match a pattern
    /// comes with `patternErrorMessage`, which says what to write.
    pub fn bundle(&self) -> Value {
        let root = self.root();
        let mut bundler = Bundler {
            documents: self,
            definitions: draft::definitions_keyword(self.draft()),
            names: Vec::new(),
            written: 0,
        };
        let mut bundle = bundler.copy(&root, "#");
        let mut inside = Map::new();
        while let Some((node, name)) = bundler.names.get(bundler.written).cloned() {
            bundler.written += 1;
            let base = format!("#/{}/{name}", bundler.definitions);
            let mut copy = bundler.copy(&node, &base);
            if let Some(map) = copy.as_object_mut() {
                for keyword in ["$id", "id", "$schema"] {
                    map.remove(keyword);
                }
            }
            inside.insert(name, copy);
        }
        if let (Some(map), false) = (bundle.as_object_mut(), inside.is_empty()) {
            let slot = map
                .entry(bundler.definitions)
                .or_insert_with(|| Map::new().into());
            if let Some(slot) = slot.as_object_mut() {
                slot.extend(inside);
            }
        }
        bundle
    }
}

struct Bundler<'a> {
    documents: &'a Documents,
    definitions: &'static str,
    /// Resources, with their names in the bundle.
    names: Vec<(Node<'a>, String)>,
    /// How many of them are in the bundle.
    written: usize,
}

impl<'a> Bundler<'a> {
    /// A copy of a schema with references made local; `base` is where its resource is in the
    /// bundle.
    fn copy(&mut self, node: &Node<'a>, base: &str) -> Value {
        let Value::Object(map) = node.value else {
            return node.value.clone();
        };
        let mut out = Map::new();
        for (key, value) in map {
            let copy = match value {
                Value::String(reference) if key == "$ref" => {
                    self.local(node, reference, base).into()
                }
                _ if keywords::is_data(key) => value.clone(),
                Value::Object(schemas) if keywords::is_map(key) => {
                    let copies = schemas.iter();
                    let copies = copies.map(|(name, value)| {
                        (name.clone(), self.schema(&node.below(value), node, base))
                    });
                    Value::Object(copies.collect())
                }
                Value::Array(list) => {
                    let copies = list.iter();
                    copies
                        .map(|value| self.schema(&node.below(value), node, base))
                        .collect()
                }
                value => self.schema(&node.below(value), node, base),
            };
            out.insert(key.clone(), copy);
        }
        if let Some(hint) = node.hint().filter(|_| out.contains_key("pattern")) {
            out.entry("patternErrorMessage").or_insert(hint.into());
        }
        if node.middleware().is_some() {
            self.name_alternatives(node, &mut out, base);
        }
        super::secret_files::add(node, &mut out);
        Value::Object(out)
    }

    /// Shapes the alternatives of a list of middlewares so that editors offer each once.
    ///
    /// yaml-language-server offers the title of an alternative beside its keys and constants, so
    /// they are the same; an alternative that is a reference is copied, so that they are in one
    /// place. It offers a key that is required beside it a second time, as the alternative as a
    /// whole: `required` is one level deeper, where it means the same.
    fn name_alternatives(&mut self, node: &Node<'a>, copy: &mut Map<String, Value>, base: &str) {
        let copies = copy.get_mut("oneOf").and_then(Value::as_array_mut);
        for (mut branch, copy) in node.one_of().zip(copies.into_iter().flatten()) {
            let reference = branch.rule("$ref").and_then(Value::as_str);
            let target = reference.and_then(|reference| branch.resolve(reference));
            if let Some(target) = target.filter(|t| std::ptr::eq(t.resource, node.resource)) {
                *copy = self.copy(&target, base);
                branch = target;
            }
            if let (Some(name), Some(copy)) = (branch.middleware_name(), copy.as_object_mut()) {
                self.name_alternatives(&branch, copy, base);
                copy.insert("title".to_owned(), name.into());
                if let Some(required) = copy.remove("required") {
                    let all = copy
                        .entry("allOf")
                        .or_insert_with(|| Value::Array(Vec::new()));
                    let all = all.as_array_mut().into_iter();
                    all.for_each(|all| all.push(json!({ "required": required })));
                }
            }
        }
    }

    /// A copy of a schema inside of another: a reference, if it is a resource of its own.
    fn schema(&mut self, node: &Node<'a>, around: &Node<'a>, base: &str) -> Value {
        if std::ptr::eq(node.resource, around.resource) {
            return self.copy(node, base);
        }
        let name = self.name(node);
        json!({ "$ref": format!("#/{}/{name}", self.definitions) })
    }

    /// A reference as seen in the bundle.
    fn local(&mut self, from: &Node<'a>, reference: &str, base: &str) -> String {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let whole = match from.resolve(uri).filter(|_| !uri.is_empty()) {
            Some(target) if target.key() == self.documents.root().key() => "#".to_owned(),
            Some(target) => {
                let name = self.name(&target);
                format!("#/{}/{name}", self.definitions)
            }
            None if uri.is_empty() => base.to_owned(),
            None => return reference.to_owned(),
        };
        match fragment {
            "" => whole,
            pointer if pointer.starts_with('/') => format!("{whole}{pointer}"),
            anchor => format!("#{anchor}"),
        }
    }

    /// The name of a resource in the bundle.
    fn name(&mut self, node: &Node<'a>) -> String {
        let known = self
            .names
            .iter()
            .find(|(known, _)| known.key() == node.key());
        if let Some((_, name)) = known {
            return name.clone();
        }
        let address = node.address();
        let file = address.as_str().rsplit('/').next().unwrap_or_default();
        let stem = file.strip_suffix(".json").unwrap_or(file);
        let stem: String = stem
            .chars()
            .map(|c| match c.is_ascii_alphanumeric() || c == '-' {
                true => c,
                false => '_',
            })
            .collect();
        let own = self.documents.root().value.get(self.definitions);
        let taken = |name: &str| {
            own.is_some_and(|own| own.get(name).is_some())
                || self.names.iter().any(|(_, known)| known == name)
        };
        let mut name = stem.clone();
        let mut count = 1;
        while taken(&name) {
            count += 1;
            name = format!("{stem}-{count}");
        }
        self.names.push((node.clone(), name.clone()));
        name
    }
}
