//! Schemas to modules.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use carml_codegen::schema::{self, Fallback, Module, Options};

use crate::collection::Case;

const LIMIT: Duration = Duration::from_secs(60);
/// The stack of the main thread of the command line.
const STACK: usize = 8 << 20;

/// A schema after conversion.
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

/// Compiles each schema; a panic, or one that does not end, is a miss of that schema alone.
pub fn all(cases: Vec<Case>) -> Vec<Converted> {
    let one = |case: Case| {
        let begun = Instant::now();
        let module = compile(&case.schema);
        let took = begun.elapsed();
        Converted { case, module, took }
    };
    cases.into_iter().map(one).collect()
}

fn compile(file: &Path) -> Result<Module, String> {
    let (sender, receiver) = mpsc::channel();
    let file: PathBuf = file.to_owned();
    let thread = thread::Builder::new().stack_size(STACK).spawn(move || {
        let mut options = Options::default();
        options.root = Some("Root".to_owned());
        // Types of crates that the schema names are not available here.
        options.crates.clear();
        let module = schema::compile(&file, &options).map_err(|error| error.to_string());
        // The receiver is gone if it took too long.
        let _ = sender.send(module);
    });
    thread.map_err(|error| error.to_string())?;
    receiver.recv_timeout(LIMIT).unwrap_or_else(|error| {
        Err(match error {
            mpsc::RecvTimeoutError::Timeout => format!("no end within {LIMIT:?}"),
            mpsc::RecvTimeoutError::Disconnected => "the compiler panicked".to_owned(),
        })
    })
}
