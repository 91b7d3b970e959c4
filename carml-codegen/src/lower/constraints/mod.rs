//! What remains to be checked: what the types cannot express.

mod default;
mod pattern;
mod predicates;
mod residual;

use super::{Lowering, budget::Budget};
use crate::ir::{
    constraint::{Constraint, Pattern, Predicate},
    schema::{Additional, Dependent, InstanceType, Schema, SchemaId, Size, Union},
    types::{Extra, NamedKind, Presence, Struct, Type, Variant},
};
use predicates::{Precision, Translation};

/// How many parts may be spent on counting the alternatives that are valid.
const MAX_COUNTED: usize = 10;

impl Lowering<'_> {
    /// The constraints of a type that is being defined.
    pub(super) fn constraints(
        &mut self,
        schema: &Schema,
        kind: &NamedKind,
        branches: &[SchemaId],
    ) -> Vec<Constraint> {
        let mut constraints = Vec::new();
        if self.validated {
            return constraints;
        }
        self.budget.start_type();
        match kind {
            NamedKind::Struct(structure) => self.of_struct(schema, structure, &mut constraints),
            NamedKind::Enum(variants) => self.of_variants(schema, variants, &mut constraints),
            // serde would take an array, too.
            NamedKind::Tagged(..) => {
                let object = Predicate::Types(vec![InstanceType::Object]);
                push(&mut constraints, Constraint::of_value(None, object));
            }
            NamedKind::Wrapper(_) => {
                let values = schema.rules.values.clone().unwrap_or_default();
                let values = Predicate::Values(values);
                push(&mut constraints, Constraint::of_value(None, values));
            }
            NamedKind::Untagged(_) => self.of_alternatives(schema, branches, &mut constraints),
        }
        constraints
    }

    /// The constraints of a root that is not a type of its own.
    pub(super) fn root_constraints(&mut self, id: SchemaId, ty: &Type) -> Vec<Constraint> {
        let mut constraints = Vec::new();
        if !self.validated {
            self.budget.start_type();
            let predicate = self.residual(id, ty);
            push(&mut constraints, Constraint::of_value(None, predicate));
        }
        constraints
    }

    fn of_struct(
        &mut self,
        schema: &Schema,
        structure: &Struct,
        constraints: &mut Vec<Constraint>,
    ) {
        for field in &structure.fields {
            let Some(id) = schema.rules.properties.get(&field.key) else {
                continue;
            };
            let ty = match (&field.presence, &field.ty) {
                (Presence::Optional, Type::Option(inner)) => inner,
                (_, ty) => ty,
            };
            let predicate = Predicate::key(&field.key, self.residual(*id, ty));
            push(constraints, Constraint::of_key(&field.key, predicate));
        }
        for key in &schema.rules.required {
            if !schema.rules.properties.contains_key(key) {
                let present = Predicate::Has(key.clone());
                push(constraints, Constraint::of_key(key, present));
            }
        }
        if let Extra::Kept(ty) = &structure.extra {
            self.of_others(schema, ty, constraints);
        }
        self.of_keys(schema, constraints);
    }

    /// The values of keys that are not fields.
    pub(super) fn of_others(
        &mut self,
        schema: &Schema,
        ty: &Type,
        constraints: &mut Vec<Constraint>,
    ) {
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
            let predicate = if single && own.properties.is_empty() {
                self.residual(*id, ty)
            } else {
                Translation::new(self, Budget::PREDICATE / 4).necessary(*id)
            };
            let predicate = predicate.within(|inner| Predicate::Matching(pattern.clone(), inner));
            let keyword = Some("patternProperties");
            push(constraints, Constraint::of_value(keyword, predicate));
        }
        let Some(patterns) = patterns else {
            return;
        };
        let predicate = match own.additional {
            Additional::Open => Predicate::True,
            Additional::Closed if own.patterns.is_empty() => Predicate::True,
            Additional::Closed => Predicate::False,
            Additional::Typed(rest) if own.patterns.is_empty() => self.residual(rest, ty),
            Additional::Typed(rest) => {
                Translation::new(self, Budget::PREDICATE / 4).necessary(rest)
            }
        };
        let predicate = predicate.within(|predicate| Predicate::Others {
            keys,
            patterns,
            predicate,
        });
        let keyword = Some("additionalProperties");
        push(constraints, Constraint::of_value(keyword, predicate));
    }

    /// What is required of the keys together.
    pub(super) fn of_keys(&mut self, schema: &Schema, constraints: &mut Vec<Constraint>) {
        let own = &schema.rules;
        let mut size = own.bounds.keys;
        // `required` implies as many.
        if size.min as usize <= own.required.len() {
            size.min = 0;
        }
        let size = sized(size, Predicate::Keys);
        push(constraints, Constraint::of_value(None, size));
        if let Some(names) = own.property_names {
            let name = Translation::new(self, Budget::PREDICATE / 4).necessary(names);
            let names = name.within(Predicate::Names);
            let keyword = Some("propertyNames");
            push(constraints, Constraint::of_value(keyword, names));
        }
        for (key, dependent) in &own.dependent {
            let mut translation = Translation::new(self, Budget::PREDICATE / 4);
            let predicate = translation.dependent(key, dependent, Precision::Necessary);
            let mut constraint = Constraint::of_key(key, predicate.unwrap_or(Predicate::True));
            constraint.keyword = Some(match dependent {
                Dependent::Keys(_) => "dependentRequired",
                Dependent::Schema(_) => "dependentSchemas",
            });
            push(constraints, constraint);
        }
        self.of_logic(schema, constraints);
    }

    /// `oneOf`, `anyOf`, `not` and `if`, as far as the type does not express them.
    pub(super) fn of_logic(&mut self, schema: &Schema, constraints: &mut Vec<Constraint>) {
        let mut add = |keyword: &'static str, predicate: Option<Predicate>| {
            let predicate = predicate.unwrap_or(Predicate::True);
            push(constraints, Constraint::of_value(Some(keyword), predicate));
        };
        for union in &schema.rules.unions {
            let mut translation = Translation::new(self, Budget::PREDICATE);
            let predicate = translation.union(union, Precision::Necessary);
            add(union_keyword(union), predicate);
        }
        for not in &schema.rules.not {
            let mut translation = Translation::new(self, Budget::PREDICATE / 2);
            add("not", translation.exact(*not).map(Predicate::negate));
        }
        for condition in &schema.rules.conditions {
            let mut translation = Translation::new(self, Budget::PREDICATE / 2);
            add("if", translation.condition(condition, Precision::Necessary));
        }
    }

    fn of_variants(
        &mut self,
        schema: &Schema,
        variants: &[Variant],
        constraints: &mut Vec<Constraint>,
    ) {
        let with_options = variants.iter().filter(|variant| variant.options.is_some());
        let keys: Vec<String> = with_options.map(|variant| variant.key.clone()).collect();
        // serde would take `{"none": null}` for the string `"none"`, too.
        if !keys.is_empty() && keys.len() < variants.len() {
            let only = Predicate::Others {
                keys,
                patterns: Vec::new(),
                predicate: Box::new(Predicate::False),
            };
            push(constraints, Constraint::of_value(Some("type"), only));
        }
        if schema.rules.unions.is_empty() {
            return self.of_logic(schema, constraints);
        }
        for union in &schema.rules.unions {
            for branch in &union.branches {
                let branch = self.merge(*branch);
                let Some((key, id)) = branch.rules.properties.first() else {
                    continue;
                };
                let variant = variants.iter().find(|variant| variant.key == *key);
                if let Some(options) = variant.and_then(|variant| variant.options.as_ref()) {
                    let predicate = Predicate::key(key, self.residual(*id, options));
                    push(constraints, Constraint::of_key(key, predicate));
                }
            }
        }
    }

    /// A union's alternatives are types; what these cannot express is one constraint for all of
    /// them.
    fn of_alternatives(
        &mut self,
        schema: &Schema,
        branches: &[SchemaId],
        constraints: &mut Vec<Constraint>,
    ) {
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
        let counted = Translation::new(self, MAX_COUNTED).counted(&union);
        let predicate = match counted {
            Some(predicate) => predicate,
            None => self.any_of(branches),
        };
        let keyword = Some(union_keyword(&union));
        push(constraints, Constraint::of_value(keyword, predicate));
        self.of_logic(&rest, constraints);
    }

    /// One of the branches, each with what its type cannot express.
    fn any_of(&mut self, branches: &[SchemaId]) -> Predicate {
        let types: Vec<Type> = branches.iter().map(|branch| self.ty(*branch)).collect();
        let mut constrained = false;
        for (branch, ty) in branches.iter().zip(&types) {
            constrained |= self.residual(*branch, ty) != Predicate::True;
        }
        if !constrained {
            return Predicate::True;
        }
        let mut translation = Translation::new(self, Budget::PREDICATE);
        let any = branches.iter().map(|branch| translation.necessary(*branch));
        Predicate::any(any)
    }
}

