//! From a schema to the Rust types that express it.

mod budget;
mod constraints;
mod convert;
mod enums;
mod instance_type;
mod merge;
mod names;
mod objects;
mod outcome;
mod passes;
mod secrets;
mod unions;

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

pub(crate) use self::outcome::InvalidDefault;
pub use self::outcome::{Counts, Fallback};
use self::{budget::Budget, passes::any_integers, secrets::Secrets};
use crate::{
    ir::{
        schema::{Graph, Schema, SchemaId},
        types::{Docs, Named, NamedKind, Program, Type, TypeId},
    },
    options::Options,
};

pub(crate) struct Lowered {
    pub(crate) program: Program,
    pub(crate) counts: Counts,
    pub(crate) fallbacks: Vec<Fallback>,
}

/// Deeper schemas become values: nobody writes them by hand.
const MAX_DEPTH: usize = 64;

/// The most types that are defined.
const MAX_TYPES: usize = 5_000;

/// Finds the types. Documents that are `validated` before they are read need no constraints.
///
/// # Errors
///
/// Defaults that would be filled in, but are not valid.
pub(crate) fn lower(
    graph: Graph,
    root: SchemaId,
    validated: bool,
    options: &Options,
) -> Result<Lowered, Vec<InvalidDefault>> {
    let preferred = options
        .root
        .clone()
        .unwrap_or_else(|| names::of(graph.get(root), options));
    let mut lowering = Lowering {
        secrets: Secrets::of(&graph),
        graph,
        options,
        validated,
        types: Vec::new(),
        names: BTreeSet::new(),
        owners: Vec::new(),
        known: HashMap::new(),
        nullable: BTreeSet::new(),
        merged: HashMap::new(),
        parts: HashMap::new(),
        intersections: HashMap::new(),
        fragments: BTreeSet::new(),
        fallbacks: Vec::new(),
        invalid_defaults: Vec::new(),
        depth: 0,
        budget: Budget::new(),
    };
    let name = lowering.reserve(&preferred);
    let root = lowering.convert_root(root, &name);
    if !lowering.invalid_defaults.is_empty() {
        return Err(lowering.invalid_defaults);
    }
    let program = Program {
        types: lowering.types.into_iter().flatten().collect(),
        root,
        root_name: name,
        derives: options.derives.clone(),
        secret: validated.then(|| format!("{}::Secret", options.scalars)),
    };
    let program = passes::run(program);
    let enums = program
        .types
        .iter()
        .filter(|ty| !matches!(ty.kind, NamedKind::Struct(_) | NamedKind::Wrapper(_)))
        .count();
    Ok(Lowered {
        counts: Counts {
            structs: program.types.len() - enums,
            enums,
        },
        program,
        fallbacks: lowering.fallbacks,
    })
}

struct Lowering<'a> {
    graph: Graph,
    secrets: Secrets,
    options: &'a Options,
    /// Documents are validated before they are read.
    validated: bool,
    /// `None` while a type is being converted, so that it can refer to itself.
    types: Vec<Option<Named>>,
    names: BTreeSet<String>,
    /// The names of the types around the one that is being converted.
    owners: Vec<String>,
    known: HashMap<SchemaId, Type>,
    /// Schemas that allow null, while they are converted.
    nullable: BTreeSet<SchemaId>,
    merged: HashMap<SchemaId, Rc<Schema>>,
    /// The parts of a schema that was made from others, and the reverse.
    parts: HashMap<SchemaId, Vec<SchemaId>>,
    intersections: HashMap<Vec<SchemaId>, SchemaId>,
    /// Schemas without the keywords that are beside them: what is unevaluated is not known yet.
    fragments: BTreeSet<SchemaId>,
    fallbacks: Vec<Fallback>,
    invalid_defaults: Vec<InvalidDefault>,
    depth: usize,
    budget: Budget,
}

