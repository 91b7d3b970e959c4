//! Unions of schemas that describe objects and allow every other value.

use super::super::Lowering;
use crate::ir::schema::{InstanceType, Rules, Schema, SchemaId};

impl Lowering<'_> {
    /// Any of several objects, and every value that is not an object.
    pub(in crate::lower) fn is_untyped_union(&mut self, schema: &Schema) -> bool {
        let rules = &schema.rules;
        let [union] = rules.unions.as_slice() else {
            return false;
        };
        let rest = Rules {
            unions: Vec::new(),
            not: Vec::new(),
            conditions: Vec::new(),
            ..rules.clone()
        };
        !union.exclusive && rest.is_unconstrained() && self.all_untyped(&union.branches)
    }

    fn all_untyped(&mut self, branches: &[SchemaId]) -> bool {
        branches.len() > 1
            && branches
                .iter()
                .all(|branch| self.is_untyped_branch(*branch))
    }

    fn is_untyped_branch(&mut self, branch: SchemaId) -> bool {
        let schema = self.merge(branch);
        self.is_untyped_object(&schema)
    }

    /// Non-objects match several branches.
    pub(in crate::lower) fn several_untyped(&mut self, branches: &[SchemaId]) -> bool {
        let untyped = branches
            .iter()
            .filter(|branch| self.is_untyped_branch(**branch));
        untyped.count() > 1
    }

    pub(in crate::lower) fn require_objects(&mut self, branches: &mut [SchemaId]) {
        let mut object = Schema::default();
        object.rules.types.insert(InstanceType::Object);
        let object = self.graph.add(object);
        for branch in branches {
            if self.is_untyped_branch(*branch) {
                *branch = self.intersection(*branch, object);
            }
        }
    }
}
