//! What a schema asks of a value beyond the type that it got.

use super::{
    super::Lowering,
    FUEL, kind_of, push,
    translate::{Mode, Translation},
};
use crate::ir::{
    check::Test,
    schema::{Kind, Rules, SchemaId},
    types::{Integer, Type},
};

impl Lowering<'_> {
    pub(in crate::lower) fn beneath(&mut self, id: SchemaId, ty: &Type) -> Test {
        let schema = self.merge(id);
        let rules = &schema.rules;
        if rules.is_false {
            return Test::False;
        }
        let mut found = Vec::new();
        match ty {
            // These have rules of their own.
            Type::Named(_) | Type::Extern { .. } | Type::Null => return Test::True,
            Type::Loose(_) => return Test::True,
            Type::Boxed(inner) => return self.beneath(id, inner),
            Type::Option(inner) => return self.beneath_option(id, inner),
            Type::Any => return Translation::new(self, FUEL).need(id),
            Type::List(item) => {
                push(&mut found, "", self.constants(rules));
                if let Some(items) = rules.items
                    && rules.prefix.is_empty()
                {
                    let test = self.beneath(items, item);
                    let test = test.within(|test| Test::EachFrom(0, test));
                    push(&mut found, "", test);
                }
                let mut translation = Translation::new(self, FUEL);
                for (index, item) in rules.prefix.iter().enumerate() {
                    let test = translation.need(*item);
                    push(&mut found, "", test.within(|test| Test::At(index, test)));
                }
                if let Some(items) = rules.items.filter(|_| !rules.prefix.is_empty()) {
                    let from = rules.prefix.len();
                    let test = translation.need(items);
                    push(
                        &mut found,
                        "",
                        test.within(|test| Test::EachFrom(from, test)),
                    );
                }
                let sizes = translation.array_sizes(rules, Mode::Need);
                push(&mut found, "", sizes.unwrap_or(Test::True));
            }
            Type::Tuple(items) => {
                push(&mut found, "", self.constants(rules));
                for (index, (id, item)) in rules.prefix.iter().zip(items).enumerate() {
                    let test = self.beneath(*id, item);
                    push(&mut found, "", test.within(|test| Test::At(index, test)));
                }
                if rules.unique {
                    push(&mut found, "", Test::Unique);
                }
            }
            Type::Map(value) => {
                push(&mut found, "", self.constants(rules));
                for key in &rules.required {
                    push(&mut found, "", Test::Has(key.clone()));
                }
                let mut parts = Vec::new();
                self.of_others(&schema, value, &mut parts);
                self.of_keys(&schema, &mut parts);
                let tests = parts.into_iter().map(|rule| rule.test);
                return Test::all(found.into_iter().map(|rule| rule.test).chain(tests));
            }
            Type::Number | Type::Float | Type::Whole | Type::Integer(_) => {}
            Type::Boolean | Type::String => {}
        }
        if kind_of(ty).is_some_and(|kind| kind != Kind::Array) {
            let mut own = rules.clone();
            without_range_of(ty, &mut own.bounds.minimum, &mut own.bounds.maximum);
            if *ty == Type::Boolean
                && let Some(values) = &own.values
                && [true, false].iter().all(|v| values.contains(&(*v).into()))
            {
                own.values = None;
            }
            let test = Translation::new(self, FUEL).scalars(&own, Mode::Need);
            push(&mut found, "", test.unwrap_or(Test::True));
        }
        self.of_logic(&schema, &mut found);
        Test::all(found.into_iter().map(|rule| rule.test))
    }

    /// One of the values of `enum` or `const`.
    fn constants(&mut self, rules: &Rules) -> Test {
        let only = Rules {
            values: rules.values.clone(),
            types: rules.types.clone(),
            ..Rules::default()
        };
        let test = Translation::new(self, FUEL).scalars(&only, Mode::Need);
        test.unwrap_or(Test::True)
    }

    /// Null is let through by every test but those of kinds and values.
    fn beneath_option(&mut self, id: SchemaId, inner: &Type) -> Test {
        let schema = self.merge(id);
        let test = match schema.rules.unions.as_slice() {
            [union] => {
                let mut rest = union.branches.clone();
                rest.retain(|branch| !self.is_null(*branch));
                match rest.as_slice() {
                    [rest] => self.beneath(*rest, inner),
                    _ => Test::True,
                }
            }
            [] => self.beneath(id, inner),
            _ => Test::True,
        };
        match test {
            Test::True => Test::True,
            test if strict(&test) => Test::any([Test::Kinds(vec![Kind::Null]), test]),
            test => test,
        }
    }
}

/// It may refuse null.
fn strict(test: &Test) -> bool {
    match test {
        Test::Kinds(_) | Test::False | Test::Is(_) | Test::Not(_) | Test::One(_) => true,
        Test::Values(values) => !values.contains(&serde_json::Value::Null),
        Test::All(tests) | Test::Any(tests) => tests.iter().any(strict),
        _ => false,
    }
}

/// Bounds that the integer type has by itself.
fn without_range_of(ty: &Type, minimum: &mut Option<f64>, maximum: &mut Option<f64>) {
    let Type::Integer(integer) = ty else {
        return;
    };
    let (low, high) = match integer {
        Integer::U8 => (0.0, 255.0),
        Integer::U16 => (0.0, 65_535.0),
        Integer::U32 => (0.0, 4_294_967_295.0),
        Integer::U64 => (0.0, 18_446_744_073_709_551_615.0),
        Integer::I8 => (-128.0, 127.0),
        Integer::I16 => (-32_768.0, 32_767.0),
        Integer::I32 => (-2_147_483_648.0, 2_147_483_647.0),
        Integer::I64 => (-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_807.0),
    };
    *minimum = minimum.filter(|minimum| *minimum > low);
    *maximum = maximum.filter(|maximum| *maximum < high);
}
