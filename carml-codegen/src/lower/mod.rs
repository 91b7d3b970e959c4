//! From what a schema says to the Rust types that say it.

mod check;
mod enums;
mod kinds;
mod merge;
mod names;
mod objects;
mod outcome;
mod polish;
mod shape;
mod unions;

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use crate::{
    ir::{
        schema::{Graph, Schema, SchemaId},
        types::{Docs, Named, NamedKind, Program, Type, TypeId},
    },
    options::Options,
};

pub use outcome::{Counts, Fallback};

pub(crate) struct Lowered {
    pub(crate) program: Program,
    pub(crate) counts: Counts,
    pub(crate) fallbacks: Vec<Fallback>,
}

/// Deeper than this, schemas become values: a schema of such depth is hostile.
const MAX_DEPTH: usize = 64;

/// More types than this are not defined.
const MAX_TYPES: usize = 5_000;

pub(crate) fn lower(mut graph: Graph, root: SchemaId, options: &Options) -> Lowered {
    // What extends the base config is validated before it is typed: patterns are left to that,
    // and the service does without the regex crate.
    if graph.get(root).fill {
        for schema in &mut graph.schemas {
            schema.rules.bounds.patterns.clear();
        }
    }
    let wish = options
        .root
        .clone()
        .unwrap_or_else(|| names::of(graph.get(root), options));
    let mut lowering = Lowering {
        graph,
        options,
        types: Vec::new(),
        names: BTreeSet::new(),
        owners: Vec::new(),
        known: HashMap::new(),
        nullable: BTreeSet::new(),
        merged: HashMap::new(),
        parts: HashMap::new(),
        intersections: HashMap::new(),
        fallbacks: Vec::new(),
        depth: 0,
        budget: check::BUDGET,
        allowance: 0,
    };
    let name = lowering.reserve(&wish);
    let root = lowering.rooted(root, &name);
    let program = Program {
        types: lowering.types.into_iter().flatten().collect(),
        root,
        root_name: name,
        derives: options.derives.clone(),
    };
    let program = polish::polish(program);
    let enums = program
        .types
        .iter()
        .filter(|ty| !matches!(ty.kind, NamedKind::Struct(_) | NamedKind::Wrapper(_)))
        .count();
    Lowered {
        counts: Counts {
            structs: program.types.len() - enums,
            enums,
        },
        program,
        fallbacks: lowering.fallbacks,
    }
}

struct Lowering<'a> {
    graph: Graph,
    options: &'a Options,
    /// `None` while a type is being worked out, so that it can refer to itself.
    types: Vec<Option<Named>>,
    names: BTreeSet<String>,
    /// The names of the types around the one that is being worked out.
    owners: Vec<String>,
    known: HashMap<SchemaId, Type>,
    /// Those of which null is one value, while they are worked out.
    nullable: BTreeSet<SchemaId>,
    merged: HashMap<SchemaId, Rc<Schema>>,
    /// What a schema made of others is made of, and the other way around.
    parts: HashMap<SchemaId, Vec<SchemaId>>,
    intersections: HashMap<Vec<SchemaId>, SchemaId>,
    fallbacks: Vec<Fallback>,
    depth: usize,
    /// How many more parts the tests of the module may have.
    budget: usize,
    /// And those of the type at hand.
    allowance: usize,
}

