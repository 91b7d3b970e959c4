//! Merges types with the same definition, and removes those that nothing uses.

use std::collections::HashMap;

use super::{scalar_unions, visit};
use crate::ir::{
    constraint::Constraint,
    types::{Docs, Named, NamedKind, Program, Type, TypeId},
};

/// Definitions of at least this size are not equal by chance.
const MIN_SIZE: usize = 6;

pub(super) fn run(program: &mut Program) {
    // Merging two types can make those that use them the same.
    while merge_once(program) {}
    drop_unused(program);
}

fn merge_once(program: &mut Program) -> bool {
    let mut first: HashMap<Key, usize> = HashMap::new();
    let mut target: Vec<usize> = (0..program.types.len()).collect();
    for (index, named) in program.types.iter().enumerate() {
        let own = matches!(program.root, Type::Named(root) if root.0 == index);
        let twin = *first.entry(Key::new(named, index)).or_insert(index);
        if !own {
            target[index] = twin;
        }
    }
    if target
        .iter()
        .enumerate()
        .all(|(index, twin)| index == *twin)
    {
        return false;
    }
    scalar_unions::name(&mut program.types, &target, &program.root_name);
    redirect(program, &target);
    for named in &mut program.types {
        if let NamedKind::Untagged(alternatives) = &mut named.kind {
            let mut seen = Vec::new();
            alternatives.retain(|alternative| {
                let new = !seen.contains(&alternative.ty);
                if new {
                    seen.push(alternative.ty.clone());
                }
                new
            });
        }
    }
    let kept: Vec<bool> = target
        .iter()
        .enumerate()
        .map(|(at, to)| at == *to)
        .collect();
    keep(program, &kept);
    true
}

/// Two types with the same key become one. It has everything but the names and docs of types.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    kind: NamedKind,
    constraints: Vec<Constraint>,
    /// Set for short definitions: they may be equal by chance, unless their names are alike too.
    name: Option<String>,
}

/// A reference of a type to itself, in a key.
const ITSELF: TypeId = TypeId(usize::MAX);

impl Key {
    fn new(named: &Named, index: usize) -> Self {
        let mut plain = named.clone();
        remove_docs(&mut plain.kind);
        visit::uses(&mut plain, &mut |id| {
            if id.0 == index {
                *id = ITSELF;
            }
        });
        let by_name = !scalar_unions::is_plain(named)
            && (named.chosen || size(&plain.kind, &plain.constraints) < MIN_SIZE);
        let base = named.name.trim_end_matches(|c: char| c.is_ascii_digit());
        Self {
            kind: plain.kind,
            constraints: plain.constraints,
            name: by_name.then(|| last_word(base).to_owned()),
        }
    }
}

/// An estimate of how much a definition says.
fn size(kind: &NamedKind, constraints: &[Constraint]) -> usize {
    let parts = match kind {
        NamedKind::Struct(structure) => structure.fields.len() * 3,
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => variants.len() * 2,
        NamedKind::Untagged(alternatives) => alternatives.len() * 2,
        NamedKind::Wrapper(_) => 1,
    };
    let predicates = constraints
        .iter()
        .map(|constraint| constraint.predicate.size());
    parts + predicates.sum::<usize>()
}

fn remove_docs(kind: &mut NamedKind) {
    match kind {
        NamedKind::Struct(structure) => {
            for field in &mut structure.fields {
                field.docs = Docs::default();
            }
        }
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => {
            for variant in variants {
                variant.docs = Docs::default();
            }
        }
        NamedKind::Untagged(alternatives) => {
            for alternative in alternatives {
                alternative.docs = Docs::default();
            }
        }
        NamedKind::Wrapper(_) => {}
    }
}

/// `ServicePort` and `ProxyPort` are both a port, but `PortDef` and `NameDef` need not be alike.
fn last_word(name: &str) -> &str {
    let start = name.rfind(|c: char| c.is_ascii_uppercase());
    let word = start.map_or(name, |start| &name[start..]);
    match word {
        "Def" | "Definition" | "Type" | "Schema" | "Object" | "Item" | "Value" => name,
        word => word,
    }
}

fn redirect(program: &mut Program, target: &[usize]) {
    let mut see = |id: &mut TypeId| id.0 = target[id.0];
    for named in &mut program.types {
        visit::uses(named, &mut see);
    }
    visit::inner(&mut program.root, &mut see);
}

fn drop_unused(program: &mut Program) {
    let mut used = vec![false; program.types.len()];
    let mut pending = Vec::new();
    visit::inner(&mut program.root, &mut |id| pending.push(id.0));
    while let Some(index) = pending.pop() {
        if !std::mem::replace(&mut used[index], true) {
            visit::uses(&mut program.types[index], &mut |id| pending.push(id.0));
        }
    }
    keep(program, &used);
}

fn keep(program: &mut Program, kept: &[bool]) {
    let mut moved = Vec::with_capacity(kept.len());
    let mut count = 0;
    for kept in kept {
        moved.push(count);
        count += usize::from(*kept);
    }
    let mut index = 0;
    program.types.retain(|_| {
        index += 1;
        kept[index - 1]
    });
    redirect(program, &moved);
}
