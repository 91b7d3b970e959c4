//! From a merged schema to the type that expresses it.

use carml_schema::number;
use serde_json::{Number, Value};

use super::{Lowering, instance_type};
use crate::ir::{
    schema::{Additional, Bounds, Condition, InstanceType, Rules, Schema, SchemaId, Union},
    types::{Integer, NamedKind, Type},
};

/// The longest tuple for which the standard library has the traits that types derive.
const MAX_TUPLE: usize = 12;

impl Lowering<'_> {
    pub(super) fn convert_merged(
        &mut self,
        id: SchemaId,
        schema: &Schema,
        name: Option<&str>,
    ) -> Type {
        if schema.rules.is_false {
            // The constraints around it refuse every value.
            return Type::Any;
        }
        if let Some(reason) = &schema.rules.unsupported {
            return self.fall_back(id, reason.clone());
        }
        if !self.is_nullable(schema) {
            return self.convert_value(id, schema, name);
        }
        self.nullable.insert(id);
        let mut rest = schema.clone();
        rest.rules.types.remove(&InstanceType::Null);
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
        let inner = self.convert_value(id, &rest, name);
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

    fn convert_value(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        let rules = &schema.rules;
        if let Some(values) = &rules.values {
            return self.enumeration(id, schema, values, name);
        }
        if let Some(conditional_union) = self.conditional_union(schema) {
            return self.union(id, &conditional_union, name);
        }
        if self.is_untyped_object(schema) {
            let inner = self.structure(id, schema, name);
            let ty = Type::ObjectOr(Box::new(inner));
            self.known.insert(id, ty.clone());
            return ty;
        }
        let object =
            rules.types.is_empty() || instance_type::only(rules) == Some(InstanceType::Object);
        if instance_type::is_structured(rules) && object {
            return self.structure(id, schema, name);
        }
        let mut kind = instance_type::only(rules);
        if !rules.unions.is_empty() {
            match self.narrowed(rules) {
                Some(narrowed) => kind = narrowed,
                None => return self.union(id, schema, name),
            }
        }
        match kind {
            Some(InstanceType::Boolean) => Type::Boolean,
            Some(InstanceType::Integer) => integer(&rules.bounds, schema.fill),
            Some(InstanceType::Number) if schema.fill => Type::Float,
            Some(InstanceType::Number) => Type::Number,
            Some(InstanceType::String) => Type::String,
            Some(InstanceType::Array) => self.list(id, schema),
            Some(InstanceType::Object) => self.object(id, schema, name),
            Some(InstanceType::Null) => Type::Null,
            None if rules.types.is_empty() => Type::Any,
            None => self.several_types(id, schema, name),
        }
    }

    /// `if` with two structures, each larger than what they share, is a union of the two.
    pub(super) fn conditional_union(&mut self, schema: &Schema) -> Option<Schema> {
        let rules = &schema.rules;
        let [condition] = rules.conditions.as_slice() else {
            return None;
        };
        let (then, otherwise) = (condition.then?, condition.otherwise?);
        let structured = [then, otherwise].iter().all(|branch| {
            let branch = self.merge(*branch);
            branch.rules.properties.len() > rules.properties.len()
        });
        let object =
            rules.types.is_empty() || instance_type::only(rules) == Some(InstanceType::Object);
        if !rules.unions.is_empty()
            || !structured
            || !object
            || rules.unevaluated != Additional::Open
        {
            return None;
        }
        let mut base = schema.clone();
        base.about = Default::default();
        base.rules.conditions.clear();
        let base = self.graph.add(base);
        let branches = [then, otherwise].map(|branch| self.intersection(branch, base));
        let mut conditional_union = schema.clone();
        conditional_union.rules = Rules::default();
        conditional_union.rules.unions.push(Union {
            exclusive: false,
            branches: branches.to_vec(),
        });
        conditional_union.rules.conditions.push(Condition {
            test: condition.test,
            then: Some(branches[0]),
            otherwise: Some(branches[1]),
        });
        Some(conditional_union)
    }

    fn list(&mut self, id: SchemaId, schema: &Schema) -> Type {
        let rules = &schema.rules;
        let items = match rules.items {
            Some(items) if rules.prefix.is_empty() => self.ty(items),
            _ if rules.prefix.is_empty() => Type::Any,
            _ if self.is_tuple(rules) => {
                let items = rules.prefix.iter().enumerate().map(|(index, item)| {
                    let ty = self.ty(*item);
                    self.masked_if_secret_item(id, Some(index), ty)
                });
                return Type::Tuple(items.collect());
            }
            _ => self.fall_back(id, "its items have different types".to_owned()),
        };
        Type::List(Box::new(self.masked_if_secret_item(id, None, items)))
    }

    /// A fixed number of items, each with a schema of its own. With structures among them there
    /// would be a type for each, without a name.
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

    /// Neither an object nor an array.
    fn is_plain(&mut self, id: SchemaId) -> bool {
        let schema = self.merge(id);
        let rules = &schema.rules;
        let structured = [InstanceType::Array, InstanceType::Object];
        !rules.types.is_empty() && rules.types.iter().all(|kind| !structured.contains(kind))
    }

    fn object(&mut self, id: SchemaId, schema: &Schema, name: Option<&str>) -> Type {
        if schema.rules.additional == Additional::Closed && schema.rules.patterns.is_empty() {
            return self.structure(id, schema, name);
        }
        Type::Map(Box::new(self.others(id, schema)))
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

    /// The schema for values of one type, named after it.
    pub(super) fn part(&mut self, schema: &Schema, kind: InstanceType) -> SchemaId {
        let mut part = instance_type::restricted(schema, kind);
        part.about = Default::default();
        // The whole is.
        part.secret = None;
        part.hint = match kind {
            InstanceType::Object => format!("{}_object", schema.hint),
            _ => schema.hint.clone(),
        };
        self.graph.add(part)
    }
}

/// The integer that holds the range; without a limit at both ends, one of any size.
fn integer(bounds: &Bounds, fill: bool) -> Type {
    let (min, max) = limits(bounds);
    if fill {
        return Type::Integer(match min {
            Some(min) if min >= 0 => Integer::U64,
            _ => Integer::I64,
        });
    }
    match (min, max) {
        (Some(min), Some(max)) => within(min, max).map_or(Type::AnyInteger, Type::Integer),
        _ => Type::AnyInteger,
    }
}

/// The least and the greatest integer within the bounds.
fn limits(bounds: &Bounds) -> (Option<i128>, Option<i128>) {
    // A limit that is not an integer is rounded inwards.
    let rounded = |limit: &Number, round: fn(f64) -> f64, beyond: i128| {
        let integer = number::integer(limit).map(|limit| limit.saturating_add(beyond));
        integer.or_else(|| limit.as_f64().map(|limit| round(limit) as i128))
    };
    let up = |limit: &Option<Number>, beyond| rounded(limit.as_ref()?, f64::ceil, beyond);
    let down = |limit: &Option<Number>, beyond| rounded(limit.as_ref()?, f64::floor, beyond);
    (
        up(&bounds.minimum, 0).max(up(&bounds.above, 1)),
        match (down(&bounds.maximum, 0), down(&bounds.below, -1)) {
            (Some(max), Some(below)) => Some(max.min(below)),
            (max, below) => max.or(below),
        },
    )
}

/// The smallest integer that holds a range.
fn within(min: i128, max: i128) -> Option<Integer> {
    use Integer::{I8, I16, I32, I64, U8, U16, U32, U64};
    let candidates = match min >= 0 {
        true => [U8, U16, U32, U64],
        false => [I8, I16, I32, I64],
    };
    candidates.into_iter().find(|integer| {
        let (low, high) = range_of(*integer);
        low <= min && max <= high
    })
}

/// The smallest integer that holds a few known values.
pub(super) fn holding(values: &[Value]) -> Option<Integer> {
    let integer = |value: &Value| number::integer(value.as_number()?);
    let values: Option<Vec<i128>> = values.iter().map(integer).collect();
    let values = values?;
    within(
        values.iter().copied().min()?.min(0),
        values.iter().copied().max()?.max(0),
    )
}

/// The least and the greatest value of an integer.
pub(super) fn range_of(integer: Integer) -> (i128, i128) {
    match integer {
        Integer::U8 => (0, u8::MAX.into()),
        Integer::U16 => (0, u16::MAX.into()),
        Integer::U32 => (0, u32::MAX.into()),
        Integer::U64 => (0, u64::MAX.into()),
        Integer::I8 => (i8::MIN.into(), i8::MAX.into()),
        Integer::I16 => (i16::MIN.into(), i16::MAX.into()),
        Integer::I32 => (i32::MIN.into(), i32::MAX.into()),
        Integer::I64 => (i64::MIN.into(), i64::MAX.into()),
    }
}
