//! Sections and middlewares that a program adds to the schema.

use carml_diagnostic::{Diagnostic, Kind, Report};
use carml_schema::{applicable, extend};

use super::{Schema, Section, public};
use crate::chain::{MIDDLEWARES, Side};

impl Schema {
    /// The same schema with one more section: its keys are checked, documented and explained like
    /// all others.
    ///
    /// Keys that the type does not have are refused, in it and below it. Defaults of the type's
    /// fields are filled in where they are absent; the section itself may be absent if each of its
    /// keys may.
    ///
    /// # Errors
    ///
    /// If there is a key of this name already, or the section's schema does not fit.
    pub fn with_section<S: Section>(&self) -> Result<Schema, Report> {
        if applicable::keys(&self.top()).contains(&S::NAME) {
            let fault = Diagnostic::new(Kind::SectionExists {
                name: S::NAME,
                type_name: std::any::type_name::<S>(),
            });
            return Err(public(fault.help("give the section another key")));
        }
        let mut section = schemars::schema_for!(S).to_value();
        extend::section(S::NAME, &mut section);
        let mut root = self.0.root.clone();
        extend::add_property(&mut root, S::NAME, section);
        let mut added = self.0.added.clone();
        added.sections.push(S::NAME);
        self.rebuild(root, added)
    }

    /// The keys of the sections that were added.
    pub(crate) fn sections(&self) -> &[&'static str] {
        &self.0.added.sections
    }

    /// The same schema with one more middleware that the list of a side may have: `NAME: options`,
    /// or `NAME` alone if the options are `()`. The options are checked against the schema of their
    /// type.
    ///
    /// # Errors
    ///
    /// If there is a middleware of this name already, or the options' schema does not fit.
    pub fn with_middleware<O: schemars::JsonSchema>(
        &self,
        side: Side,
        name: &'static str,
    ) -> Result<Schema, Report> {
        let listed = self.middlewares(side.pointer());
        if is_built_in(name) || listed.iter().any(|known| known == name) {
            let fault = Diagnostic::new(Kind::MiddlewareExists { name });
            return Err(public(fault.help("give the middleware another name")));
        }
        let options = schemars::schema_for!(O).to_value();
        let (alternative, document) = extend::middleware(side.name(), name, options);
        let mut added = self.0.added.clone();
        added.middlewares.push((side, name, alternative));
        added.documents.extend(document);
        self.rebuild(self.0.root.clone(), added)
    }

    /// The side whose middlewares a list has, if it is a list of middlewares.
    pub(crate) fn side(&self, list: &str) -> Option<Side> {
        let parts = self.at(&format!("{list}/0"));
        let name = parts.iter().find_map(|part| part.node.middleware())?;
        Side::ALL.into_iter().find(|side| side.name() == name)
    }

    /// The names that a list may have and that are not built in.
    pub(crate) fn custom_middlewares(&self, list: &str) -> Vec<String> {
        let mut names = self.middlewares(list);
        names.retain(|name| !is_built_in(name));
        names
    }

    /// The names that a list may have.
    fn middlewares(&self, list: &str) -> Vec<String> {
        let parts = self.at(&format!("{list}/0"));
        let names = parts.iter().filter_map(|part| part.node.middleware_name());
        names.map(str::to_owned).collect()
    }

    /// The middlewares that were added, by the lists that may have them.
    pub(crate) fn own_middlewares(&self) -> impl Iterator<Item = (Side, &'static str)> {
        let added = self.0.added.middlewares.iter();
        added.map(|(side, name, _)| (*side, *name))
    }
}

fn is_built_in(name: &str) -> bool {
    MIDDLEWARES.iter().any(|facts| facts.name == name)
}

#[cfg(test)]
mod tests {
    use super::{Schema, Section};
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Own {
        shape: Shape,
        #[serde(flatten)]
        common: Common,
        inner: Option<Common>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Shape {
        Round { radius: u32 },
        Square(Square),
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Square {
        side: u32,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Common {
        name: String,
    }

    impl Section for Own {
        const NAME: &'static str = "own";
    }

    #[test]
    fn unknown_keys_are_refused_at_every_depth_and_known_ones_are_not() {
        let base = Schema::base().expect("ours");
        let schema = base.with_section::<Own>().expect("it fits");
        let fits = |own: serde_json::Value| schema.validator().is_valid(&json!({ "own": own }));
        let round = json!({ "kind": "round", "radius": 1 });
        let square = json!({ "kind": "square", "side": 1 });
        assert!(fits(json!({ "shape": round, "name": "a" })));
        assert!(fits(
            json!({ "shape": square, "name": "a", "inner": { "name": "b" } })
        ));
        let wrong = [
            json!({ "shape": round, "name": "a", "more": 1 }),
            json!({ "shape": round, "name": "a", "inner": { "name": "b", "more": 1 } }),
            json!({ "shape": { "kind": "round", "radius": 1, "more": 1 }, "name": "a" }),
            json!({ "shape": { "kind": "square", "side": 1, "more": 1 }, "name": "a" }),
        ];
        for wrong in wrong {
            assert!(!fits(wrong.clone()), "{wrong}");
        }
    }
}
