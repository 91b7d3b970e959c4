//! From schemas to tests.

use std::collections::BTreeSet;

use super::{super::Lowering, pattern, sized};
use crate::ir::{
    check::Test,
    schema::{Additional, Condition, Dependent, Kind, Rules, Schema, SchemaId, Size, Union},
    types::Type,
};

/// How true a test is to its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It holds for exactly the schema's values.
    Exact,
    /// It holds for all of the schema's values, and perhaps for more.
    Need,
}

/// A test under construction: so long, and no longer.
pub(super) struct Translation<'t, 'a> {
    lowering: &'t mut Lowering<'a>,
    fuel: usize,
    around: Vec<SchemaId>,
}

/// Tests in tests in tests are no longer read by anyone.
const MAX_DEPTH: usize = 3;

/// `None` if it cannot be said exactly where that is asked.
type Said = Option<Test>;

impl<'t, 'a> Translation<'t, 'a> {
    pub(super) fn new(lowering: &'t mut Lowering<'a>, fuel: usize) -> Self {
        Self {
            lowering,
            fuel,
            around: Vec::new(),
        }
    }

    pub(super) fn exact(&mut self, id: SchemaId) -> Said {
        self.schema(id, Mode::Exact)
    }

    pub(super) fn need(&mut self, id: SchemaId) -> Test {
        self.schema(id, Mode::Need).unwrap_or(Test::True)
    }

    fn schema(&mut self, id: SchemaId, mode: Mode) -> Said {
        if mode == Mode::Need
            && let Some(test) = self.typed(id)
        {
            return Some(test);
        }
        if self.around.contains(&id) || self.around.len() > MAX_DEPTH {
            return unsaid(mode);
        }
        self.around.push(id);
        let schema = self.lowering.merge(id);
        let test = self.merged(&schema, mode);
        self.around.pop();
        test
    }

    /// A type that says it all by itself.
    fn typed(&self, id: SchemaId) -> Said {
        let mut at = id;
        for _ in 0..8 {
            match self.lowering.known.get(&at) {
                Some(Type::Named(ty)) => return Some(Test::Is(*ty)),
                Some(Type::Extern { .. }) => return Some(Test::True),
                _ => at = self.lowering.alias(at)?,
            }
        }
        None
    }

    fn merged(&mut self, schema: &Schema, mode: Mode) -> Said {
        let rules = &schema.rules;
        if rules.is_false {
            return Some(Test::False);
        }
        let inexact = rules.closed_over_all || rules.has_format || rules.incomplete;
        if mode == Mode::Exact && (rules.unsupported.is_some() || inexact) {
            return None;
        }
        let kinds = self.kinds(rules);
        let kinds = match kinds {
            Test::True => kinds,
            kinds => self.spend(mode, kinds)?,
        };
        let mut all = vec![kinds, self.scalars(rules, mode)?];
        all.push(self.arrays(rules, mode)?);
        all.push(self.objects(rules, mode)?);
        all.push(self.logic(rules, mode)?);
        Some(Test::all(all))
    }

    /// One more part.
    fn spend(&mut self, mode: Mode, test: Test) -> Said {
        if self.fuel == 0 || self.lowering.budget == 0 || self.lowering.allowance == 0 {
            return unsaid(mode);
        }
        self.fuel -= 1;
        self.lowering.budget -= 1;
        self.lowering.allowance -= 1;
        Some(test)
    }

    fn kinds(&mut self, rules: &Rules) -> Test {
        if rules.types.is_empty() || rules.values.is_some() {
            return Test::True;
        }
        Test::Kinds(rules.types.iter().copied().collect())
    }

    pub(super) fn scalars(&mut self, rules: &Rules, mode: Mode) -> Said {
        let mut all = Vec::new();
        if let Some(values) = &rules.values {
            let admitted = values.iter().filter(|value| {
                let kind = super::super::kinds::of(value);
                rules.types.is_empty()
                    || rules.types.contains(&kind)
                    || kind == Kind::Number && rules.types.contains(&Kind::Integer)
            });
            all.push(match admitted.cloned().collect::<Vec<_>>() {
                none if none.is_empty() => Test::False,
                some => self.spend(mode, Test::Values(some))?,
            });
        }
        let bounds = &rules.bounds;
        let (min, max) = (bounds.minimum, bounds.maximum);
        let (above, below) = (bounds.above, bounds.below);
        if min.or(max).or(above).or(below).is_some() {
            let range = Test::Number {
                min,
                max,
                above,
                below,
            };
            all.push(self.spend(mode, range)?);
        }
        if let Some(step) = bounds.multiple_of {
            all.push(self.spend(mode, Test::MultipleOf(step))?);
        }
        all.push(sized(bounds.length, Test::Length));
        for text in &bounds.patterns {
            match (pattern::read(text), mode) {
                (Some(pattern), _) => all.push(self.spend(mode, pattern.test())?),
                (None, Mode::Exact) => return None,
                (None, Mode::Need) => {}
            }
        }
        Some(Test::all(all))
    }

    fn arrays(&mut self, rules: &Rules, mode: Mode) -> Said {
        let mut all = vec![self.array_sizes(rules, mode)?];
        for (index, item) in rules.prefix.iter().enumerate() {
            let test = self.schema(*item, mode)?;
            all.push(test.within(|test| Test::At(index, test)));
        }
        if let Some(items) = rules.items {
            all.push(match self.schema(items, mode)? {
                Test::False => Test::Items(Size {
                    min: 0,
                    max: Some(rules.prefix.len() as u64),
                }),
                test => test.within(|test| Test::EachFrom(rules.prefix.len(), test)),
            });
        }
        Some(Test::all(all))
    }

