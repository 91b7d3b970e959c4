//! Which type says what a merged schema says.

use serde_json::Value;

use super::{Lowering, kinds};
use crate::ir::{
    schema::{Additional, Bounds, Condition, Kind, Rules, Schema, SchemaId, Union},
    types::{Integer, NamedKind, Type},
};

/// The longest tuple for which the standard library has the traits that types derive.
const MAX_TUPLE: usize = 12;

impl Lowering<'_> {
    pub(super) fn shape(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        if schema.rules.is_false {
            // The rules around it refuse every value.
            return Type::Any;
        }
        if let Some(reason) = &schema.rules.unsupported {
            return self.fall_back(id, reason.clone());
        }
        if !self.is_nullable(schema) {
            return self.shape_of_value(id, schema, name);
        }
        self.nullable.insert(id);
        let mut rest = schema.clone();
        rest.rules.types.remove(&Kind::Null);
        if let Some(values) = &mut rest.rules.values {
            values.retain(|value| !value.is_null());
        }
        for union in &mut rest.rules.unions {
            let branches = std::mem::take(&mut union.branches);
            union.branches = branches
                .into_iter()
                .filter(|branch| !self.is_null(*branch))
                .collect();
        }
        // One branch is left: the union is that branch.
        if rest.rules.unions.len() == 1 && rest.rules.unions[0].branches.len() == 1 {
            let only = rest.rules.unions.remove(0).branches[0];
            let inner = if rest.rules.is_unconstrained() {
                self.ty(only)
            } else {
                rest.all_of.push(only);
                let rest = self.graph.add(rest);
                self.ty(rest)
            };
            return self.optional(id, inner);
        }
        let inner = self.shape_of_value(id, &rest, name);
        self.optional(id, inner)
    }

    fn optional(&mut self, id: SchemaId, inner: Type) -> Type {
        let ty = match inner {
            Type::Any | Type::Null | Type::Option(_) => inner,
            inner => Type::Option(Box::new(inner)),
        };
        self.known.insert(id, ty.clone());
        ty
    }

    fn shape_of_value(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        let rules = &schema.rules;
        if let Some(values) = &rules.values {
            return self.enumeration(id, schema, values, name);
        }
        if let Some(either) = self.either(schema) {
            return self.union(id, &either, name);
        }
        if self.is_loose(schema) {
            let inner = self.structure(id, schema, name);
            let ty = Type::Loose(Box::new(inner));
            self.known.insert(id, ty.clone());
            return ty;
        }
        let object = rules.types.is_empty() || kinds::only(rules) == Some(Kind::Object);
        if kinds::is_structured(rules) && object {
            return self.structure(id, schema, name);
        }
        let mut kind = kinds::only(rules);
        if !rules.unions.is_empty() {
            match self.narrowed(rules) {
                Some(narrowed) => kind = narrowed,
                None => return self.union(id, schema, name),
            }
        }
        match kind {
            Some(Kind::Boolean) => Type::Boolean,
            Some(Kind::Integer) => integer(&rules.bounds, schema.fill),
            Some(Kind::Number) if schema.fill => Type::Float,
            Some(Kind::Number) => Type::Number,
            Some(Kind::String) => Type::String,
            Some(Kind::Array) => self.list(id, schema),
            Some(Kind::Object) => self.object(id, schema, name),
            Some(Kind::Null) => Type::Null,
            None if rules.types.is_empty() => Type::Any,
            None => self.several_types(id, schema, name),
        }
    }

    /// `if` with two structures behind it, each larger than what they share, is a union of the two.
    pub(super) fn either(&mut self, schema: &Schema) -> Option<Schema> {
        let rules = &schema.rules;
        let [condition] = rules.conditions.as_slice() else {
            return None;
        };
        let (then, otherwise) = (condition.then?, condition.otherwise?);
        let structured = [then, otherwise].iter().all(|branch| {
            let branch = self.merge(*branch);
            branch.rules.properties.len() > rules.properties.len()
        });
        let object = rules.types.is_empty() || kinds::only(rules) == Some(Kind::Object);
        if !rules.unions.is_empty() || !structured || !object || rules.closed_over_all {
            return None;
        }
        let mut base = schema.clone();
        base.about = Default::default();
        base.rules.conditions.clear();
        let base = self.graph.add(base);
        let branches = [then, otherwise].map(|branch| self.both(branch, base));
        let mut either = schema.clone();
        either.rules = Rules::default();
        either.rules.unions.push(Union {
            exclusive: false,
            branches: branches.to_vec(),
        });
        either.rules.conditions.push(Condition {
            test: condition.test,
            then: Some(branches[0]),
            otherwise: Some(branches[1]),
        });
        Some(either)
    }

    fn list(&mut self, id: SchemaId, schema: &Schema) -> Type {
        let rules = &schema.rules;
        let items = match rules.items {
            Some(items) if rules.prefix.is_empty() => self.ty(items),
            _ if rules.prefix.is_empty() => Type::Any,
            _ if self.is_tuple(rules) => {
                return Type::Tuple(rules.prefix.iter().map(|item| self.ty(*item)).collect());
            }
            _ => self.fall_back(id, "its items differ by their places".to_owned()),
        };
        Type::List(Box::new(items))
    }

    /// As many items as have a place of their own, and no other number. With structures among
    /// them there would be a type for each, and no name to call it by.
    fn is_tuple(&mut self, rules: &Rules) -> bool {
        let count = rules.prefix.len();
        let closed = rules
            .items
            .is_some_and(|items| self.merge(items).rules.is_false);
        let most = match rules.bounds.items.max {
            Some(max) => max == count as u64,
            None => closed,
        };
        count <= MAX_TUPLE
            && rules.bounds.items.min == count as u64
            && most
            && rules.prefix.iter().all(|item| self.is_plain(*item))
    }

    /// No object, and no list of anything.
    fn is_plain(&mut self, id: SchemaId) -> bool {
        let schema = self.merge(id);
        let rules = &schema.rules;
        let structured = [Kind::Array, Kind::Object];
        !rules.types.is_empty() && rules.types.iter().all(|kind| !structured.contains(kind))
    }

    fn object(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        if schema.rules.additional == Additional::Closed && schema.rules.patterns.is_empty() {
            return self.structure(id, schema, name);
        }
        Type::Map(Box::new(self.others(schema)))
    }

    /// One alternative for each type of JSON.
    fn several_types(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        let parts: Vec<SchemaId> = schema
            .rules
            .types
            .iter()
            .map(|kind| self.part(schema, *kind))
            .collect();
        self.define(id, schema, name, &parts, |this, _| {
            NamedKind::Untagged(this.alternatives(&parts))
        })
    }

    /// The schema for values of one type, which goes by what it is beside the other parts.
    pub(super) fn part(&mut self, schema: &Schema, kind: Kind) -> SchemaId {
        let mut part = kinds::restricted(schema, kind);
        part.about = Default::default();
        part.hint = match kind {
            Kind::Object => format!("{}_object", schema.hint),
            Kind::Array => schema.hint.clone(),
            _ => schema.hint.clone(),
        };
        self.graph.add(part)
    }
}

