//! The table.

use std::{collections::BTreeMap, fmt};

use serde_json::{Value, json};

use crate::{build::Built, convert::Converted, judge::Verdict, why};

/// The smallest share of valid instances that must be kept.
pub const VALID: f64 = 0.995;
/// The smallest share of invalid instances that must be refused.
pub const INVALID: f64 = 0.85;

/// An instance whose verdict is not the reference one.
#[derive(Clone, Debug)]
pub struct Miss {
    /// The schema's name.
    pub schema: String,
    /// The instance's file name.
    pub instance: String,
    /// Whether the reference accepts it.
    pub valid: bool,
    /// What happened.
    pub why: String,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Report {
    schemas: usize,
    unconverted: Vec<(String, String)>,
    broken: Vec<(String, String)>,
    warnings: Vec<(String, String)>,
    valid: (usize, usize),
    invalid: (usize, usize),
    /// Every miss.
    pub misses: Vec<Miss>,
    lines: Vec<usize>,
    slowest: (u128, String),
    fallbacks: BTreeMap<String, usize>,
}

impl Report {
    /// Puts the parts together.
    pub fn new(converted: &[Converted], built: &Built, verdicts: &[(usize, Vec<Verdict>)]) -> Self {
        let mut report = Report {
            schemas: converted.len(),
            ..Report::default()
        };
        let verdicts: BTreeMap<usize, &Vec<Verdict>> =
            verdicts.iter().map(|(n, all)| (*n, all)).collect();
        for (n, schema) in converted.iter().enumerate() {
            let name = &schema.case.name;
            let took = (schema.took.as_millis(), name.clone());
            report.slowest = std::mem::take(&mut report.slowest).max(took);
            for fallback in schema.fallbacks() {
                *report.fallbacks.entry(fallback.reason.clone()).or_default() += 1;
            }
            match &schema.module {
                Err(why) => report.unconverted.push((name.clone(), why.clone())),
                Ok(_) => report.lines.push(schema.lines()),
            }
            if let Some(why) = built.broken.get(&n) {
                report.broken.push((name.clone(), why.clone()));
            }
            for warning in built.warnings.get(&n).into_iter().flatten() {
                report.warnings.push((name.clone(), warning.clone()));
            }
            for (m, instance) in schema.case.instances.iter().enumerate() {
                let verdict = verdicts.get(&n).and_then(|all| all.get(m));
                let untried = Verdict::Untried("no module".to_owned());
                let verdict = verdict.unwrap_or(&untried);
                report.count(schema, instance, verdict);
            }
        }
        report.lines.sort_unstable();
        report
    }

    fn count(
        &mut self,
        schema: &Converted,
        instance: &crate::collection::Instance,
        verdict: &Verdict,
    ) {
        let count = match instance.valid {
            true => &mut self.valid,
            false => &mut self.invalid,
        };
        count.1 += 1;
        let why = match (instance.valid, verdict) {
            (true, Verdict::Same) | (false, Verdict::Refused(_)) => {
                count.0 += 1;
                return;
            }
            (true, Verdict::Changed(how)) => format!("changed: {how}"),
            (true, Verdict::Refused(why)) => format!("refused: {why}"),
            (false, Verdict::Same | Verdict::Changed(_)) => {
                let keywords = why::keywords(&schema.case.schema, &instance.file);
                let keywords = keywords.unwrap_or_default().join(", ");
                format!("accepted against: {keywords}")
            }
            (_, Verdict::Untried(why)) => format!("untried: {why}"),
        };
        let file = instance.file.file_name().unwrap_or_default();
        self.misses.push(Miss {
            schema: schema.case.name.clone(),
            instance: file.to_string_lossy().into_owned(),
            valid: instance.valid,
            why,
        });
    }

    /// Whether everything that was promised holds.
    pub fn passes(&self) -> bool {
        self.unconverted.is_empty()
            && self.broken.is_empty()
            && self.warnings.is_empty()
            && share(self.valid) >= VALID
            && share(self.invalid) >= INVALID
    }

    /// What is wrong with modules as a whole: not converted, not compiled, or with a warning.
    pub fn failures(&self) -> Vec<String> {
        let all = [&self.unconverted, &self.broken, &self.warnings];
        let all = all.into_iter().flatten();
        all.map(|(schema, why)| format!("{schema}: {why}"))
            .collect()
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let misses = self.misses.iter().map(|miss| {
            json!({
                "schema": miss.schema, "instance": miss.instance,
                "valid": miss.valid, "why": miss.why,
            })
        });
        json!({
            "schemas": self.schemas,
            "unconverted": self.unconverted,
            "broken": self.broken,
            "warnings": self.warnings,
            "valid": { "kept": self.valid.0, "all": self.valid.1 },
            "invalid": { "refused": self.invalid.0, "all": self.invalid.1 },
            "lines": { "mean": self.mean(), "median": self.median(), "most": self.lines.last() },
            "fallbacks": self.fallbacks,
            "misses": misses.collect::<Vec<_>>(),
        })
    }

    fn mean(&self) -> usize {
        self.lines.iter().sum::<usize>() / self.lines.len().max(1)
    }

    fn median(&self) -> usize {
        self.lines.get(self.lines.len() / 2).copied().unwrap_or(0)
    }
}

fn share((good, all): (usize, usize)) -> f64 {
    if all == 0 {
        return 1.0;
    }
    let exact = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    exact(good) / exact(all)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, list) in [
            ("not converted", &self.unconverted),
            ("does not compile", &self.broken),
            ("warning", &self.warnings),
        ] {
            for (schema, why) in list {
                writeln!(f, "{title}: {schema}: {}", why.trim_end())?;
            }
        }
        for miss in &self.misses {
            let kind = if miss.valid { "valid" } else { "invalid" };
            writeln!(f, "{} {kind} {}: {}", miss.schema, miss.instance, miss.why)?;
        }
        let converted = self.schemas - self.unconverted.len();
        let percent = |count| 100.0 * share(count);
        writeln!(f, "\n{:<34}{converted} of {}", "converted", self.schemas)?;
        let compiled = converted - self.broken.len();
        writeln!(f, "{:<34}{compiled} of {}", "compiled", self.schemas)?;
        writeln!(f, "{:<34}{}", "warnings", self.warnings.len())?;
        for (title, count) in [
            ("valid, kept whole", self.valid),
            ("invalid, refused by the types", self.invalid),
        ] {
            let (good, all) = count;
            writeln!(f, "{title:<34}{good} of {all} ({:.1} %)", percent(count))?;
        }
        let most = self.lines.last().copied().unwrap_or(0);
        writeln!(
            f,
            "{:<34}mean {}, median {}, most {most}",
            "lines a schema",
            self.mean(),
            self.median()
        )?;
        let (millis, slowest) = &self.slowest;
        writeln!(f, "{:<34}{millis} ms ({slowest})", "slowest to convert")?;
        let mut fallbacks: Vec<_> = self.fallbacks.iter().collect();
        fallbacks.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (reason, count) in fallbacks {
            writeln!(f, "fallback, {count} times: {reason}")?;
        }
        Ok(())
    }
}