    pub(super) fn array_sizes(&mut self, rules: &Rules, mode: Mode) -> Said {
        let mut all = vec![sized(rules.bounds.items, Test::Items)];
        if rules.unique {
            all.push(self.spend(mode, Test::Unique)?);
        }
        if let Some(contains) = rules.contains {
            let test = self.schema(contains, mode)?;
            all.push(Test::Contains(Box::new(test)));
        }
        Some(Test::all(all))
    }

    fn objects(&mut self, rules: &Rules, mode: Mode) -> Said {
        let mut all = vec![sized(rules.bounds.keys, Test::Keys)];
        for key in &rules.required {
            all.push(self.spend(mode, Test::Has(key.clone()))?);
        }
        for (key, id) in &rules.properties {
            let test = self.schema(*id, mode)?;
            all.push(Test::key(key, test));
        }
        let mut patterns = Vec::new();
        let mut readable = true;
        for (text, id) in &rules.patterns {
            match (pattern::read(text), mode) {
                (Some(pattern), _) => {
                    let test = self.schema(*id, mode)?;
                    all.push(test.within(|test| Test::Matching(pattern.clone(), test)));
                    patterns.push(pattern);
                }
                (None, Mode::Exact) => return None,
                (None, Mode::Need) => readable = false,
            }
        }
        let others = match rules.additional {
            Additional::Open => Test::True,
            Additional::Closed => self.spend(mode, Test::False)?,
            Additional::Typed(rest) => self.schema(rest, mode)?,
        };
        if readable {
            let keys = rules.properties.keys().cloned().collect();
            all.push(others.within(|test| Test::Others {
                keys,
                patterns,
                test,
            }));
        }
        if let Some(names) = rules.property_names {
            all.push(self.schema(names, mode)?.within(Test::Names));
        }
        for (key, dependent) in &rules.dependent {
            all.push(self.dependent(key, dependent, mode)?);
        }
        Some(Test::all(all))
    }

    pub(super) fn dependent(&mut self, key: &str, asked: &Dependent, mode: Mode) -> Said {
        let asked = match asked {
            Dependent::Keys(keys) => Test::all(keys.iter().map(|key| Test::Has(key.clone()))),
            Dependent::Schema(id) => self.schema(*id, mode)?,
        };
        self.spend(mode, Test::any([Test::lacks(key), asked]))
    }

    fn logic(&mut self, rules: &Rules, mode: Mode) -> Said {
        let mut all = Vec::new();
        for union in &rules.unions {
            all.push(self.union(union, mode)?);
        }
        for not in &rules.not {
            match (self.exact(*not), mode) {
                (Some(test), _) => all.push(Test::negate(test)),
                (None, Mode::Exact) => return None,
                (None, Mode::Need) => {}
            }
        }
        for condition in &rules.conditions {
            all.push(self.condition(condition, mode)?);
        }
        Some(Test::all(all))
    }

    pub(super) fn union(&mut self, union: &Union, mode: Mode) -> Said {
        if union.exclusive {
            let fuel = self.fuel;
            match (self.exclusive(union), mode) {
                (Some(test), _) => return Some(test),
                (None, Mode::Exact) => return None,
                (None, Mode::Need) => self.fuel = fuel,
            }
        }
        let mut any = Vec::new();
        for branch in &union.branches {
            match self.schema(*branch, mode)? {
                // Nothing is asked, so nothing more need be looked at.
                Test::True => return Some(Test::True),
                test => any.push(test),
            }
        }
        Some(Test::any(any))
    }

    /// Exactly one of the branches, if it is short to say and needs saying.
    pub(super) fn counted(&mut self, union: &Union) -> Said {
        if !union.exclusive || self.disjoint(union) {
            return None;
        }
        self.exclusive(union)
    }

    /// No value fits two of the branches, for they are for different types.
    fn disjoint(&mut self, union: &Union) -> bool {
        let mut kinds: BTreeSet<Kind> = BTreeSet::new();
        union.branches.iter().all(|branch| {
            let schema = self.lowering.merge(*branch);
            let types = &schema.rules.types;
            !types.is_empty()
                && types.iter().all(|kind| match kind {
                    // An integer is a number, too.
                    Kind::Integer => kinds.insert(Kind::Number),
                    kind => kinds.insert(*kind),
                })
        })
    }

    /// Exactly one of the branches; any of them, where no value fits two.
    fn exclusive(&mut self, union: &Union) -> Said {
        let (budget, allowance) = (self.lowering.budget, self.lowering.allowance);
        let one: Option<Vec<Test>> = union.branches.iter().map(|b| self.exact(*b)).collect();
        let Some(mut one) = one else {
            self.lowering.budget = budget;
            self.lowering.allowance = allowance;
            return None;
        };
        Some(match one.len() {
            1 => one.remove(0),
            _ if self.disjoint(union) => Test::any(one),
            _ => Test::One(one),
        })
    }

    pub(super) fn condition(&mut self, condition: &Condition, mode: Mode) -> Said {
        let Some(test) = self.exact(condition.test) else {
            return unsaid(mode);
        };
        let then = match condition.then {
            Some(then) => self.schema(then, mode)?,
            None => Test::True,
        };
        let otherwise = match condition.otherwise {
            Some(otherwise) => self.schema(otherwise, mode)?,
            None => Test::True,
        };
        Some(Test::all([
            Test::any([Test::negate(test.clone()), then]),
            Test::any([test, otherwise]),
        ]))
    }
}

fn unsaid(mode: Mode) -> Said {
    match mode {
        Mode::Exact => None,
        Mode::Need => Some(Test::True),
    }
}
