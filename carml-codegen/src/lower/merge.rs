//! One schema from a reference, `allOf` and the keywords beside them.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, VecDeque},
    rc::Rc,
};

use carml_schema::number;
use serde_json::Number;

use super::Lowering;
use crate::ir::schema::{About, Additional, Bounds, InstanceType, Rules, Schema, SchemaId};

/// The most schemas that are made from others: a document that needs more is hostile.
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

    /// The schema merged with its reference and its `allOf`.
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
            let mut part = self.graph.get(next).clone();
            let is_whole = part.reference.is_none() && part.all_of.is_empty();
            if is_whole && !self.fragments.contains(&next) {
                settle_unevaluated(&mut part.rules);
            }
            pending.extend(part.reference.iter().chain(&part.all_of));
            merged.scalar = merged.scalar.take().or(part.scalar);
            merged.secret = merged.secret.or(part.secret);
            merged.rust_type = merged.rust_type.take().or(part.rust_type);
            let about = &mut merged.about;
            about.description = about.description.take().or(part.about.description);
            self.intersect(&mut merged.rules, part.rules);
        }
        settle_unevaluated(&mut merged.rules);
        let merged = Rc::new(merged);
        self.merged.insert(id, Rc::clone(&merged));
        merged
    }

    /// The schema of the values that are valid against both.
    pub(super) fn intersection(&mut self, first: SchemaId, second: SchemaId) -> SchemaId {
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
        // The target of a reference has the better name.
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

    fn intersect_option(
        &mut self,
        ours: Option<SchemaId>,
        theirs: Option<SchemaId>,
    ) -> Option<SchemaId> {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => Some(self.intersection(ours, theirs)),
            (ours, theirs) => ours.or(theirs),
        }
    }

    fn intersect(&mut self, ours: &mut Rules, mut theirs: Rules) {
        ours.is_false |= theirs.is_false;
        ours.unique |= theirs.unique;
        ours.has_format |= theirs.has_format;
        ours.incomplete |= theirs.incomplete;
        ours.unevaluated = self.stricter(ours.unevaluated, theirs.unevaluated);
        ours.unevaluated_items =
            self.intersect_option(ours.unevaluated_items, theirs.unevaluated_items);
        ours.open_over_all |= theirs.open_over_all;
        ours.items_over_all |= theirs.items_over_all;
        ours.unsupported = ours.unsupported.take().or(theirs.unsupported.take());
        if ours.types.is_empty() {
            ours.types = std::mem::take(&mut theirs.types);
        } else if !theirs.types.is_empty() {
            ours.types = common(&ours.types, &theirs.types);
            ours.is_false |= ours.types.is_empty();
        }
        ours.values = match (ours.values.take(), theirs.values.take()) {
            (Some(mut ours), Some(theirs)) => {
                ours.retain(|value| theirs.iter().any(|known| number::equal(known, value)));
                Some(ours)
            }
            (ours, theirs) => ours.or(theirs),
        };
        self.objects(ours, &theirs);
        ours.required.append(&mut theirs.required);
        ours.property_names = self.intersect_option(ours.property_names, theirs.property_names);
        ours.dependent.append(&mut theirs.dependent);
        self.arrays(ours, &theirs);
        ours.contains.append(&mut theirs.contains);
        ours.unions.append(&mut theirs.unions);
        ours.not.append(&mut theirs.not);
        ours.conditions.append(&mut theirs.conditions);
        narrow(&mut ours.bounds, theirs.bounds);
    }

    fn objects(&mut self, ours: &mut Rules, theirs: &Rules) {
        // What one part requires of other keys holds for those that only the other part names.
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
                    *property = self.intersection(*property, rest);
                }
            }
        }
        for (key, property) in &theirs.properties {
            let known = ours.properties.get(key).copied();
            let property = match (known, ours.additional) {
                (Some(known), _) => self.intersection(known, *property),
                (None, Additional::Closed) if ours.patterns.is_empty() => continue,
                (None, Additional::Typed(rest)) if ours.patterns.is_empty() => {
                    self.intersection(*property, rest)
                }
                _ => *property,
            };
            ours.properties.insert(key.clone(), property);
        }
        for (pattern, value) in &theirs.patterns {
            let known = ours.patterns.get(pattern).copied();
            let value = known.map_or(*value, |known| self.intersection(known, *value));
            ours.patterns.insert(pattern.clone(), value);
        }
        ours.additional = self.stricter(ours.additional, theirs.additional);
    }

    fn stricter(&mut self, ours: Additional, theirs: Additional) -> Additional {
        match (ours, theirs) {
            (Additional::Typed(ours), Additional::Typed(theirs)) => {
                Additional::Typed(self.intersection(ours, theirs))
            }
            (Additional::Closed, _) | (_, Additional::Closed) => Additional::Closed,
            (Additional::Open, theirs) => theirs,
            (ours, Additional::Open) => ours,
        }
    }

    /// Where one part has no item of its own at an index, its `items` is for that one, too.
    fn arrays(&mut self, ours: &mut Rules, theirs: &Rules) {
        let count = ours.prefix.len().max(theirs.prefix.len());
        let at = |rules: &Rules, index: usize| rules.prefix.get(index).copied().or(rules.items);
        let prefix: Vec<SchemaId> = (0..count)
            .filter_map(|index| self.intersect_option(at(ours, index), at(theirs, index)))
            .collect();
        ours.prefix = prefix;
        ours.items = self.intersect_option(ours.items, theirs.items);
    }
}

