//! Schemas to modules.

use std::{
    panic::catch_unwind,
    time::{Duration, Instant},
};

use carml_codegen::schema::{self, Fallback, Module, Options};

use crate::collection::Case;

/// What became of a schema.
#[derive(Debug)]
pub struct Converted {
    /// Whose.
    pub case: Case,
    /// The module, or why there is none.
    pub module: Result<Module, String>,
    /// How long it took.
    pub took: Duration,
}

impl Converted {
    /// Lines of the module.
    pub fn lines(&self) -> usize {
        let module = self.module.as_ref();
        module.map_or(0, |module| module.code.lines().count())
    }

    /// Places without a good type.
    pub fn fallbacks(&self) -> &[Fallback] {
        self.module.as_ref().map_or(&[], |module| &module.fallbacks)
    }
}

/// Compiles each schema; a panic is a miss of that schema alone.
pub fn all(cases: Vec<Case>) -> Vec<Converted> {
    cases.into_iter().map(one).collect()
}

fn one(case: Case) -> Converted {
    let begun = Instant::now();
    let file = case.schema.clone();
    let module = catch_unwind(move || {
        let mut options = Options::default();
        options.root = Some("Root".to_owned());
        // Types of crates that the schema names are not at hand here.
        options.crates.clear();
        schema::compile(&file, &options).map_err(|error| error.to_string())
    });
    let panicked = || Err("the compiler panicked".to_owned());
    Converted {
        case,
        module: module.unwrap_or_else(|_| panicked()),
        took: begun.elapsed(),
    }
}
