//! Which values are secret, by the same rule as in reports: a value is secret if any schema that
//! may apply to it says so. The types of secret values do not show them in `Debug`.

use carml_schema::secret_names::names_a_secret;

use super::Lowering;
use crate::ir::{
    schema::{Additional, Dependent, Graph, InstanceType, Rules, Schema, SchemaId},
    types::Type,
};

/// Which schemas of a graph describe secrets, by their ids.
pub(super) struct Secrets {
    /// The values are secret.
    secret: Vec<bool>,
    /// The values are secret, or have secrets in them.
    bearing: Vec<bool>,
    any: bool,
}

impl Secrets {
    pub(super) fn of(graph: &Graph) -> Self {
        let schemas = graph.schemas.iter();
        let marked: Vec<bool> = schemas.map(|schema| schema.secret == Some(true)).collect();
        let any = marked.contains(&true);
        let spread = |parts: fn(&Schema) -> Vec<SchemaId>| match any {
            true => spread(graph, marked.clone(), parts),
            false => marked.clone(),
        };
        Self {
            secret: spread(in_place),
            bearing: spread(parts),
            any,
        }
    }

    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        self.any
    }
}

/// Marks the schemas that have a marked one as a part, directly or not.
fn spread(graph: &Graph, mut marked: Vec<bool>, parts: fn(&Schema) -> Vec<SchemaId>) -> Vec<bool> {
    let mut wholes: Vec<Vec<usize>> = vec![Vec::new(); graph.schemas.len()];
    for (whole, schema) in graph.schemas.iter().enumerate() {
        for part in parts(schema) {
            wholes[part.0].push(whole);
        }
    }
    let marks = marked.iter().enumerate().filter(|(_, marked)| **marked);
    let mut pending: Vec<usize> = marks.map(|(at, _)| at).collect();
    while let Some(part) = pending.pop() {
        for whole in &wholes[part] {
            if !std::mem::replace(&mut marked[*whole], true) {
                pending.push(*whole);
            }
        }
    }
    marked
}

impl Lowering<'_> {
    /// The type of a schema's values, masked if they are secret.
    pub(super) fn masked_if_secret(&self, id: SchemaId, ty: Type) -> Type {
        match self.secrets.any && self.must_mask(id, &ty) {
            true => ty.masked(),
            false => ty,
        }
    }

    /// The type of an item of a list, masked if it is secret; without an index, of every item.
    pub(super) fn masked_if_secret_item(
        &self,
        list: SchemaId,
        index: Option<usize>,
        ty: Type,
    ) -> Type {
        let items = |rules: &Rules| {
            let first = match index {
                Some(index) => rules.prefix.get(index..=index).unwrap_or_default(),
                None => rules.prefix.as_slice(),
            };
            let others = rules.items.iter().chain(&rules.unevaluated_items);
            let others = others.chain(&rules.contains);
            first.iter().chain(others).copied().collect()
        };
        match self.any_part_masks(list, &ty, items) {
            true => ty.masked(),
            false => ty,
        }
    }

    /// The type of the values of keys that are not named, masked if they are secret.
    pub(super) fn masked_if_secret_others(&self, owner: SchemaId, ty: Type) -> Type {
        match self.any_part_masks(owner, &ty, others) {
            true => ty.masked(),
            false => ty,
        }
    }

    /// The type of a property, masked if it is secret: a schema that applies beside the property's
    /// own says so, or its name does, where nothing else says whether it is.
    pub(super) fn masked_if_secret_property(
        &mut self,
        owner: SchemaId,
        (key, property): (&str, SchemaId),
        ty: Type,
    ) -> Type {
        // A pattern is assumed to match every key that is not named.
        let values = |rules: &Rules| match rules.properties.get(key) {
            Some(property) => vec![*property],
            None => others(rules),
        };
        let secret = self.any_part_masks(owner, &ty, values) || {
            // Schemas of others are not written with the rule of names in mind.
            self.validated && names_a_secret(key) && self.is_free_text(property, &ty)
        };
        match secret {
            true => ty.masked(),
            false => ty,
        }
    }

    /// Whether any string is valid, and nothing says whether it is secret.
    fn is_free_text(&mut self, id: SchemaId, ty: &Type) -> bool {
        let schema = self.merge(id);
        let rules = &schema.rules;
        schema.secret.is_none()
            && schema.scalar.is_none()
            && rules.values.is_none()
            && (rules.types.contains(&InstanceType::String) || *ty == Type::Any)
    }

    /// Whether a type would show what a schema says is secret.
    fn must_mask(&self, id: SchemaId, ty: &Type) -> bool {
        self.is_secret(id) || *ty == Type::Any && self.is_bearing(id)
    }

    pub(super) fn is_secret(&self, id: SchemaId) -> bool {
        self.is_marked(id, &self.secrets.secret, in_place)
    }

    fn is_bearing(&self, id: SchemaId) -> bool {
        self.is_marked(id, &self.secrets.bearing, parts)
    }

    fn is_marked(&self, id: SchemaId, known: &[bool], parts: fn(&Schema) -> Vec<SchemaId>) -> bool {
        known.get(id.0).copied().unwrap_or_else(|| {
            // It was made of older ones.
            let schema = self.graph.get(id);
            let mut older = parts(schema).into_iter().filter(|part| *part < id);
            schema.secret == Some(true) || older.any(|part| self.is_marked(part, known, parts))
        })
    }

    /// Whether a type of values below would show a secret. Any schema that may apply to the value
    /// around them can say what they are.
    fn any_part_masks(
        &self,
        owner: SchemaId,
        ty: &Type,
        below: impl Fn(&Rules) -> Vec<SchemaId>,
    ) -> bool {
        if !self.secrets.any {
            return false;
        }
        let mut seen = vec![owner];
        let mut next = 0;
        while let Some(id) = seen.get(next) {
            next += 1;
            let schema = self.graph.get(*id);
            let mut values = below(&schema.rules).into_iter();
            if values.any(|id| self.must_mask(id, ty)) {
                return true;
            }
            for part in in_place(schema) {
                if !seen.contains(&part) {
                    seen.push(part);
                }
            }
        }
        false
    }
}

/// The schemas that may apply to the same value when a schema does.
fn in_place(schema: &Schema) -> Vec<SchemaId> {
    let rules = &schema.rules;
    let mut found = Vec::from_iter(schema.reference);
    found.extend(&schema.all_of);
    found.extend(rules.unions.iter().flat_map(|union| &union.branches));
    for condition in &rules.conditions {
        found.extend(condition.then.iter().chain(&condition.otherwise));
    }
    found.extend(rules.dependent.iter().filter_map(|(_, asked)| match asked {
        Dependent::Schema(id) => Some(*id),
        Dependent::Keys(_) => None,
    }));
    found
}

/// The schemas that may apply to the value, or to values in it.
fn parts(schema: &Schema) -> Vec<SchemaId> {
    let rules = &schema.rules;
    let mut found = in_place(schema);
    found.extend(rules.properties.values());
    found.extend(others(rules));
    found.extend(&rules.prefix);
    found.extend(rules.items.iter().chain(&rules.unevaluated_items));
    found.extend(&rules.contains);
    found
}

/// The schemas of the values of keys that are not named.
fn others(rules: &Rules) -> Vec<SchemaId> {
    let rest = [rules.additional, rules.unevaluated].into_iter();
    let rest = rest.filter_map(|rest| match rest {
        Additional::Typed(id) => Some(id),
        Additional::Open | Additional::Closed => None,
    });
    rules.patterns.values().copied().chain(rest).collect()
}
