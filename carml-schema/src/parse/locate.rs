//! Where a schema is: its document, as reports name it, and its pointer.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::Place;
use crate::{Documents, Node, pointer, subschemas::walk, uri::decode};

pub(super) struct Locator<'a> {
    documents: &'a Documents,
    /// The names of whole documents.
    roots: HashMap<usize, String>,
    /// Resources that a reference has reached, by their addresses.
    reached: BTreeMap<String, Node<'a>>,
    /// Every value of the documents; made when a reference does not say where its target is.
    index: Option<HashMap<usize, Place>>,
}

impl<'a> Locator<'a> {
    pub(super) fn new(documents: &'a Documents) -> Self {
        let names = documents.documents().iter().map(|document| &document.name);
        let roots = documents.nodes().zip(names);
        Self {
            documents,
            roots: roots
                .map(|(root, name)| (root.key(), name.clone()))
                .collect(),
            reached: BTreeMap::new(),
            index: None,
        }
    }

    /// Notes that a reference has reached a resource.
    pub(super) fn reach(&mut self, resource: &Node<'a>) {
        let address = resource.address();
        if !self.reached.contains_key(address.as_str()) {
            self.reached
                .insert(address.as_str().to_owned(), resource.clone());
        }
    }

    /// The place of a target whose reference names a resource and a fragment.
    pub(super) fn place(
        &mut self,
        target: &Node<'_>,
        resource: &Node<'_>,
        fragment: &str,
    ) -> Place {
        let is_pointer = fragment.is_empty() || fragment.starts_with('/');
        let root = self.roots.get(&resource.key());
        if let (true, Some(name), true) = (is_pointer, root, target.value.is_object()) {
            let pointer = decode(fragment);
            if resource
                .value
                .pointer(&pointer)
                .is_some_and(|found| std::ptr::eq(found, target.value))
            {
                return Place {
                    document: name.clone(),
                    pointer,
                };
            }
        }
        if let Some(place) = self.index().get(&target.key()) {
            return place.clone();
        }
        Place {
            document: resource.address().as_str().to_owned(),
            pointer: if is_pointer {
                decode(fragment)
            } else {
                format!("/{fragment}")
            },
        }
    }

    /// Where a dynamic reference leads whose first target is given: to the same anchor of the
    /// root, which every way begins with; `None` if other schemas have it too.
    pub(super) fn outermost(&mut self, first: &Node<'a>, anchor: &str) -> Option<Node<'a>> {
        let is = |schema: &Map<String, Value>| match anchor {
            "" => schema.get("$recursiveAnchor") == Some(&Value::Bool(true)),
            name => schema.get("$dynamicAnchor").and_then(Value::as_str) == Some(name),
        };
        if !first.value.as_object().is_some_and(is) {
            return Some(first.clone());
        }
        self.index();
        let root = self.documents.root();
        let mut count = 0;
        let mut outermost = None;
        let mut documents: Vec<&Value> = self.documents.nodes().map(|node| node.value).collect();
        // A resource of a local document has been counted with it.
        let index = self.index.as_ref();
        let is_local = |node: &Node<'_>| index.is_some_and(|index| index.contains_key(&node.key()));
        let reached = self.reached.values().filter(|node| !is_local(node));
        documents.extend(reached.map(|node| node.value));
        for document in documents {
            walk(
                document,
                std::ptr::eq(document, root.value),
                |schema, pointer, own| {
                    let own = own && (pointer.is_empty() || !schema.contains_key("$id"));
                    if is(schema) {
                        count += 1;
                        if own && outermost.is_none() {
                            outermost = Some(pointer.to_owned());
                        }
                    }
                    Some(own)
                },
            );
        }
        match outermost {
            Some(pointer) => Some(root.below(root.value.pointer(&pointer)?)),
            None => (count == 1).then(|| first.clone()),
        }
    }

    fn index(&mut self) -> &HashMap<usize, Place> {
        self.index.get_or_insert_with(|| {
            let mut index = HashMap::new();
            for (node, document) in self.documents.nodes().zip(self.documents.documents()) {
                let mut open = vec![(node.value, String::new())];
                while let Some((value, at)) = open.pop() {
                    match value {
                        Value::Object(map) => open.extend(
                            map.iter()
                                .map(|(key, value)| (value, pointer::join(&at, key))),
                        ),
                        Value::Array(list) => open.extend(
                            list.iter()
                                .enumerate()
                                .map(|(n, value)| (value, format!("{at}/{n}"))),
                        ),
                        _ => {}
                    }
                    let place = Place {
                        document: document.name.clone(),
                        pointer: at,
                    };
                    index.insert(std::ptr::from_ref(value).addr(), place);
                }
            }
            index
        })
    }
}
