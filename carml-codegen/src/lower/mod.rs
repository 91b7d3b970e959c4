//! From what a schema says to the Rust types that say it.

mod boxes;
mod merge;
mod names;
mod shape;

use std::collections::{BTreeSet, HashMap};

use crate::{
    ir::{
        schema::{Graph, Kind, Schema, SchemaId},
        types::{Named, NamedKind, Program, Struct, Type, TypeId},
    },
    schema::{Counts, Fallback, Options},
};

pub(crate) struct Lowered {
    pub(crate) program: Program,
    pub(crate) counts: Counts,
    pub(crate) fallbacks: Vec<Fallback>,
}

/// Deeper than this, anonymous schemas become values: a schema of such depth is hostile.
const MAX_DEPTH: usize = 64;

pub(crate) fn lower(graph: &Graph, root: SchemaId, options: &Options) -> Lowered {
    let mut lowering = Lowering {
        graph,
        options,
        types: Vec::new(),
        names: BTreeSet::new(),
        known: HashMap::new(),
        fallbacks: Vec::new(),
        depth: 0,
    };
    let schema = graph.get(root);
    let name = options
        .root
        .clone()
        .unwrap_or_else(|| names::of(schema, options));
    let name = lowering.reserve(&name);
    let root = lowering.rooted(root, &name);
    let mut types: Vec<Named> = lowering.types.into_iter().flatten().collect();
    boxes::insert(&mut types);
    let enums = types
        .iter()
        .filter(|ty| !matches!(ty.kind, NamedKind::Struct(_)))
        .count();
    Lowered {
        counts: Counts {
            structs: types.len() - enums,
            enums,
        },
        program: Program {
            types,
            root,
            root_name: name,
        },
        fallbacks: lowering.fallbacks,
    }
}

struct Lowering<'a> {
    graph: &'a Graph,
    options: &'a Options,
    /// `None` while a type is being worked out, so that it can refer to itself.
    types: Vec<Option<Named>>,
    names: BTreeSet<String>,
    known: HashMap<SchemaId, Type>,
    fallbacks: Vec<Fallback>,
    depth: usize,
}

impl Lowering<'_> {
    fn rooted(&mut self, id: SchemaId, name: &str) -> Type {
        let merged = match self.merge(id) {
            Ok(schema) => schema,
            Err(reason) => return self.fall_back(id, reason),
        };
        if self.is_nullable(&merged) {
            // The name stays for the whole, null included.
            let inner = self.reserve(&format!("{name}Value"));
            return self.shape(id, &merged, Some(&inner));
        }
        self.shape(id, &merged, Some(name))
    }

    fn ty(&mut self, id: SchemaId) -> Type {
        if let Some(ty) = self.known.get(&id) {
            return ty.clone();
        }
        if self.depth >= MAX_DEPTH {
            return self.fall_back(id, "it is nested too deeply".to_owned());
        }
        self.depth += 1;
        let ty = self.work_out(id);
        self.depth -= 1;
        self.known.insert(id, ty.clone());
        ty
    }

    fn work_out(&mut self, id: SchemaId) -> Type {
        let schema = self.graph.get(id);
        if let Some(ty) = self.foreign(schema) {
            return ty;
        }
        if let Some(target) = schema.reference
            && merge::is_bare(schema)
        {
            // A chain of references that comes back to itself says nothing.
            if self.reaches_itself(id) {
                return self.fall_back(id, "the reference leads back to itself".to_owned());
            }
            return self.ty(target);
        }
        match self.merge(id) {
            Ok(merged) => self
                .foreign(&merged)
                .unwrap_or_else(|| self.shape(id, &merged, None)),
            Err(reason) => self.fall_back(id, reason),
        }
    }

    fn reaches_itself(&self, id: SchemaId) -> bool {
        let mut seen = BTreeSet::from([id]);
        let mut at = id;
        while let Some(next) = self
            .graph
            .get(at)
            .reference
            .filter(|_| merge::is_bare(self.graph.get(at)))
        {
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

    /// A name that no other type has: the wished one, else with a number behind it.
    fn reserve(&mut self, wish: &str) -> String {
        let mut name = wish.to_owned();
        let mut count = 1;
        while names::is_taken(&name) || !self.names.insert(name.clone()) {
            count += 1;
            name = format!("{wish}{count}");
        }
        name
    }

    /// Defines a type whose parts may refer to it.
    fn define(
        &mut self,
        id: SchemaId,
        schema: &Schema,
        name: Option<&str>,
        kind: impl FnOnce(&mut Self, &str) -> NamedKind,
    ) -> Type {
        let name = match name {
            Some(name) => name.to_owned(),
            None => self.reserve(&names::of(schema, self.options)),
        };
        let ty = TypeId(self.types.len());
        self.types.push(None);
        self.known.insert(id, Type::Named(ty));
        let kind = kind(self, &name);
        self.types[ty.0] = Some(Named {
            name,
            docs: schema.description.clone().or_else(|| schema.title.clone()),
            kind,
        });
        Type::Named(ty)
    }

    fn structure(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        self.define(id, schema, name, |this, _| {
            NamedKind::Struct(Struct {
                fields: this.fields(schema),
                extra: this.extra(schema),
            })
        })
    }
}

/// The only type beside null.
fn only(schema: &Schema) -> Option<Kind> {
    let mut kinds = schema
        .types
        .iter()
        .copied()
        .filter(|kind| *kind != Kind::Null);
    let first = kinds.next()?;
    kinds.next().is_none().then_some(first)
}
