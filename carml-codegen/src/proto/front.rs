//! Reads proto files and what they import.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use miette::{Diagnostic, SourceSpan};
use prost_types::FileDescriptorSet;

use super::Options;

/// What the front end found.
pub(super) struct Set {
    /// Every file, imports included, with comments.
    pub(super) descriptors: FileDescriptorSet,
    /// The same without comments, encoded: what reflection serves.
    pub(super) encoded: Vec<u8>,
    /// The files on disk, sorted.
    pub(super) paths: Vec<PathBuf>,
}

/// One fault in one proto file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The file as it was named.
    pub file: String,
    /// Line and column, both from 1, where there is such a place.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The line at fault and what of it is underlined: column from 0, and length, in characters.
    pub excerpt: Option<(String, usize, usize)>,
}

/// The proto files that cannot be compiled.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// At least one, in the order of the files.
    pub faults: Vec<Fault>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  --> {}", self.message, self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if let (Some((line, _)), Some((text, start, length))) = (self.place, &self.excerpt) {
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            // Tabs are kept in the margin, so that the underline stands where it should.
            let indent: String = text
                .chars()
                .take(*start)
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            let underline = "^".repeat((*length).max(1));
            write!(
                f,
                "\n{margin} |\n{number} | {text}\n{margin} | {indent}{underline}"
            )?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  = help: {help}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

pub(super) fn read(options: &Options) -> Result<Set, Error> {
    let includes = includes(options);
    let mut compiler = protox::Compiler::new(&includes).map_err(|error| one_fault("", &error))?;
    compiler.include_imports(true).include_source_info(true);
    let mut faults = Vec::new();
    for file in &options.files {
        if let Err(error) = compiler.open_file(file) {
            let fault = fault(&file.display().to_string(), &error);
            // A fault in a shared import is one fault.
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    if !faults.is_empty() {
        return Err(Error { faults });
    }
    let descriptors = compiler.file_descriptor_set();
    let encoded = compiler
        .include_source_info(false)
        .encode_file_descriptor_set();
    let mut paths: Vec<PathBuf> = compiler
        .files()
        .filter_map(|file| file.path().map(Path::to_owned))
        .collect();
    paths.sort();
    Ok(Set {
        descriptors,
        encoded,
        paths,
    })
}

fn includes(options: &Options) -> Vec<PathBuf> {
    if !options.includes.is_empty() {
        return options.includes.clone();
    }
    let directory = options.files.first().and_then(|file| file.parent());
    match directory {
        Some(directory) if !directory.as_os_str().is_empty() => vec![directory.to_owned()],
        _ => vec![PathBuf::from(".")],
    }
}

fn one_fault(file: &str, error: &protox::Error) -> Error {
    Error {
        faults: vec![fault(file, error)],
    }
}

/// protox reports through miette: the place is the first label in the source that comes with it.
fn fault(file: &str, error: &protox::Error) -> Fault {
    let mut fault = Fault {
        file: error.file().unwrap_or(file).to_owned(),
        place: None,
        message: error.to_string(),
        help: error.help().map(|help| help.to_string()),
        excerpt: None,
    };
    let label = error.labels().and_then(|mut labels| labels.next());
    if let (Some(label), Some(source)) = (label, error.source_code())
        && let Ok(contents) = source.read_span(label.inner(), 0, 0)
    {
        fault.place = Some((contents.line() + 1, contents.column() + 1));
        fault.excerpt = line_of(source, label.inner(), contents.column());
        if let Some(text) = label.label()
            && text != fault.message
        {
            fault.message = format!("{}: {text}", fault.message);
        }
    }
    fault
}

fn line_of(
    source: &dyn miette::SourceCode,
    span: &SourceSpan,
    column: usize,
) -> Option<(String, usize, usize)> {
    // With no lines of context, miette's span contents begin at the span; one line of context
    // before and after reaches both ends of the line.
    let whole = source.read_span(span, 1, 1).ok()?;
    let text = std::str::from_utf8(whole.data()).ok()?;
    let offset = span.offset().checked_sub(whole.span().offset())?;
    let start = text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..)?.lines().next()?;
    let length = text
        .get(offset..offset + span.len())?
        .lines()
        .next()?
        .chars()
        .count();
    Some((line.to_owned(), column, length))
}
