//! What may be printed.

use crate::{Code, Position, Severity, render};

/// Every finding of a run, sorted by file and place, without secrets.
///
/// It comes from [`RawReport::redact`](crate::RawReport::redact) alone. [`std::fmt::Display`]
/// renders it for people, without colour.
///
/// # Examples
///
/// ```
/// use carml_diagnostic::{Format, Public, Source};
///
/// let source = Source::new("app.yml", "port: [80\n", Format::Yaml);
/// let report = source.read().unwrap_err().redact(&Public);
/// assert_eq!(report.errors(), 1);
/// assert!(report.to_string().contains("app.yml:1:7"));
/// assert_eq!(report.json()[0]["code"], "syntax");
/// assert!(report.github().starts_with("::error file=app.yml,line=1"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
    omitted: usize,
}

/// One thing that is wrong, as it may be printed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The stable name of its kind.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// The name of the source, if it is in one.
    pub file: Option<String>,
    /// Where it begins.
    pub start: Option<Position>,
    /// Where it ends; the same as `start` where the end would tell the length of a secret.
    pub end: Option<Position>,
    /// The JSON pointer of the value.
    pub pointer: Option<String>,
    /// A few words for the underline.
    pub label: Option<String>,
    /// What was expected.
    pub notes: Vec<String>,
    /// How to fix it.
    pub helps: Vec<String>,
    pub(crate) excerpt: Option<Excerpt>,
}

/// The lines of a place.
#[derive(Clone, Debug)]
pub(crate) struct Excerpt {
    pub(crate) text: String,
    /// The line on which it begins.
    pub(crate) line: usize,
    /// What is underlined.
    pub(crate) mark: std::ops::Range<usize>,
}

impl Report {
    /// An empty report.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of(findings: Vec<Finding>, omitted: usize) -> Self {
        Self { findings, omitted }
    }

    /// Adds every finding of another report.
    pub fn extend(&mut self, other: Report) {
        self.omitted += other.omitted;
        for finding in other.findings {
            let at = self.findings.partition_point(|f| key(f) <= key(&finding));
            self.findings.insert(at, finding);
        }
    }

    /// Both values, or the findings of both.
    ///
    /// # Errors
    ///
    /// What either failed with, as one report.
    pub fn both<A, B>(
        first: Result<A, Report>,
        second: Result<B, Report>,
    ) -> Result<(A, B), Report> {
        match (first, second) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (first, second) => {
                let mut all = Report::new();
                let reports = first.err().into_iter().chain(second.err());
                reports.for_each(|report| all.extend(report));
                Err(all)
            }
        }
    }

    /// The findings, sorted.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many errors were counted and not kept.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error) + self.omitted
    }

    /// How many warnings there are.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, severity: Severity) -> usize {
        let all = self.findings.iter();
        all.filter(|f| f.severity == severity).count()
    }

    /// For people: the excerpt with the place underlined, what was expected, how to fix it.
    pub fn human(&self, color: bool) -> String {
        render::human(self, color)
    }

    /// A JSON array of findings.
    pub fn json(&self) -> serde_json::Value {
        render::json(self)
    }

    /// GitHub workflow commands, one line per finding.
    pub fn github(&self) -> String {
        render::github(self)
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.human(false))
    }
}

impl std::error::Error for Report {}

fn key(finding: &Finding) -> (Option<&str>, Option<Position>) {
    (finding.file.as_deref(), finding.start)
}
