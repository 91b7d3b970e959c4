//! From schemas to predicates.

use std::collections::BTreeSet;

use super::{
    super::{Lowering, instance_type},
    pattern, sized,
};
use crate::ir::{
    constraint::{Predicate, Range},
    schema::{
        Additional, Condition, Dependent, InstanceType, Rules, Schema, SchemaId, Size, Union,
    },
    types::Type,
};

/// How a predicate relates to its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// It holds for exactly the schema's values.
    Exact,
    /// It holds for all of the schema's values, and perhaps for others.
    Necessary,
}

/// Builds a predicate within a size budget.
pub(super) struct Translation<'t, 'a> {
    lowering: &'t mut Lowering<'a>,
    /// The schemas around the current one.
    around: Vec<SchemaId>,
    /// Types count as predicates; otherwise their constraints are written out.
    types: bool,
}

/// Deeper predicates are unreadable.
const MAX_DEPTH: usize = 3;

impl<'t, 'a> Translation<'t, 'a> {
    pub(super) fn new(lowering: &'t mut Lowering<'a>, parts: usize) -> Self {
        lowering.budget.start_predicate(parts);
        Self {
            lowering,
            around: Vec::new(),
            types: true,
        }
    }

    /// Writes out what types would express.
    pub(super) fn without_types(mut self) -> Self {
        self.types = false;
        self
    }

    /// The predicate that holds for exactly the schema's values, if it can be expressed.
    pub(super) fn exact(&mut self, id: SchemaId) -> Option<Predicate> {
        self.schema(id, Precision::Exact)
    }

    /// A predicate that holds for all of the schema's values.
    pub(super) fn necessary(&mut self, id: SchemaId) -> Predicate {
        let predicate = self.schema(id, Precision::Necessary);
        predicate.unwrap_or(Predicate::True)
    }

    fn schema(&mut self, id: SchemaId, precision: Precision) -> Option<Predicate> {
        if precision == Precision::Necessary
            && self.types
            && let Some(predicate) = self.typed(id)
        {
            return Some(predicate);
        }
        if self.around.contains(&id) || self.around.len() > MAX_DEPTH {
            return unsupported(precision);
        }
        self.around.push(id);
        let schema = self.lowering.merge(id);
        let predicate = self.merged(&schema, precision);
        self.around.pop();
        predicate
    }

    /// The predicate of a type that expresses the whole schema.
    fn typed(&self, id: SchemaId) -> Option<Predicate> {
        let mut at = id;
        for _ in 0..8 {
            match self.lowering.known.get(&at) {
                Some(Type::Named(ty)) => return Some(Predicate::Is(*ty)),
                Some(Type::Extern { .. }) => return Some(Predicate::True),
                _ => at = self.lowering.alias(at)?,
            }
        }
        None
    }

    fn merged(&mut self, schema: &Schema, precision: Precision) -> Option<Predicate> {
        let rules = &schema.rules;
        if rules.is_false {
            return Some(Predicate::False);
        }
        let inexact = rules.unevaluated != Additional::Open
            || rules.unevaluated_items.is_some()
            || rules.has_format
            || rules.incomplete;
        if precision == Precision::Exact && (rules.unsupported.is_some() || inexact) {
            return None;
        }
        let types = self.types_of(rules);
        let types = match types {
            Predicate::True => types,
            types => self.spend(precision, types)?,
        };
        let mut all = vec![types, self.scalars(rules, precision)?];
        all.push(self.arrays(rules, precision)?);
        all.push(self.objects(rules, precision)?);
        all.push(self.logic(rules, precision)?);
        Some(Predicate::all(all))
    }

    /// One more part.
    fn spend(&mut self, precision: Precision, predicate: Predicate) -> Option<Predicate> {
        match self.lowering.budget.spend() {
            true => Some(predicate),
            false => unsupported(precision),
        }
    }

    fn types_of(&mut self, rules: &Rules) -> Predicate {
        if rules.types.is_empty() || rules.values.is_some() {
            return Predicate::True;
        }
        Predicate::Types(rules.types.iter().copied().collect())
    }

