//! What is left for tests to say when the types have said what they can.

mod beneath;
mod pattern;
mod translate;

use super::Lowering;
use crate::ir::{
    check::{Pattern, Rule, Test},
    schema::{Additional, Kind, Schema, SchemaId, Size, Union},
    types::{Extra, NamedKind, Struct, Type, Variant},
};
use translate::{Mode, Translation};

/// How many parts one test may have.
const FUEL: usize = 30;

/// So many parts may be spent on counting the alternatives that fit.
const SMALL: usize = 10;

/// How many parts the tests of a whole module may have.
pub(super) const BUDGET: usize = 400;

/// How many parts the tests of one type may have.
const ALLOWANCE: usize = 48;

impl Lowering<'_> {
    /// The rules of a type that is being defined.
    pub(super) fn rules(
        &mut self,
        schema: &Schema,
        kind: &NamedKind,
        branches: &[SchemaId],
    ) -> Vec<Rule> {
        self.allowance = ALLOWANCE;
        let mut rules = Vec::new();
        match kind {
            NamedKind::Struct(structure) => self.of_struct(schema, structure, &mut rules),
            NamedKind::Enum(variants) => self.of_variants(schema, variants, &mut rules),
            NamedKind::Tagged(..) => {}
            NamedKind::Wrapper(_) => {
                let values = schema.rules.values.clone().unwrap_or_default();
                push(&mut rules, "the value", Test::Values(values));
            }
            NamedKind::Untagged(_) => self.of_alternatives(schema, branches, &mut rules),
        }
        rules
    }

    /// The rules of a root that is no type of its own.
    pub(super) fn root_rules(&mut self, id: SchemaId, ty: &Type) -> Vec<Rule> {
        self.allowance = ALLOWANCE;
        let mut rules = Vec::new();
        let test = self.beneath(id, ty);
        push(&mut rules, "the value", test);
        rules
    }

    fn of_struct(&mut self, schema: &Schema, structure: &Struct, rules: &mut Vec<Rule>) {
        for field in &structure.fields {
            let Some(id) = schema.rules.properties.get(&field.key) else {
                continue;
            };
            let ty = match (&field.presence, &field.ty) {
                (crate::ir::types::Presence::Optional, Type::Option(inner)) => inner,
                (_, ty) => ty,
            };
            let test = Test::key(&field.key, self.beneath(*id, ty));
            push(rules, &field.key, test);
        }
        for key in &schema.rules.required {
            if !schema.rules.properties.contains_key(key) {
                push(rules, key, Test::Has(key.clone()));
            }
        }
        if let Extra::Kept(ty) = &structure.extra {
            self.of_others(schema, ty, rules);
        }
        self.of_keys(schema, rules);
    }

    /// The values of keys that are no fields.
    pub(super) fn of_others(&mut self, schema: &Schema, ty: &Type, rules: &mut Vec<Rule>) {
        let own = &schema.rules;
        let alike = match own.additional {
            Additional::Typed(rest) => self.ty(rest) == *ty && matches!(ty, Type::Named(_)),
            _ => false,
        };
        if alike && own.patterns.values().all(|id| self.ty(*id) == *ty) {
            return;
        }
        let keys: Vec<String> = own.properties.keys().cloned().collect();
        let patterns: Option<Vec<Pattern>> = own
            .patterns
            .keys()
            .map(|text| pattern::read(text))
            .collect();
        let single = own.patterns.len() == 1 && own.additional == Additional::Closed;
        for (pattern, id) in &own.patterns {
            let Some(pattern) = pattern::read(pattern) else {
                continue;
            };
            let test = if single && own.properties.is_empty() {
                self.beneath(*id, ty)
            } else {
                Translation::new(self, FUEL / 4).need(*id)
            };
            let test = test.within(|test| Test::Matching(pattern.clone(), test));
            push(rules, "patternProperties", test);
        }
        let Some(patterns) = patterns else {
            return;
        };
        let test = match own.additional {
            Additional::Open => Test::True,
            Additional::Closed if own.patterns.is_empty() => Test::True,
            Additional::Closed => Test::False,
            Additional::Typed(rest) if own.patterns.is_empty() => self.beneath(rest, ty),
            Additional::Typed(rest) => Translation::new(self, FUEL / 4).need(rest),
        };
        let test = test.within(|test| Test::Others {
            keys,
            patterns,
            test,
        });
        push(rules, "additionalProperties", test);
    }

    /// What is asked of the keys together.
    pub(super) fn of_keys(&mut self, schema: &Schema, rules: &mut Vec<Rule>) {
        let own = &schema.rules;
        let mut size = own.bounds.keys;
        // So many must be there anyway.
        if size.min as usize <= own.required.len() {
            size.min = 0;
        }
        if !size.is_free() {
            push(rules, "the number of keys", Test::Keys(size));
        }
        if let Some(names) = own.property_names {
            let test = Translation::new(self, FUEL / 4).need(names);
            push(rules, "the name of a key", test.within(Test::Names));
        }
        for (key, dependent) in &own.dependent {
            let test = Translation::new(self, FUEL / 4).dependent(key, dependent, Mode::Need);
            push(rules, key, test.unwrap_or(Test::True));
        }
        self.of_logic(schema, rules);
    }

    /// `oneOf`, `anyOf`, `not` and `if` beside what the type says.
    pub(super) fn of_logic(&mut self, schema: &Schema, rules: &mut Vec<Rule>) {
        for union in &schema.rules.unions {
            let about = if union.exclusive { "oneOf" } else { "anyOf" };
            let test = Translation::new(self, FUEL).union(union, Mode::Need);
            push(rules, about, test.unwrap_or(Test::True));
        }
        for not in &schema.rules.not {
            let test = Translation::new(self, FUEL / 2).exact(*not);
            push(rules, "not", test.map_or(Test::True, Test::negate));
        }
        for condition in &schema.rules.conditions {
            let test = Translation::new(self, FUEL / 2).condition(condition, Mode::Need);
            push(rules, "if", test.unwrap_or(Test::True));
        }
    }

    fn of_variants(&mut self, schema: &Schema, variants: &[Variant], rules: &mut Vec<Rule>) {
        if schema.rules.unions.is_empty() {
            return self.of_logic(schema, rules);
        }
        for union in &schema.rules.unions {
            for branch in &union.branches {
                let branch = self.merge(*branch);
                let Some((key, id)) = branch.rules.properties.first() else {
                    continue;
                };
                let variant = variants.iter().find(|variant| variant.key == *key);
                if let Some(options) = variant.and_then(|variant| variant.options.as_ref()) {
                    let test = Test::key(key, self.beneath(*id, options));
                    push(rules, key, test);
                }
            }
        }
    }

    /// A union's alternatives are types; what they leave unsaid is said for all together.
    fn of_alternatives(&mut self, schema: &Schema, branches: &[SchemaId], rules: &mut Vec<Rule>) {
        let mut rest = schema.clone();
        let mut union = Union {
            exclusive: false,
            branches: branches.to_vec(),
        };
        if !rest.rules.unions.is_empty() {
            let said = rest.rules.unions.remove(0);
            union.exclusive = said.exclusive;
            // A union in it counts as one.
            if said
                .branches
                .iter()
                .any(|branch| self.inner(*branch).is_some())
            {
                union.branches = said.branches;
            }
        }
        let about = if union.exclusive { "oneOf" } else { "anyOf" };
        let counted = Translation::new(self, SMALL).counted(&union);
        let test = match counted {
            Some(test) => test,
            None => self.any_of(branches),
        };
        push(rules, about, test);
        self.of_logic(&rest, rules);
    }

    /// One of the branches, each with what its type leaves unsaid.
    fn any_of(&mut self, branches: &[SchemaId]) -> Test {
        let types: Vec<Type> = branches.iter().map(|branch| self.ty(*branch)).collect();
        let mut unsaid = false;
        for (branch, ty) in branches.iter().zip(&types) {
            unsaid |= self.beneath(*branch, ty) != Test::True;
        }
        if !unsaid {
            return Test::True;
        }
        let mut translation = Translation::new(self, FUEL);
        Test::any(branches.iter().map(|branch| translation.need(*branch)))
    }
}

fn kind_of(ty: &Type) -> Option<Kind> {
    Some(match ty {
        Type::Boolean => Kind::Boolean,
        Type::Integer(_) | Type::Whole => Kind::Integer,
        Type::Float | Type::Number => Kind::Number,
        Type::String => Kind::String,
        Type::List(_) | Type::Tuple(_) => Kind::Array,
        Type::Map(_) => Kind::Object,
        _ => return None,
    })
}

fn push(rules: &mut Vec<Rule>, about: &str, test: Test) {
    if test == Test::True {
        return;
    }
    match rules.iter_mut().find(|rule| rule.about == about) {
        Some(rule) => {
            let known = std::mem::replace(&mut rule.test, Test::True);
            rule.test = Test::all([known, test]);
        }
        None => rules.push(Rule {
            about: about.to_owned(),
            test,
        }),
    }
}

fn sized(size: Size, test: fn(Size) -> Test) -> Test {
    if size.is_free() {
        Test::True
    } else {
        test(size)
    }
}
