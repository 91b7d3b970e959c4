//! Whether a `default` that is filled in is valid against its schema.

use regex::Regex;
use serde_json::{Number, Value};

use super::{
    super::{Lowering, convert, instance_type},
    predicates::Translation,
};
use crate::ir::{
    constraint::{Pattern, Predicate, Range},
    schema::{Additional, InstanceType, SchemaId},
    types::Type,
};

/// How many parts the predicate of a default may have: more than one that is written.
const MAX_PARTS: usize = 40;

impl Lowering<'_> {
    /// The default as the type holds it.
    ///
    /// # Errors
    ///
    /// The reason why it is not valid, or why the type cannot hold it.
    pub(in crate::lower) fn default(
        &mut self,
        id: SchemaId,
        ty: &Type,
        default: &Value,
    ) -> Result<Value, String> {
        let budget = self.budget;
        self.budget.start_type();
        let mut translation = Translation::new(self, MAX_PARTS).without_types();
        let predicate = translation.necessary(id);
        self.budget = budget;
        if !holds(&predicate, default) {
            return Err("it is not valid against its own schema".to_owned());
        }
        self.verify_scalars(id, default)?;
        held(ty, default)
    }

    /// Checks the strings that are durations, sizes and so on: their types would not read others.
    fn verify_scalars(&mut self, id: SchemaId, value: &Value) -> Result<(), String> {
        let schema = self.merge(id);
        let rules = &schema.rules;
        match value {
            Value::String(text) => {
                if let Some(scalar) = schema.scalar {
                    scalar.verify(text)?;
                }
            }
            Value::Array(list) => {
                for (index, item) in list.iter().enumerate() {
                    if let Some(id) = rules.prefix.get(index).copied().or(rules.items) {
                        self.verify_scalars(id, item)?;
                    }
                }
            }
            Value::Object(map) => {
                for (key, value) in map {
                    let rest = match rules.additional {
                        Additional::Typed(id) => Some(id),
                        _ => None,
                    };
                    if let Some(id) = rules.properties.get(key).copied().or(rest) {
                        self.verify_scalars(id, value)?;
                    }
                }
            }
            _ => {}
        }
        let ty = instance_type::of(value);
        for union in &rules.unions {
            let mut error = None;
            for branch in &union.branches {
                let types = self.merge(*branch).rules.types.clone();
                if !types.is_empty() && !types.contains(&ty) {
                    continue;
                }
                error = self.verify_scalars(*branch, value).err();
                if error.is_none() {
                    break;
                }
            }
            error.map_or(Ok(()), Err)?;
        }
        Ok(())
    }
}

/// A default in the form in which the type holds it: an integer is written as one.
fn held(ty: &Type, default: &Value) -> Result<Value, String> {
    match (ty, default) {
        (Type::Integer(integer), Value::Number(number)) => {
            let (low, high) = convert::range_of(*integer);
            let value = carml_schema::number::integer(number);
            let value = value.filter(|value| (low..=high).contains(value));
            let number = value.and_then(|value| {
                let signed = i64::try_from(value).map(Number::from);
                signed
                    .or_else(|_| u64::try_from(value).map(Number::from))
                    .ok()
            });
            number
                .map(Value::Number)
                .ok_or_else(|| format!("it does not fit into the range {low} to {high}"))
        }
        (Type::Option(_), Value::Null) => Ok(Value::Null),
        (Type::Option(inner) | Type::Boxed(inner) | Type::Secret(inner), value) => {
            held(inner, value)
        }
        (Type::List(item), Value::Array(items)) => {
            items.iter().map(|value| held(item, value)).collect()
        }
        (_, value) => Ok(value.clone()),
    }
}

