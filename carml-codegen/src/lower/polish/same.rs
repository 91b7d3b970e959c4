//! Folds types that say the same into one, and leaves out those that nothing uses.

use std::collections::HashMap;

use super::{forms, walk};
use crate::ir::types::{Docs, Named, NamedKind, Program, Type, TypeId};

/// Types that are written longer are not alike by chance.
const BY_CHANCE: usize = 300;

pub(super) fn fold(program: &mut Program) {
    // Folding two types can make those that use them the same.
    while fold_once(program) {}
    drop_unused(program);
}

fn fold_once(program: &mut Program) -> bool {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut target: Vec<usize> = (0..program.types.len()).collect();
    for (index, named) in program.types.iter().enumerate() {
        let own = matches!(program.root, Type::Named(root) if root.0 == index);
        let twin = *first.entry(likeness(named, index)).or_insert(index);
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
    forms::name(&mut program.types, &target, &program.root_name);
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
    // What was folded must not be found again.
    let kept: Vec<bool> = target
        .iter()
        .enumerate()
        .map(|(at, to)| at == *to)
        .collect();
    keep(program, &kept);
    true
}

/// Two types that are written alike, names and docs of the type apart, are the same; one that
/// holds itself is like no other.
fn likeness(named: &Named, index: usize) -> String {
    let base = named.name.trim_end_matches(|c: char| c.is_ascii_digit());
    let mut text = format!("{:?}{:?}", without_docs(&named.kind), named.rules);
    let itself = format!("TypeId({index})");
    if text.contains(&itself) {
        text = text.replace(&itself, "itself");
    }
    // What is short and called otherwise may be alike by chance.
    if !forms::is_plain(named) && (named.chosen || text.len() < BY_CHANCE) {
        text.push_str(last_word(base));
    }
    text
}

fn without_docs(kind: &NamedKind) -> NamedKind {
    let mut kind = kind.clone();
    match &mut kind {
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
    kind
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
        walk::uses(named, &mut see);
    }
    walk::inner(&mut program.root, &mut see);
}

fn drop_unused(program: &mut Program) {
    let mut used = vec![false; program.types.len()];
    let mut pending = Vec::new();
    walk::inner(&mut program.root, &mut |id| pending.push(id.0));
    while let Some(index) = pending.pop() {
        if !std::mem::replace(&mut used[index], true) {
            walk::uses(&mut program.types[index], &mut |id| pending.push(id.0));
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