/// The integer that holds the range; without one at both ends, a number of any size.
fn integer(bounds: &Bounds, fill: bool) -> Type {
    let min = bounds.minimum.or(bounds.above);
    let max = bounds.maximum.or(bounds.below);
    if fill {
        return Type::Integer(match min {
            Some(min) if min >= 0.0 => Integer::U64,
            _ => Integer::I64,
        });
    }
    match (min, max) {
        (Some(min), Some(max)) => within(min, max).map_or(Type::Whole, Type::Integer),
        _ => Type::Whole,
    }
}

/// The smallest integer with room for a range.
pub(super) fn within(min: f64, max: f64) -> Option<Integer> {
    let unsigned = [
        (Integer::U8, f64::from(u8::MAX)),
        (Integer::U16, f64::from(u16::MAX)),
        (Integer::U32, f64::from(u32::MAX)),
        (Integer::U64, 18_446_744_073_709_549_568.0),
    ];
    let signed = [
        (Integer::I8, f64::from(i8::MAX)),
        (Integer::I16, f64::from(i16::MAX)),
        (Integer::I32, f64::from(i32::MAX)),
        (Integer::I64, 9_223_372_036_854_774_784.0),
    ];
    if min >= 0.0 {
        let fits = unsigned.iter().find(|(_, top)| max <= *top);
        return fits.map(|(integer, _)| *integer);
    }
    let fits = signed.iter().find(|(_, top)| max <= *top && min >= -top);
    fits.map(|(integer, _)| *integer)
}

/// The integer for a few known values.
pub(super) fn holding(values: &[Value]) -> Option<Integer> {
    let mut min = 0.0_f64;
    let mut max = 0.0_f64;
    for value in values {
        let whole = value.is_i64() || value.is_u64();
        let number = value.as_f64().filter(|_| whole)?;
        min = min.min(number);
        max = max.max(number);
    }
    within(min, max)
}
