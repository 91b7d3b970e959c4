//! One schema from a reference, `allOf` and what stands beside them.

use std::{
    collections::{BTreeSet, VecDeque},
    rc::Rc,
};

use super::Lowering;
use crate::ir::schema::{About, Additional, Bounds, Kind, Rules, Schema, SchemaId};

/// More schemas than this are not made from two: such a document is hostile.
const MAX_SCHEMAS: usize = 60_000;

impl Lowering<'_> {
    /// The schema that this one is another name for: nothing beside the reference constrains
    /// the value.
    pub(super) fn alias(&self, id: SchemaId) -> Option<SchemaId> {
        let schema = self.graph.get(id);
        let target = match (schema.reference, schema.all_of.as_slice()) {
            (Some(target), []) => target,
            (None, [target]) => *target,
            _ => return None,
        };
        schema.rules.is_unconstrained().then_some(target)
    }

    /// What the schema says with its reference and its `allOf` taken in.
    pub(super) fn merge(&mut self, id: SchemaId) -> Rc<Schema> {
        if let Some(merged) = self.merged.get(&id) {
            return Rc::clone(merged);
        }
        let mut merged = self.graph.get(id).clone();
        let mut seen = BTreeSet::from([id]);
        let mut pending = VecDeque::new();
        pending.extend(merged.reference.take());
        pending.extend(std::mem::take(&mut merged.all_of));
        while let Some(next) = pending.pop_front() {
            if !seen.insert(next) {
                continue;
            }
            let part = self.graph.get(next).clone();
            pending.extend(part.reference.iter().chain(&part.all_of));
            merged.scalar = merged.scalar.take().or(part.scalar);
            merged.rust_type = merged.rust_type.take().or(part.rust_type);
            let about = &mut merged.about;
            about.description = about.description.take().or(part.about.description);
            self.intersect(&mut merged.rules, part.rules);
        }
        let rules = &mut merged.rules;
        if rules.closed_over_all && !rules.open_over_all && rules.additional == Additional::Open {
            let evaluates_alone = rules.unions.is_empty()
                && rules.conditions.is_empty()
                && rules.dependent.is_empty();
            if evaluates_alone {
                rules.additional = Additional::Closed;
                rules.closed_over_all = false;
            }
        }
        let merged = Rc::new(merged);
        self.merged.insert(id, Rc::clone(&merged));
        merged
    }

    /// The schema of what fits both.
    pub(super) fn both(&mut self, first: SchemaId, second: SchemaId) -> SchemaId {
        let parts = |id: &SchemaId| match self.parts.get(id) {
            Some(parts) => parts.clone(),
            None => vec![self.resolve(*id)],
        };
        let (mut all, theirs) = (parts(&first), parts(&second));
        if theirs.iter().all(|part| all.contains(part)) {
            return first;
        }
        if all.iter().all(|part| theirs.contains(part)) {
            return second;
        }
        all.extend(theirs);
        let mut seen = BTreeSet::new();
        all.retain(|part| seen.insert(*part));
        let mut key = all.clone();
        key.sort();
        if let Some(id) = self.intersections.get(&key) {
            return *id;
        }
        if self.graph.schemas.len() >= MAX_SCHEMAS {
            return first;
        }
        // What a reference leads to has the better name.
        let schema = self.graph.get(self.resolve(first));
        let (ours, theirs) = (&schema.about, &self.graph.get(second).about);
        let id = self.graph.add(Schema {
            place: schema.place.clone(),
            hint: schema.hint.clone(),
            about: About {
                title: ours.title.clone().or_else(|| theirs.title.clone()),
                description: ours
                    .description
                    .clone()
                    .or_else(|| theirs.description.clone()),
                ..ours.clone()
            },
            fill: schema.fill,
            all_of: all.clone(),
            ..Schema::default()
        });
        self.parts.insert(id, all);
        self.intersections.insert(key, id);
        id
    }

    /// Where a chain of references ends.
    pub(super) fn resolve(&self, id: SchemaId) -> SchemaId {
        let mut at = id;
        for _ in 0..16 {
            match self.alias(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    fn both_or(&mut self, ours: Option<SchemaId>, theirs: Option<SchemaId>) -> Option<SchemaId> {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => Some(self.both(ours, theirs)),
            (ours, theirs) => ours.or(theirs),
        }
    }

    fn intersect(&mut self, ours: &mut Rules, mut theirs: Rules) {
        ours.is_false |= theirs.is_false;
        ours.unique |= theirs.unique;
        ours.has_format |= theirs.has_format;
        ours.incomplete |= theirs.incomplete;
        ours.closed_over_all |= theirs.closed_over_all;
        ours.open_over_all |= theirs.open_over_all;
        ours.unsupported = ours.unsupported.take().or(theirs.unsupported.take());
        if ours.types.is_empty() {
            ours.types = std::mem::take(&mut theirs.types);
        } else if !theirs.types.is_empty() {
            ours.types = common(&ours.types, &theirs.types);
            ours.is_false |= ours.types.is_empty();
        }
        ours.values = match (ours.values.take(), theirs.values.take()) {
            (Some(mut ours), Some(theirs)) => {
                ours.retain(|value| theirs.contains(value));
                Some(ours)
            }
            (ours, theirs) => ours.or(theirs),
        };
        self.objects(ours, &theirs);
        ours.required.append(&mut theirs.required);
        ours.property_names = self.both_or(ours.property_names, theirs.property_names);
        ours.dependent.append(&mut theirs.dependent);
        for (index, item) in theirs.prefix.iter().enumerate() {
            match ours.prefix.get(index).copied() {
                Some(known) => ours.prefix[index] = self.both(known, *item),
                None => ours.prefix.push(*item),
            }
        }
        ours.items = self.both_or(ours.items, theirs.items);
        ours.contains = ours.contains.or(theirs.contains);
        ours.unions.append(&mut theirs.unions);
        ours.not.append(&mut theirs.not);
        ours.conditions.append(&mut theirs.conditions);
        narrow(&mut ours.bounds, theirs.bounds);
    }

    fn objects(&mut self, ours: &mut Rules, theirs: &Rules) {
        // What one part says of further keys holds for those that only the other part names.
        let closed =
            |rules: &Rules| rules.additional == Additional::Closed && rules.patterns.is_empty();
        if closed(theirs) {
            ours.properties
                .retain(|key, _| theirs.properties.contains_key(key));
        }
        if let Additional::Typed(rest) = theirs.additional
            && theirs.patterns.is_empty()
        {
            for (key, property) in &mut ours.properties {
                if !theirs.properties.contains_key(key) {
                    *property = self.both(*property, rest);
                }
            }
        }
        for (key, property) in &theirs.properties {
            let known = ours.properties.get(key).copied();
            let property = match (known, ours.additional) {
                (Some(known), _) => self.both(known, *property),
                (None, Additional::Closed) if ours.patterns.is_empty() => continue,
                (None, Additional::Typed(rest)) if ours.patterns.is_empty() => {
                    self.both(*property, rest)
                }
                _ => *property,
            };
            ours.properties.insert(key.clone(), property);
        }
        for (pattern, value) in &theirs.patterns {
            let known = ours.patterns.get(pattern).copied();
            let value = known.map_or(*value, |known| self.both(known, *value));
            ours.patterns.insert(pattern.clone(), value);
        }
        ours.additional = match (ours.additional, theirs.additional) {
            (Additional::Typed(ours), Additional::Typed(theirs)) => {
                Additional::Typed(self.both(ours, theirs))
            }
            (Additional::Closed, _) | (_, Additional::Closed) => Additional::Closed,
            (Additional::Open, theirs) => theirs,
            (ours, Additional::Open) => ours,
        };
    }
}

/// Integers are numbers.
fn common(ours: &BTreeSet<Kind>, theirs: &BTreeSet<Kind>) -> BTreeSet<Kind> {
    let admits = |kinds: &BTreeSet<Kind>, kind: Kind| {
        kinds.contains(&kind) || kind == Kind::Integer && kinds.contains(&Kind::Number)
    };
    let all = ours.iter().chain(theirs).copied();
    all.filter(|kind| admits(ours, *kind) && admits(theirs, *kind))
        .collect()
}

fn narrow(ours: &mut Bounds, theirs: Bounds) {
    let pick =
        |ours: Option<f64>, theirs: Option<f64>, tighter: fn(f64, f64) -> f64| match (ours, theirs)
        {
            (Some(ours), Some(theirs)) => Some(tighter(ours, theirs)),
            (ours, theirs) => ours.or(theirs),
        };
    ours.minimum = pick(ours.minimum, theirs.minimum, f64::max);
    ours.maximum = pick(ours.maximum, theirs.maximum, f64::min);
    ours.above = pick(ours.above, theirs.above, f64::max);
    ours.below = pick(ours.below, theirs.below, f64::min);
    ours.multiple_of = ours.multiple_of.or(theirs.multiple_of);
    for pattern in theirs.patterns {
        if !ours.patterns.contains(&pattern) {
            ours.patterns.push(pattern);
        }
    }
    ours.length.narrow(theirs.length);
    ours.items.narrow(theirs.items);
    ours.keys.narrow(theirs.keys);
}