impl Lowering<'_> {
    fn rooted(&mut self, id: SchemaId, name: &str) -> Type {
        let schema = self.merge(id);
        let either = self.either(&schema);
        let union = either.as_ref().unwrap_or(&schema);
        let plain =
            !self.is_nullable(&schema) && !self.is_loose(&schema) && !self.is_loose_union(union);
        let inner = if plain {
            name.to_owned()
        } else {
            // The name stays for the whole, null and other kinds included.
            self.reserve(&format!("{name}Value"))
        };
        let ty = self.shape(id, &schema, Some(&inner));
        let rules = self.root_rules(id, &ty);
        if rules.is_empty() {
            return ty;
        }
        self.types.push(Some(Named {
            name: name.to_owned(),
            chosen: true,
            docs: docs(&schema),
            kind: NamedKind::Wrapper(ty),
            rules,
        }));
        Type::Named(TypeId(self.types.len() - 1))
    }

    fn ty(&mut self, id: SchemaId) -> Type {
        if let Some(ty) = self.known.get(&id) {
            return ty.clone();
        }
        if self.depth >= MAX_DEPTH {
            return self.fall_back(id, "it is nested too deeply".to_owned());
        }
        if self.types.len() >= MAX_TYPES {
            return self.fall_back(id, "the schema has too many types".to_owned());
        }
        self.depth += 1;
        let ty = self.work_out(id);
        self.depth -= 1;
        self.known.insert(id, ty.clone());
        ty
    }

    fn work_out(&mut self, id: SchemaId) -> Type {
        if let Some(ty) = self.foreign(self.graph.get(id)) {
            return ty;
        }
        if let Some(target) = self.alias(id) {
            // A chain of references that comes back to itself says nothing.
            if self.comes_back(id) {
                return self.fall_back(id, "the reference leads back to itself".to_owned());
            }
            return self.ty(target);
        }
        let schema = self.merge(id);
        self.foreign(&schema)
            .unwrap_or_else(|| self.shape(id, &schema, None))
    }

    fn comes_back(&self, id: SchemaId) -> bool {
        let mut seen = BTreeSet::from([id]);
        let mut at = id;
        while let Some(next) = self.alias(at) {
            if !seen.insert(next) {
                return true;
            }
            at = next;
        }
        false
    }

    /// A type that another crate gives.
    fn foreign(&self, schema: &Schema) -> Option<Type> {
        if let Some(scalar) = &schema.scalar {
            let name = match scalar.as_str() {
                "duration" => "Duration",
                "byte-size" => "ByteSize",
                "secret" => "Secret",
                "endpoint" => "Endpoint",
                "base64" => "Base64",
                "pem" => "Pem",
                _ => return None,
            };
            return Some(Type::Extern {
                path: format!("{}::{name}", self.options.scalars),
                text: true,
            });
        }
        let rust_type = schema.rust_type.as_ref()?;
        self.options
            .crates
            .contains(&rust_type.krate)
            .then(|| Type::Extern {
                path: format!("::{}", rust_type.path),
                text: false,
            })
    }

    fn fall_back(&mut self, id: SchemaId, reason: String) -> Type {
        let pointer = self.graph.get(id).place.clone();
        self.fallbacks.push(Fallback { pointer, reason });
        Type::Any
    }

    /// A name that no other type has: the wished one, else with the owner's before it, else with
    /// a number behind it.
    fn reserve(&mut self, wish: &str) -> String {
        let owned = self
            .owners
            .last()
            .filter(|owner| !wish.starts_with(owner.as_str()))
            .map(|owner| format!("{owner}{wish}"));
        let last = owned.clone().unwrap_or_else(|| wish.to_owned());
        let numbered = (2..).map(|count| format!("{last}{count}"));
        let mut wishes = [wish.to_owned()].into_iter().chain(owned).chain(numbered);
        let name = wishes.find(|name| !names::is_taken(name) && !self.names.contains(name));
        let name = name.unwrap_or_default();
        self.names.insert(name.clone());
        name
    }

    /// Defines a type whose parts may refer to it.
    fn define(
        &mut self,
        id: SchemaId,
        schema: &Schema,
        name: Option<&str>,
        branches: &[SchemaId],
        kind: impl FnOnce(&mut Self, &str) -> NamedKind,
    ) -> Type {
        let name = match name {
            Some(name) => name.to_owned(),
            None => self.reserve(&names::of(schema, self.options)),
        };
        let ty = TypeId(self.types.len());
        self.types.push(None);
        let mut seen = Type::Named(ty);
        if self.is_loose(schema) || self.is_loose_union(schema) {
            seen = Type::Loose(Box::new(seen));
        }
        if self.nullable.contains(&id) {
            seen = Type::Option(Box::new(seen));
        }
        self.known.insert(id, seen);
        self.owners.push(name.clone());
        let kind = kind(self, &name);
        self.owners.pop();
        let rules = self.rules(schema, &kind, branches);
        self.types[ty.0] = Some(Named {
            chosen: names::is_chosen(schema),
            docs: docs(schema).beside(&name),
            name,
            kind,
            rules,
        });
        Type::Named(ty)
    }
}

/// What a schema's doc comment says.
fn docs(schema: &Schema) -> Docs {
    let about = &schema.about;
    Docs {
        text: about.description.clone().or_else(|| about.title.clone()),
        examples: about.examples.clone(),
        default: None,
    }
}
