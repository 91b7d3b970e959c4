//! Known misses, with their reasons.

use std::{collections::BTreeSet, fs, io, path::Path};

use serde::Deserialize;

use crate::report::{Miss, Report};

/// The list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its entries.
    #[serde(default)]
    pub miss: Vec<Entry>,
}

/// An instance on which the types are known to be wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The schema's folder.
    pub schema: String,
    /// `valid/FILE` or `invalid/FILE`.
    pub instance: String,
    /// Why it is accepted.
    pub reason: String,
}

impl Known {
    /// Reads the list.
    ///
    /// # Errors
    ///
    /// It cannot be read, or an entry lacks a field.
    pub fn read(file: &Path) -> io::Result<Self> {
        toml::from_str(&fs::read_to_string(file)?).map_err(io::Error::other)
    }

    /// Removes the entries that are no longer a miss; none, if a module failed.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written.
    pub fn remove_fixed(file: &Path, report: &Report) -> io::Result<()> {
        if !report.failures().is_empty() {
            return Ok(());
        }
        let found: BTreeSet<_> = report.misses.iter().map(key).collect();
        let is_miss = |block: &&str| {
            toml::from_str::<Self>(block).is_ok_and(|known| {
                let mut entries = known.miss.into_iter();
                entries.all(|entry| found.contains(&(entry.schema, entry.instance)))
            })
        };
        let text = fs::read_to_string(file)?;
        let kept: Vec<&str> = text.trim_end().split("\n\n").filter(is_miss).collect();
        fs::write(file, kept.join("\n\n") + "\n")
    }

    /// What a run found that is not listed, and what is listed and no longer found.
    pub fn differences(self, report: &Report) -> Vec<String> {
        let entries = self.miss.into_iter();
        let known: BTreeSet<_> = entries.map(|e| (e.schema, e.instance)).collect();
        let found: BTreeSet<_> = report.misses.iter().map(key).collect();
        let new = report
            .misses
            .iter()
            .filter(|miss| !known.contains(&key(miss)))
            .map(|miss| format!("{} {}: {}", miss.schema, key(miss).1, miss.why));
        let gone = known.difference(&found).map(|(schema, instance)| {
            format!("{schema} {instance}: no longer a miss; UPDATE=1 removes it from known.toml")
        });
        new.chain(gone).collect()
    }
}

fn key(miss: &Miss) -> (String, String) {
    let kind = if miss.valid { "valid" } else { "invalid" };
    (miss.schema.clone(), format!("{kind}/{}", miss.instance))
}
