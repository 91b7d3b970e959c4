//! Invalid middleware lists. The rules are in [`crate::chain`]; this module adds the places.

use super::Rules;
use crate::Loaded;
use crate::chain::{self, Plan, Problem, Problems, Side};
use crate::document::Document;
use carml_diagnostic::{Diagnostic, text, trusted};
use carml_schema::{Annotated, Annotations};
use serde_json::Value;
use std::collections::BTreeSet;

impl Loaded {
    /// The chain that the config describes for one side, with what applies without being listed.
    ///
    /// # Errors
    /// The rules that the list breaks. A config that loaded keeps them all.
    pub fn chain(&self, side: Side) -> Result<Plan, Problems> {
        plan(self.document(), side, side.pointer())
    }
}

pub(super) fn check(rules: &mut Rules<'_>, marked: &[Annotated<'_>]) {
    let items = marked
        .iter()
        .filter(|m| m.annotations.has(Annotations::MIDDLEWARE));
    let lists = items.filter_map(|m| Some(m.pointer.rsplit_once('/')?.0));
    let lists: BTreeSet<&str> = lists.collect();
    for list in lists {
        let Some(side) = rules.document.schema().side(list) else {
            continue;
        };
        match plan(rules.document, side, list) {
            Ok(plan) => {
                for problem in plan.warnings() {
                    add(rules, Diagnostic::warning(problem.kind()), problem, list);
                }
            }
            Err(problems) => {
                for problem in problems.iter() {
                    if rules.found.is_full() {
                        break;
                    }
                    let error = match problem {
                        Problem::NotBuilt { .. } => rules.placeholder(problem.kind()),
                        _ => Diagnostic::new(problem.kind()),
                    };
                    add(rules, error, problem, list);
                }
            }
        }
    }
}

fn plan(document: &Document, side: Side, list: &str) -> Result<Plan, Problems> {
    let custom = document.schema().custom_middlewares(list);
    let items = document.value().pointer(list).and_then(Value::as_array);
    let items = items.map_or(&[][..], Vec::as_slice);
    let is_custom = |name: &str| custom.iter().any(|known| known == name);
    if document.provenance(list, false).is_some() {
        return chain::plan(side, items, is_custom);
    }
    // The default is of what this build has: nobody asked for the rest.
    let items = items
        .iter()
        .filter(|item| chain::is_built(chain::name(item)));
    chain::plan(side, &items.cloned().collect::<Vec<_>>(), is_custom)
}

fn add(rules: &mut Rules<'_>, mut diagnostic: Diagnostic, problem: &Problem, list: &str) {
    if let Some(help) = problem.help() {
        diagnostic = diagnostic.help(text![trusted(help)]);
    }
    if let Problem::Repeated { first, .. } = problem
        && let Some((layer, span)) = rules.document.provenance(&format!("{list}/{first}"), false)
    {
        let line = layer.source.position(span.start).line;
        diagnostic = diagnostic.label(text!["first given on line ", line]);
    }
    rules.add(diagnostic, &format!("{list}{}", problem.pointer()));
}
