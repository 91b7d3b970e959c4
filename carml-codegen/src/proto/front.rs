//! What is wrong with proto files.

use std::fmt;

/// One fault in one proto file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The file's path.
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

impl Fault {
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
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