fn union_keyword(union: &Union) -> &'static str {
    match union.exclusive {
        true => "oneOf",
        false => "anyOf",
    }
}

fn instance_type_of(ty: &Type) -> Option<InstanceType> {
    Some(match ty {
        Type::Boolean => InstanceType::Boolean,
        Type::Integer(_) | Type::AnyInteger => InstanceType::Integer,
        Type::Float | Type::Number => InstanceType::Number,
        Type::String => InstanceType::String,
        Type::List(_) | Type::Tuple(_) => InstanceType::Array,
        Type::Map(_) => InstanceType::Object,
        _ => return None,
    })
}

/// Adds a constraint to the one that is about the same, if there is one.
fn push(constraints: &mut Vec<Constraint>, constraint: Constraint) {
    if constraint.predicate == Predicate::True {
        return;
    }
    let about = |known: &&mut Constraint| {
        known.key == constraint.key && known.keyword == constraint.keyword
    };
    match constraints.iter_mut().find(about) {
        Some(known) => {
            let both = [
                std::mem::replace(&mut known.predicate, Predicate::True),
                constraint.predicate,
            ];
            known.predicate = Predicate::all(both);
        }
        None => constraints.push(constraint),
    }
}

fn sized(size: Size, predicate: fn(Size) -> Predicate) -> Predicate {
    if size.is_free() {
        Predicate::True
    } else {
        predicate(size)
    }
}