    pub(super) fn scalars(&mut self, rules: &Rules, precision: Precision) -> Option<Predicate> {
        let mut all = Vec::new();
        if let Some(values) = &rules.values {
            let admitted = values.iter().filter(|value| {
                let ty = instance_type::of(value);
                rules.types.is_empty()
                    || rules.types.contains(&ty)
                    || ty == InstanceType::Number && rules.types.contains(&InstanceType::Integer)
            });
            all.push(match admitted.cloned().collect::<Vec<_>>() {
                none if none.is_empty() => Predicate::False,
                some => self.spend(precision, Predicate::Values(some))?,
            });
        }
        let bounds = &rules.bounds;
        let range = Range {
            min: bounds.minimum.clone(),
            max: bounds.maximum.clone(),
            above: bounds.above.clone(),
            below: bounds.below.clone(),
        };
        if range != Range::default() {
            all.push(self.spend(precision, Predicate::Number(range))?);
        }
        for step in &bounds.multiple_of {
            all.push(self.spend(precision, Predicate::MultipleOf(step.clone()))?);
        }
        all.push(sized(bounds.length, Predicate::Length));
        for text in &bounds.patterns {
            match (pattern::read(text), precision) {
                (Some(pattern), _) => all.push(self.spend(precision, pattern.predicate())?),
                (None, Precision::Exact) => return None,
                (None, Precision::Necessary) => {}
            }
        }
        Some(Predicate::all(all))
    }

    fn arrays(&mut self, rules: &Rules, precision: Precision) -> Option<Predicate> {
        let mut all = vec![self.array_sizes(rules, precision)?];
        for (index, item) in rules.prefix.iter().enumerate() {
            let predicate = self.schema(*item, precision)?;
            all.push(predicate.within(|predicate| Predicate::At(index, predicate)));
        }
        if let Some(items) = rules.items {
            all.push(match self.schema(items, precision)? {
                Predicate::False => Predicate::Items(Size {
                    min: 0,
                    max: Some(rules.prefix.len() as u64),
                }),
                predicate => {
                    predicate.within(|predicate| Predicate::EachFrom(rules.prefix.len(), predicate))
                }
            });
        }
        Some(Predicate::all(all))
    }

    pub(super) fn array_sizes(&mut self, rules: &Rules, precision: Precision) -> Option<Predicate> {
        let mut all = vec![sized(rules.bounds.items, Predicate::Items)];
        if rules.unique {
            all.push(self.spend(precision, Predicate::Unique)?);
        }
        for contains in &rules.contains {
            let predicate = self.schema(*contains, precision)?;
            all.push(Predicate::Contains(Box::new(predicate)));
        }
        Some(Predicate::all(all))
    }

    fn objects(&mut self, rules: &Rules, precision: Precision) -> Option<Predicate> {
        let mut all = vec![sized(rules.bounds.keys, Predicate::Keys)];
        for key in &rules.required {
            all.push(self.spend(precision, Predicate::Has(key.clone()))?);
        }
        for (key, id) in &rules.properties {
            let predicate = self.schema(*id, precision)?;
            all.push(Predicate::key(key, predicate));
        }
        let mut patterns = Vec::new();
        let mut readable = true;
        for (text, id) in &rules.patterns {
            match (pattern::read(text), precision) {
                (Some(pattern), _) => {
                    let predicate = self.schema(*id, precision)?;
                    all.push(
                        predicate
                            .within(|predicate| Predicate::Matching(pattern.clone(), predicate)),
                    );
                    patterns.push(pattern);
                }
                (None, Precision::Exact) => return None,
                (None, Precision::Necessary) => readable = false,
            }
        }
        let others = match rules.additional {
            Additional::Open => Predicate::True,
            Additional::Closed => self.spend(precision, Predicate::False)?,
            Additional::Typed(rest) => self.schema(rest, precision)?,
        };
        if readable {
            let keys = rules.properties.keys().cloned().collect();
            all.push(others.within(|predicate| Predicate::Others {
                keys,
                patterns,
                predicate,
            }));
        }
        if let Some(names) = rules.property_names {
            all.push(self.schema(names, precision)?.within(Predicate::Names));
        }
        for (key, dependent) in &rules.dependent {
            all.push(self.dependent(key, dependent, precision)?);
        }
        Some(Predicate::all(all))
    }

