//! Whether the types read and write the instances.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::convert::Converted;

const LIMIT: Duration = Duration::from_secs(20);

/// What a root type made of one instance.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Read, and written back as the same data.
    Same,
    /// Read, and written back as other data: where, and how.
    Changed(String),
    /// Not read: serde's error.
    Refused(String),
    /// The module did not convert or compile, or its code crashed on the instance.
    Untried(String),
}

/// Runs a program on the instances of its modules: for each module, one verdict per instance.
///
/// # Errors
///
/// The program cannot be run.
pub fn all(
    program: &Path,
    modules: &[usize],
    converted: &[Converted],
) -> io::Result<Vec<(usize, Vec<Verdict>)>> {
    let mut questions = Vec::new();
    for n in modules {
        let instances = converted[*n].case.instances.iter();
        questions.extend(instances.map(|instance| format!("{n} {}\n", instance.file.display())));
    }
    let mut answers = Vec::with_capacity(questions.len());
    while answers.len() < questions.len() {
        let end = run(program, &questions[answers.len()..], &mut answers)?;
        if answers.len() < questions.len() {
            // The program crashed or hung on this one; the rest is sent again.
            answers.push(format!("untried: {end}"));
        }
    }
    let mut answers = answers.iter().map(|answer| verdict(answer));
    let one = |n: &usize| {
        let count = converted[*n].case.instances.len();
        (*n, answers.by_ref().take(count).collect())
    };
    Ok(modules.iter().map(one).collect())
}

/// Asks until the program ends, and says how it ended.
fn run(program: &Path, questions: &[String], answers: &mut Vec<String>) -> io::Result<String> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (mut input, output) = pipes.ok_or_else(|| io::Error::other("no pipes"))?;
    let text = questions.concat();
    // Both threads end with the program.
    thread::spawn(move || input.write_all(text.as_bytes()));
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(output).lines();
        lines.try_for_each(|line| sender.send(line).map_err(drop))
    });
    for _ in questions {
        match receiver.recv_timeout(LIMIT) {
            Ok(line) => answers.push(line?),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill()?;
                child.wait()?;
                return Ok(format!("no end within {LIMIT:?}"));
            }
        }
    }
    Ok(child.wait()?.to_string())
}

fn verdict(answer: &str) -> Verdict {
    match answer.split_once(": ").unwrap_or((answer, "")) {
        ("same", _) => Verdict::Same,
        ("changed", how) => Verdict::Changed(how.to_owned()),
        ("refused", why) => Verdict::Refused(why.to_owned()),
        (_, why) => Verdict::Untried(why.to_owned()),
    }
}
