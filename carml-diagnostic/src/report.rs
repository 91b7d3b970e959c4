//! All that is wrong.

use crate::{Code, Diagnostic, Severity, render};

/// Every fault that was found: sorted by file and place, each cause once.
///
/// [`std::fmt::Display`] renders it for people, without colour.
#[derive(Clone, Debug, Default)]
pub struct Report {
    faults: Vec<Diagnostic>,
    omitted: usize,
}

/// More faults than this say nothing more: they are counted, and not kept.
const MOST: usize = 200;

impl Report {
    /// An empty report.
    pub fn new() -> Report {
        Report::default()
    }

    /// Adds a fault, unless the same one already stands at the same place. After the first 200, faults are only counted.
    pub fn push(&mut self, fault: Diagnostic) {
        if self.is_full() && fault.severity == Severity::Error {
            self.omitted += 1;
        } else if !self.faults.iter().any(|f| same(f, &fault)) {
            let at = self.faults.partition_point(|f| key(f) <= key(&fault));
            self.faults.insert(at, fault);
        }
    }

    /// Adds every fault of another report.
    pub fn extend(&mut self, other: Report) {
        self.omitted += other.omitted;
        other.faults.into_iter().for_each(|f| self.push(f));
    }

    /// Whether there are so many faults that more are only counted.
    pub fn is_full(&self) -> bool {
        self.faults.len() >= MOST
    }

    /// How many faults were counted and not kept.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Keeps those faults that `keep` says yes to.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.faults.retain(keep);
    }

    /// Makes errors of the warnings with a code.
    pub fn refuse(&mut self, code: Code) {
        for fault in self.faults.iter_mut().filter(|f| f.code == code) {
            fault.severity = Severity::Error;
        }
    }

    /// Replaces these texts by stars in everything that the faults say, and in every excerpt.
    pub fn redact(&mut self, words: &[String]) {
        for fault in &mut self.faults {
            let texts = std::iter::once(&mut fault.message)
                .chain(&mut fault.label)
                .chain(&mut fault.notes)
                .chain(&mut fault.helps);
            for text in texts {
                if text.contains("://") {
                    *text = crate::without_passwords(text);
                }
                for word in words.iter().filter(|w| !w.is_empty()) {
                    if text.contains(word.as_str()) {
                        *text = text.replace(word.as_str(), "******");
                    }
                }
            }
            if let Some(place) = &fault.place {
                place.source.mask_words(words);
            }
        }
    }

    /// The faults, sorted.
    pub fn faults(&self) -> &[Diagnostic] {
        &self.faults
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.faults
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .count()
            + self.omitted
    }

    /// How many warnings there are.
    pub fn warnings(&self) -> usize {
        let warning = |f: &&Diagnostic| f.severity == Severity::Warning;
        self.faults.iter().filter(warning).count()
    }

    /// For people: the excerpt with the place underlined, what was expected, what to do.
    pub fn human(&self, color: bool) -> String {
        render::human(self, color)
    }

    /// A JSON array of faults.
    pub fn json(&self) -> serde_json::Value {
        render::json(self)
    }

    /// GitHub workflow commands, one line a fault.
    pub fn github(&self) -> String {
        render::github(self)
    }
}

impl From<Diagnostic> for Report {
    fn from(fault: Diagnostic) -> Report {
        Report {
            faults: vec![fault],
            omitted: 0,
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.human(false))
    }
}

impl std::error::Error for Report {}

fn key(fault: &Diagnostic) -> Option<(&str, usize, usize)> {
    fault
        .place
        .as_ref()
        .map(|p| (p.source.name(), p.span.start, p.span.end))
}

fn same(a: &Diagnostic, b: &Diagnostic) -> bool {
    a.code == b.code
        && a.message == b.message
        && key(a) == key(b)
        && (key(a).is_some() || a.pointer == b.pointer)
}