/// Turns `unevaluatedProperties` and `unevaluatedItems` into the keywords that mean the same where
/// what is evaluated does not depend on the value.
fn settle_unevaluated(rules: &mut Rules) {
    let unconditional =
        rules.unions.is_empty() && rules.conditions.is_empty() && rules.dependent.is_empty();
    if rules.open_over_all || rules.additional != Additional::Open {
        rules.unevaluated = Additional::Open;
    } else if unconditional {
        rules.additional = std::mem::take(&mut rules.unevaluated);
    }
    if rules.items_over_all || rules.items.is_some() {
        rules.unevaluated_items = None;
    } else if unconditional && rules.contains.is_empty() {
        rules.items = rules.unevaluated_items.take();
    }
}

/// Integers are numbers.
fn common(
    ours: &BTreeSet<InstanceType>,
    theirs: &BTreeSet<InstanceType>,
) -> BTreeSet<InstanceType> {
    let allows = |types: &BTreeSet<InstanceType>, ty: InstanceType| {
        types.contains(&ty) || ty == InstanceType::Integer && types.contains(&InstanceType::Number)
    };
    let all = ours.iter().chain(theirs).copied();
    all.filter(|ty| allows(ours, *ty) && allows(theirs, *ty))
        .collect()
}

fn narrow(ours: &mut Bounds, theirs: Bounds) {
    let pick = |ours: &mut Option<Number>, theirs: Option<Number>, tighter: Ordering| {
        if let Some(theirs) = theirs
            && ours
                .as_ref()
                .is_none_or(|ours| number::compare(&theirs, ours) == tighter)
        {
            *ours = Some(theirs);
        }
    };
    pick(&mut ours.minimum, theirs.minimum, Ordering::Greater);
    pick(&mut ours.maximum, theirs.maximum, Ordering::Less);
    pick(&mut ours.above, theirs.above, Ordering::Greater);
    pick(&mut ours.below, theirs.below, Ordering::Less);
    for step in theirs.multiple_of {
        if !ours.multiple_of.contains(&step) {
            ours.multiple_of.push(step);
        }
    }
    for pattern in theirs.patterns {
        if !ours.patterns.contains(&pattern) {
            ours.patterns.push(pattern);
        }
    }
    ours.length.narrow(theirs.length);
    ours.items.narrow(theirs.items);
    ours.keys.narrow(theirs.keys);
}