/// Evaluates a predicate; where it refers to a type, it is taken to hold.
fn holds(predicate: &Predicate, value: &Value) -> bool {
    let items = || value.as_array().into_iter().flatten();
    let keys = || value.as_object().into_iter().flatten();
    match predicate {
        Predicate::True | Predicate::Is(_) => true,
        Predicate::False => false,
        Predicate::Types(types) => types.iter().any(|ty| is_of(value, *ty)),
        Predicate::Values(values) => {
            let mut values = values.iter();
            values.any(|known| carml_schema::number::equal(known, value))
        }
        Predicate::Number(range) => value
            .as_number()
            .is_none_or(|number| in_range(number, range)),
        Predicate::MultipleOf(step) => value.as_number().is_none_or(|n| is_multiple(n, step)),
        Predicate::Length(size) => {
            let length = value.as_str().map(|text| text.chars().count() as u64);
            length.is_none_or(|length| size.contains(length))
        }
        Predicate::Matches(pattern) => value.as_str().is_none_or(|text| matches(pattern, text)),
        Predicate::Items(size) => value
            .as_array()
            .is_none_or(|list| size.contains(list.len() as u64)),
        Predicate::Unique => value.as_array().is_none_or(|list| {
            let mut places = list.iter().enumerate();
            places.all(|(at, item)| {
                let same = |known| carml_schema::number::equal(known, item);
                !list[..at].iter().any(same)
            })
        }),
        Predicate::At(index, inner) => value.get(index).is_none_or(|item| holds(inner, item)),
        Predicate::EachFrom(from, inner) => items().skip(*from).all(|item| holds(inner, item)),
        Predicate::Contains(inner) => !value.is_array() || items().any(|item| holds(inner, item)),
        Predicate::Keys(size) => value
            .as_object()
            .is_none_or(|map| size.contains(map.len() as u64)),
        Predicate::Has(key) => value.as_object().is_none_or(|map| map.contains_key(key)),
        Predicate::Key(key, inner) => value.get(key).is_none_or(|value| holds(inner, value)),
        Predicate::Names(inner) => keys().all(|(key, _)| holds(inner, &key.as_str().into())),
        Predicate::Matching(pattern, inner) => {
            keys().all(|(key, value)| !fits(pattern, key) || holds(inner, value))
        }
        Predicate::Others {
            keys: known,
            patterns,
            predicate,
        } => keys().all(|(key, value)| {
            known.contains(key)
                || patterns.iter().any(|pattern| fits(pattern, key))
                || holds(predicate, value)
        }),
        Predicate::All(all) => all.iter().all(|one| holds(one, value)),
        Predicate::Any(any) => any.iter().any(|one| holds(one, value)),
        Predicate::One(all) => all.iter().filter(|one| holds(one, value)).count() == 1,
        Predicate::Not(inner) => !holds(inner, value),
    }
}

fn is_of(value: &Value, ty: InstanceType) -> bool {
    match value {
        Value::Number(number) if ty == InstanceType::Integer => {
            number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        value => instance_type::of(value) == ty,
    }
}

fn in_range(number: &Number, range: &Range) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let is = |limit: &Option<Number>, allowed: &[std::cmp::Ordering]| {
        let order = limit.as_ref();
        let order = order.map(|limit| carml_schema::number::compare(number, limit));
        order.is_none_or(|order| allowed.contains(&order))
    };
    is(&range.min, &[Equal, Greater])
        && is(&range.max, &[Equal, Less])
        && is(&range.above, &[Greater])
        && is(&range.below, &[Less])
}

fn is_multiple(number: &Number, step: &Number) -> bool {
    let integers = carml_schema::number::integer(number).zip(carml_schema::number::integer(step));
    if let Some((number, step)) = integers {
        return number % step == 0;
    }
    let floats = number.as_f64().zip(step.as_f64());
    floats.is_none_or(|(number, step)| {
        let rest = (number % step).abs();
        rest.min(step - rest) <= 1e-15 * number.abs()
    })
}

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
}

fn fits(pattern: &Pattern, key: &str) -> bool {
    pattern.matches.iter().all(|pattern| matches(pattern, key))
        && !pattern.refuses.iter().any(|pattern| matches(pattern, key))
}