impl Lowering<'_> {
    fn convert_root(&mut self, id: SchemaId, name: &str) -> Type {
        let schema = self.merge(id);
        let conditional_union = self.conditional_union(&schema);
        let union = conditional_union.as_ref().unwrap_or(&schema);
        let plain = !self.is_nullable(&schema)
            && !self.is_untyped_object(&schema)
            && !self.is_untyped_union(union);
        let inner = if plain {
            name.to_owned()
        } else {
            // The name is for the whole, with null and other types.
            self.reserve(&format!("{name}Value"))
        };
        let ty = self.convert_merged(id, &schema, Some(&inner));
        if self.is_secret(id) {
            self.mask_fields(&ty);
        }
        if self
            .root_constraints(id, &any_integers::in_alias(&ty))
            .is_empty()
        {
            return ty;
        }
        let constraints = self.root_constraints(id, &ty);
        self.types.push(Some(Named {
            name: name.to_owned(),
            chosen: true,
            docs: docs(&schema),
            kind: NamedKind::Wrapper(ty),
            constraints,
        }));
        Type::Named(TypeId(self.types.len() - 1))
    }

    /// A root has to be a type of the module: of one that is secret, each field is masked.
    fn mask_fields(&mut self, root: &Type) {
        if let Type::Named(id) = root
            && let Some(named) = &mut self.types[id.0]
            && let NamedKind::Struct(structure) = &mut named.kind
        {
            for field in &mut structure.fields {
                field.ty = std::mem::replace(&mut field.ty, Type::Any).masked();
            }
        }
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
        let ty = self.convert(id);
        let ty = self.masked_if_secret(id, ty);
        self.depth -= 1;
        self.known.insert(id, ty.clone());
        ty
    }

    fn convert(&mut self, id: SchemaId) -> Type {
        if let Some(ty) = self.external_type(self.graph.get(id)) {
            return ty;
        }
        if let Some(target) = self.alias(id) {
            if self.is_reference_cycle(id) {
                return self.fall_back(id, "the reference leads back to itself".to_owned());
            }
            return self.ty(target);
        }
        let schema = self.merge(id);
        self.external_type(&schema)
            .unwrap_or_else(|| self.convert_merged(id, &schema, None))
    }

    fn is_reference_cycle(&self, id: SchemaId) -> bool {
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
    fn external_type(&self, schema: &Schema) -> Option<Type> {
        if let Some(scalar) = schema.scalar {
            return Some(Type::Extern {
                path: format!("{}::{}", self.options.scalars, scalar.type_name()),
                scalar: Some(scalar),
            });
        }
        let rust_type = schema.rust_type.as_ref()?;
        self.options
            .crates
            .contains(&rust_type.krate)
            .then(|| Type::Extern {
                path: format!("::{}", rust_type.path),
                scalar: None,
            })
    }

    fn fall_back(&mut self, id: SchemaId, reason: String) -> Type {
        let pointer = self.graph.get(id).place.clone();
        self.fallbacks.push(Fallback { pointer, reason });
        Type::Any
    }

    /// A name that no other type has: the preferred one, else prefixed with the owner's, else with
    /// a number as suffix.
    fn reserve(&mut self, preferred: &str) -> String {
        let owned = self
            .owners
            .last()
            .filter(|owner| !preferred.starts_with(owner.as_str()))
            .map(|owner| format!("{owner}{preferred}"));
        let last = owned.clone().unwrap_or_else(|| preferred.to_owned());
        let numbered = (2..).map(|count| format!("{last}{count}"));
        let mut candidates = [preferred.to_owned()]
            .into_iter()
            .chain(owned)
            .chain(numbered);
        let own_secret = self.secrets.any() && !self.validated;
        let is_free = |name: &String| {
            let taken = names::is_taken(name) || own_secret && name == names::SECRET;
            !taken && !self.names.contains(name)
        };
        let name = candidates.find(is_free);
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
        if self.is_untyped_object(schema) || self.is_untyped_union(schema) {
            seen = Type::ObjectOr(Box::new(seen));
        }
        if self.nullable.contains(&id) {
            seen = Type::Option(Box::new(seen));
        }
        self.known.insert(id, seen);
        self.owners.push(name.clone());
        let kind = kind(self, &name);
        self.owners.pop();
        let constraints = self.constraints(schema, &kind, branches);
        self.types[ty.0] = Some(Named {
            chosen: names::is_chosen(schema),
            docs: docs(schema).beside(&name),
            name,
            kind,
            constraints,
        });
        Type::Named(ty)
    }
}

/// The doc comment of a schema.
fn docs(schema: &Schema) -> Docs {
    let about = &schema.about;
    Docs {
        text: about.description.clone().or_else(|| about.title.clone()),
        examples: about.examples.clone(),
        default: None,
    }
}
