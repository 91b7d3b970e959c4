//! What a schema requires of a value beyond the type that it got.

use serde_json::{Number, Value};

use super::{
    super::{Lowering, budget::Budget, convert, passes::any_integers},
    instance_type_of,
    predicates::{Precision, Translation},
};
use crate::ir::{
    constraint::{Constraint, Predicate},
    schema::{Bounds, InstanceType, Rules, Schema, SchemaId},
    types::Type,
};

impl Lowering<'_> {
    pub(in crate::lower) fn residual(&mut self, id: SchemaId, ty: &Type) -> Predicate {
        // What is read as an integer of any size has no range of its own.
        let ty = &*any_integers::in_field(ty);
        let schema = self.merge(id);
        let rules = &schema.rules;
        if rules.is_false {
            return Predicate::False;
        }
        let mut all = Vec::new();
        match ty {
            // These have constraints of their own.
            Type::Named(_) | Type::Extern { .. } | Type::Null | Type::ObjectOr(_) => {
                return Predicate::True;
            }
            Type::Boxed(inner) | Type::Secret(inner) => return self.residual(id, inner),
            Type::Option(inner) => return self.residual_of_option(id, inner),
            Type::Any => return Translation::new(self, Budget::PREDICATE).necessary(id),
            Type::Map(value) => return self.residual_of_map(&schema, value),
            Type::List(item) => all.extend(self.residual_of_list(rules, item)),
            Type::Tuple(items) => {
                all.push(self.constants(rules));
                for (index, (id, item)) in rules.prefix.iter().zip(items).enumerate() {
                    let item = self.residual(*id, item);
                    all.push(item.within(|item| Predicate::At(index, item)));
                }
                if rules.unique {
                    all.push(Predicate::Unique);
                }
            }
            Type::Number | Type::Float | Type::AnyInteger | Type::Integer(_) => {}
            Type::Boolean | Type::String => {}
        }
        if instance_type_of(ty).is_some_and(|own| own != InstanceType::Array) {
            let mut own = rules.clone();
            without_range_of(ty, &mut own.bounds);
            if *ty == Type::Boolean
                && let Some(values) = &own.values
                && [true, false].iter().all(|v| values.contains(&(*v).into()))
            {
                own.values = None;
            }
            let mut translation = Translation::new(self, Budget::PREDICATE);
            let scalar = translation.scalars(&own, Precision::Necessary);
            all.push(scalar.unwrap_or(Predicate::True));
        }
        let mut logic = Vec::new();
        self.of_logic(&schema, &mut logic);
        all.extend(logic.into_iter().map(|constraint| constraint.predicate));
        Predicate::all(all)
    }

    fn residual_of_list(&mut self, rules: &Rules, item: &Type) -> Vec<Predicate> {
        let mut all = vec![self.constants(rules)];
        if let Some(items) = rules.items
            && rules.prefix.is_empty()
        {
            let item = self.residual(items, item);
            all.push(item.within(|item| Predicate::EachFrom(0, item)));
        }
        let mut translation = Translation::new(self, Budget::PREDICATE);
        for (index, item) in rules.prefix.iter().enumerate() {
            let item = translation.necessary(*item);
            all.push(item.within(|item| Predicate::At(index, item)));
        }
        if let Some(items) = rules.items.filter(|_| !rules.prefix.is_empty()) {
            let from = rules.prefix.len();
            let item = translation.necessary(items);
            all.push(item.within(|item| Predicate::EachFrom(from, item)));
        }
        let sizes = translation.array_sizes(rules, Precision::Necessary);
        all.extend(sizes);
        all
    }

    fn residual_of_map(&mut self, schema: &Schema, value: &Type) -> Predicate {
        let mut all = vec![self.constants(&schema.rules)];
        let required = schema.rules.required.iter();
        all.extend(required.map(|key| Predicate::Has(key.clone())));
        let mut constraints: Vec<Constraint> = Vec::new();
        self.of_others(schema, value, &mut constraints);
        self.of_keys(schema, &mut constraints);
        let found = constraints.into_iter();
        all.extend(found.map(|constraint| constraint.predicate));
        Predicate::all(all)
    }

    /// One of the values of `enum` or `const`.
    fn constants(&mut self, rules: &Rules) -> Predicate {
        let only = Rules {
            values: rules.values.clone(),
            types: rules.types.clone(),
            ..Rules::default()
        };
        let mut translation = Translation::new(self, Budget::PREDICATE);
        let constants = translation.scalars(&only, Precision::Necessary);
        constants.unwrap_or(Predicate::True)
    }

    /// Null satisfies every predicate but those of types and values.
    fn residual_of_option(&mut self, id: SchemaId, inner: &Type) -> Predicate {
        let schema = self.merge(id);
        let predicate = match schema.rules.unions.as_slice() {
            [union] => {
                let mut rest = union.branches.clone();
                rest.retain(|branch| !self.is_null(*branch));
                match rest.as_slice() {
                    [rest] => self.residual(*rest, inner),
                    _ => Predicate::True,
                }
            }
            [] => self.residual(id, inner),
            _ => Predicate::True,
        };
        match predicate {
            Predicate::True => Predicate::True,
            predicate if may_refuse_null(&predicate) => {
                Predicate::any([Predicate::Types(vec![InstanceType::Null]), predicate])
            }
            predicate => predicate,
        }
    }
}

fn may_refuse_null(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::Types(_)
        | Predicate::False
        | Predicate::Is(_)
        | Predicate::Not(_)
        | Predicate::One(_) => true,
        Predicate::Values(values) => !values.contains(&Value::Null),
        Predicate::All(all) | Predicate::Any(all) => all.iter().any(may_refuse_null),
        _ => false,
    }
}

/// Removes the limits that the integer type implies.
fn without_range_of(ty: &Type, bounds: &mut Bounds) {
    let Type::Integer(integer) = ty else {
        return;
    };
    let (low, high) = convert::range_of(*integer);
    let beyond = |limit: &Number, implied: &dyn Fn(i128) -> bool| {
        carml_schema::number::integer(limit).is_some_and(implied)
    };
    bounds.minimum.take_if(|min| beyond(min, &|min| min <= low));
    bounds
        .maximum
        .take_if(|max| beyond(max, &|max| max >= high));
    bounds
        .above
        .take_if(|above| beyond(above, &|above| above < low));
    bounds
        .below
        .take_if(|below| beyond(below, &|below| below > high));
}