    pub(super) fn dependent(
        &mut self,
        key: &str,
        asked: &Dependent,
        precision: Precision,
    ) -> Option<Predicate> {
        let asked = match asked {
            Dependent::Keys(keys) => {
                Predicate::all(keys.iter().map(|key| Predicate::Has(key.clone())))
            }
            Dependent::Schema(id) => self.schema(*id, precision)?,
        };
        self.spend(precision, Predicate::any([Predicate::lacks(key), asked]))
    }

    fn logic(&mut self, rules: &Rules, precision: Precision) -> Option<Predicate> {
        let mut all = Vec::new();
        for union in &rules.unions {
            all.push(self.union(union, precision)?);
        }
        for not in &rules.not {
            match (self.exact(*not), precision) {
                (Some(predicate), _) => all.push(Predicate::negate(predicate)),
                (None, Precision::Exact) => return None,
                (None, Precision::Necessary) => {}
            }
        }
        for condition in &rules.conditions {
            all.push(self.condition(condition, precision)?);
        }
        Some(Predicate::all(all))
    }

    pub(super) fn union(&mut self, union: &Union, precision: Precision) -> Option<Predicate> {
        if union.exclusive {
            match (self.exclusive(union), precision) {
                (Some(predicate), _) => return Some(predicate),
                (None, Precision::Exact) => return None,
                (None, Precision::Necessary) => {}
            }
        }
        let mut any = Vec::new();
        for branch in &union.branches {
            match self.schema(*branch, precision)? {
                // The others cannot narrow it.
                Predicate::True => return Some(Predicate::True),
                predicate => any.push(predicate),
            }
        }
        Some(Predicate::any(any))
    }

    /// Exactly one of the branches, if that is short and not implied.
    pub(super) fn counted(&mut self, union: &Union) -> Option<Predicate> {
        if !union.exclusive || self.disjoint(union) {
            return None;
        }
        self.exclusive(union)
    }

    /// No value is valid against two of the branches: they are for different types.
    fn disjoint(&mut self, union: &Union) -> bool {
        let mut seen: BTreeSet<InstanceType> = BTreeSet::new();
        union.branches.iter().all(|branch| {
            let schema = self.lowering.merge(*branch);
            let types = &schema.rules.types;
            !types.is_empty()
                && types.iter().all(|ty| match ty {
                    // An integer is a number, too.
                    InstanceType::Integer => seen.insert(InstanceType::Number),
                    ty => seen.insert(*ty),
                })
        })
    }

    /// Exactly one of the branches; any of them, where no value is valid against two.
    fn exclusive(&mut self, union: &Union) -> Option<Predicate> {
        let budget = self.lowering.budget;
        let one: Option<Vec<Predicate>> = union.branches.iter().map(|b| self.exact(*b)).collect();
        let Some(mut one) = one else {
            self.lowering.budget = budget;
            return None;
        };
        Some(match one.len() {
            1 => one.remove(0),
            _ if self.disjoint(union) => Predicate::any(one),
            _ => Predicate::One(one),
        })
    }

    pub(super) fn condition(
        &mut self,
        condition: &Condition,
        precision: Precision,
    ) -> Option<Predicate> {
        let Some(predicate) = self.exact(condition.test) else {
            return unsupported(precision);
        };
        let then = match condition.then {
            Some(then) => self.schema(then, precision)?,
            None => Predicate::True,
        };
        let otherwise = match condition.otherwise {
            Some(otherwise) => self.schema(otherwise, precision)?,
            None => Predicate::True,
        };
        Some(Predicate::all([
            Predicate::any([Predicate::negate(predicate.clone()), then]),
            Predicate::any([predicate, otherwise]),
        ]))
    }
}

fn unsupported(precision: Precision) -> Option<Predicate> {
    match precision {
        Precision::Exact => None,
        Precision::Necessary => Some(Predicate::True),
    }
}
