//! Unions of schemas that describe objects and let every other value through.

use super::super::Lowering;
use crate::ir::schema::{Kind, Rules, Schema, SchemaId};

impl Lowering<'_> {
    /// Any of objects, and whatever else is no object.
    pub(in crate::lower) fn is_loose_union(&mut self, schema: &Schema) -> bool {
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
        !union.exclusive && rest.is_unconstrained() && self.all_loose(&union.branches)
    }

    fn all_loose(&mut self, branches: &[SchemaId]) -> bool {
        branches.len() > 1 && branches.iter().all(|branch| self.is_loose_branch(*branch))
    }

    fn is_loose_branch(&mut self, branch: SchemaId) -> bool {
        let schema = self.merge(branch);
        self.is_loose(&schema)
    }

    /// What is no object fits each of them: of these, no one alone.
    pub(in crate::lower) fn several_loose(&mut self, branches: &[SchemaId]) -> bool {
        let loose = branches
            .iter()
            .filter(|branch| self.is_loose_branch(**branch));
        loose.count() > 1
    }

    pub(in crate::lower) fn ask_for_objects(&mut self, branches: &mut [SchemaId]) {
        let mut object = Schema::default();
        object.rules.types.insert(Kind::Object);
        let object = self.graph.add(object);
        for branch in branches {
            if self.is_loose_branch(*branch) {
                *branch = self.both(*branch, object);
            }
        }
    }
}
