//! What the types make of the instances.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use crate::convert::Converted;

/// What a root type made of one instance.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Taken, and given back as it was.
    Same,
    /// Taken, and given back otherwise: where, and how.
    Changed(String),
    /// Not taken: what serde said.
    Refused(String),
    /// The module did not convert or compile.
    Untried,
}

/// Runs a program on the instances of its modules: for each module, a verdict an instance.
///
/// # Errors
///
/// The program cannot be run.
pub fn all(
    program: &Path,
    modules: &[usize],
    converted: &[Converted],
) -> io::Result<Vec<(usize, Vec<Verdict>)>> {
    let mut questions = String::new();
    for n in modules {
        for instance in &converted[*n].case.instances {
            let _ = writeln!(questions, "{n} {}", instance.file.display());
        }
    }
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take();
    let writer = std::thread::spawn(move || match &mut input {
        Some(input) => input.write_all(questions.as_bytes()),
        None => Ok(()),
    });
    let output = child.wait_with_output()?;
    let _ = writer.join();
    let answers = String::from_utf8_lossy(&output.stdout);
    let mut answers = answers.lines();
    // A program that dies (a stack that overflows) leaves the rest untried, which counts as missed.
    let one = |n: &usize| {
        let instances = converted[*n].case.instances.iter();
        (*n, instances.map(|_| verdict(answers.next())).collect())
    };
    Ok(modules.iter().map(one).collect())
}

fn verdict(answer: Option<&str>) -> Verdict {
    match answer.map(|answer| answer.split_once(": ").unwrap_or((answer, ""))) {
        Some(("same", _)) => Verdict::Same,
        Some(("changed", how)) => Verdict::Changed(how.to_owned()),
        Some(("refused", why)) => Verdict::Refused(why.to_owned()),
        _ => Verdict::Untried,
    }
}
