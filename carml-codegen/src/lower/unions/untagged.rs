//! Alternatives without a discriminator: the first that is valid is taken.

use super::super::{Lowering, names};
use crate::ir::{
    schema::{Schema, SchemaId},
    types::{Alternative, Docs, NamedKind, Type},
};

impl Lowering<'_> {
    pub(in crate::lower) fn alternatives(&mut self, branches: &[SchemaId]) -> Vec<Alternative> {
        let mut alternatives: Vec<Alternative> = Vec::new();
        for branch in branches {
            let ty = self.ty(*branch);
            if alternatives.iter().any(|known| known.ty == ty) {
                continue;
            }
            let schema = self.graph.get(*branch);
            let text = schema.about.description.clone();
            alternatives.push(Alternative {
                name: self.alternative_name(schema, &ty),
                docs: Docs {
                    text,
                    ..Docs::default()
                },
                ty,
            });
        }
        // The first that is valid is taken, so the strictest comes first.
        alternatives.sort_by_key(|alternative| self.precedence(&alternative.ty));
        let names = names::distinct(
            alternatives
                .iter()
                .map(|alternative| alternative.name.clone()),
        );
        for (alternative, name) in alternatives.iter_mut().zip(names) {
            alternative.name = name;
        }
        alternatives
    }

    fn alternative_name(&self, schema: &Schema, ty: &Type) -> String {
        if let Some(title) = names::title(schema) {
            return names::pascal(title);
        }
        match ty {
            Type::Named(id) => {
                let named = self.types[id.0].as_ref();
                let name = named.map_or_else(|| names::pascal(&schema.hint), |ty| ty.name.clone());
                let owner = self.owners.last();
                let short = owner.and_then(|owner| name.strip_prefix(owner.as_str()));
                let usable = short.filter(|short| short.starts_with(char::is_uppercase));
                usable.map_or(name.clone(), str::to_owned)
            }
            Type::Boolean => "Boolean".to_owned(),
            Type::Integer(_) | Type::AnyInteger => "Integer".to_owned(),
            Type::Float | Type::Number => "Number".to_owned(),
            Type::String => "Text".to_owned(),
            Type::List(_) => "List".to_owned(),
            Type::Tuple(_) => "Tuple".to_owned(),
            Type::Map(_) => "Map".to_owned(),
            Type::Extern { path, .. } => names::pascal(path.rsplit("::").next().unwrap_or(path)),
            Type::Option(inner)
            | Type::Boxed(inner)
            | Type::Secret(inner)
            | Type::ObjectOr(inner) => self.alternative_name(schema, inner),
            _ => "Other".to_owned(),
        }
    }

    /// Where a type is placed among others: the strictest first, in an order that stays.
    fn precedence(&self, ty: &Type) -> u8 {
        match ty {
            Type::Null | Type::Boolean => 0,
            Type::Integer(_) | Type::AnyInteger => 1,
            Type::Float | Type::Number => 2,
            Type::List(_) | Type::Tuple(_) => 3,
            Type::Named(id) => match self.types[id.0].as_ref().map(|named| &named.kind) {
                Some(NamedKind::Enum(_)) => 6,
                _ => 4,
            },
            Type::Map(_) => 5,
            Type::Extern { .. } => 7,
            Type::String => 8,
            Type::Option(ty) | Type::Boxed(ty) | Type::Secret(ty) => self.precedence(ty),
            Type::ObjectOr(_) => 9,
            Type::Any => 10,
        }
    }
}
