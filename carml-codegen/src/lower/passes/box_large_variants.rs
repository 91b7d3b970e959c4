//! Boxes the variants that make an enum much larger than its others need: every value has the size
//! of the largest one, on the stack as well.

use crate::ir::types::{Extra, Integer, Named, NamedKind, Type};

/// How many bytes larger the largest variant may be than the next one. clippy allows 200; sizes
/// are estimates.
const MAX_DIFFERENCE: usize = 150;

pub(super) fn run(types: &mut [Named]) {
    let mut sizes = vec![None; types.len()];
    for index in 0..types.len() {
        size_of(types, index, &mut sizes);
    }
}

/// The size of a type when its own variants are boxed.
fn size_of(types: &mut [Named], index: usize, sizes: &mut [Option<usize>]) -> usize {
    if let Some(size) = sizes[index] {
        return size;
    }
    // Cycles have boxes by now; this ends the recursion all the same.
    sizes[index] = Some(0);
    let parts: Vec<Type> = match &types[index].kind {
        NamedKind::Struct(structure) => {
            let fields = structure.fields.iter();
            fields.map(|field| field.ty.clone()).collect()
        }
        NamedKind::Wrapper(ty) => vec![ty.clone()],
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => {
            let held = variants.iter().map(|variant| variant.options.clone());
            held.map(|held| held.unwrap_or(Type::Null)).collect()
        }
        NamedKind::Untagged(forms) => forms.iter().map(|form| form.ty.clone()).collect(),
    };
    let mut parts: Vec<usize> = parts.iter().map(|part| size(types, part, sizes)).collect();
    let whole = match &mut types[index].kind {
        NamedKind::Struct(structure) => {
            let extra = if matches!(structure.extra, Extra::Denied) {
                0
            } else {
                24
            };
            parts.iter().sum::<usize>() + extra
        }
        NamedKind::Wrapper(_) => parts.iter().sum(),
        NamedKind::Enum(variants) | NamedKind::Tagged(_, variants) => {
            let boxed = choose(&mut parts);
            for at in boxed {
                variants[at].options = variants[at].options.take().map(in_box);
            }
            parts.iter().max().map_or(0, |most| most + 8)
        }
        NamedKind::Untagged(forms) => {
            let boxed = choose(&mut parts);
            for at in boxed {
                let held = std::mem::replace(&mut forms[at].ty, Type::Any);
                forms[at].ty = in_box(held);
            }
            parts.iter().max().map_or(0, |most| most + 8)
        }
    };
    let whole = whole.next_multiple_of(if whole < 8 { 1 } else { 8 });
    sizes[index] = Some(whole);
    whole
}

/// Which variants to box, largest first, until none stands out; their sizes become a pointer's.
fn choose(sizes: &mut [usize]) -> Vec<usize> {
    let mut boxed = Vec::new();
    while let Some(largest) = (0..sizes.len()).max_by_key(|at| sizes[*at]) {
        let others = (0..sizes.len()).filter(|at| *at != largest);
        let Some(next) = others.map(|at| sizes[at]).max() else {
            break;
        };
        if sizes[largest] - next <= MAX_DIFFERENCE {
            break;
        }
        sizes[largest] = 8;
        boxed.push(largest);
    }
    boxed
}

fn in_box(ty: Type) -> Type {
    Type::Boxed(Box::new(ty))
}

fn size(types: &mut [Named], ty: &Type, sizes: &mut [Option<usize>]) -> usize {
    match ty {
        Type::Null => 0,
        Type::Boolean => 1,
        Type::Integer(integer) => match integer {
            Integer::U8 | Integer::I8 => 1,
            Integer::U16 | Integer::I16 => 2,
            Integer::U32 | Integer::I32 => 4,
            Integer::U64 | Integer::I64 => 8,
        },
        Type::Float | Type::Boxed(_) => 8,
        Type::AnyInteger | Type::Number => 16,
        Type::String | Type::List(_) | Type::Map(_) | Type::Extern { .. } => 24,
        Type::Any => 32,
        Type::Option(inner) => match size(types, inner, sizes) {
            small if small <= 8 => small * 2,
            large => large,
        },
        Type::Secret(inner) => size(types, inner, sizes),
        Type::ObjectOr(inner) => size(types, inner, sizes).max(32) + 8,
        Type::Tuple(items) => items.iter().map(|item| size(types, item, sizes)).sum(),
        Type::Named(id) => size_of(types, id.0, sizes),
    }
}
