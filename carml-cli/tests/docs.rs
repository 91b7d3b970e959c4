//! What the Markdown pages show is what the files and the tool say. `UPDATE=1` writes the blocks
//! again.
//!
//! A comment before a fenced block says where the block comes from:
//!
//! - `<!-- file: PATH -->`: it is this file of the repository, whole.
//! - `<!-- part: PATH -->`: it is a part of this file, whatever its indentation.
//! - `<!-- write: NAME -->`: it is written to a folder in which the commands of the page run.
//! - `<!-- run: carml … -->`: it is this command and what the command prints.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use carml_runtime::config::Schema;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Every Markdown page that a user reads, by its path in the repository.
fn pages() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["docs", "examples", "templates"] {
        walk(&root().join(folder), &mut found);
    }
    for page in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        found.push(root().join(page));
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A fenced block after a comment that says where it comes from.
struct Block<'a> {
    kind: &'a str,
    argument: &'a str,
    /// Where its text is in the page.
    start: usize,
    end: usize,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = page[at..].find("<!-- ").map(|begin| at + begin) {
        let comment_end = begin + page[begin..].find("-->").unwrap();
        at = comment_end + 3;
        let comment = page[begin + 5..comment_end].trim();
        let Some((kind, argument)) = comment.split_once(": ") else {
            continue;
        };
        if !["file", "part", "write", "run"].contains(&kind) {
            continue;
        }
        let fence = at + page[at..].find("```").unwrap();
        assert_eq!(page[at..fence].trim(), "", "no block after `{comment}`");
        let start = fence + page[fence..].find('\n').unwrap() + 1;
        let end = match page[start..].starts_with("```") {
            true => start,
            false => start + page[start..].find("\n```").unwrap() + 1,
        };
        found.push(Block {
            kind,
            argument,
            start,
            end,
        });
        at = end + 3;
    }
    found
}

/// Lines without the indentation that all of them have.
fn dedent(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let indent = lines.map(|line| line.len() - line.trim_start().len()).min();
    text.lines()
        .map(|line| line.get(indent.unwrap_or(0)..).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn is_part(part: &str, file: &str) -> bool {
    let part = dedent(part);
    let count = part.lines().count();
    let lines: Vec<_> = file.lines().collect();
    lines
        .windows(count)
        .any(|window| dedent(&window.join("\n")) == part)
}

/// The command as it is typed, and what it prints.
fn run(command: &str, folder: &Path) -> String {
    let arguments = command.strip_prefix("carml ").expect("a carml command");
    let out = Command::new(env!("CARGO_BIN_EXE_carml"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let (stdout, stderr) = (out.stdout, out.stderr);
    let text = String::from_utf8([stdout, stderr].concat()).unwrap();
    format!("$ {command}\n{}\n", text.trim_end())
}

#[test]
fn blocks_show_what_the_files_and_the_tool_say() {
    let mut wrong = Vec::new();
    for path in pages() {
        let page = read(&path);
        let folder = tempfile::tempdir().unwrap();
        let mut written = String::new();
        let mut last = 0;
        for block in blocks(&page) {
            let shown = &page[block.start..block.end];
            let expected = match block.kind {
                "file" => read(&root().join(block.argument)),
                "run" => run(block.argument, folder.path()),
                "write" => {
                    fs::write(folder.path().join(block.argument), shown).unwrap();
                    continue;
                }
                _ => {
                    if !is_part(shown, &read(&root().join(block.argument))) {
                        wrong.push(format!(
                            "{}: not a part of {}:\n{shown}",
                            path.display(),
                            block.argument
                        ));
                    }
                    continue;
                }
            };
            if shown != expected {
                wrong.push(format!(
                    "{}: `{}: {}` is now:\n{expected}",
                    path.display(),
                    block.kind,
                    block.argument
                ));
            }
            written.push_str(&page[last..block.start]);
            written.push_str(&expected);
            last = block.end;
        }
        written.push_str(&page[last..]);
        if update() && written != page {
            fs::write(&path, written).unwrap();
        }
    }
    assert!(
        wrong.is_empty(),
        "{} blocks differ; `UPDATE=1` writes them again, except parts\n\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn the_config_reference_is_the_schema() {
    let path = root().join("docs/config-reference.md");
    let reference = Schema::base().unwrap().markdown();
    if update() {
        fs::write(&path, &reference).unwrap();
    }
    assert!(
        read(&path) == reference,
        "docs/config-reference.md is old: run the test with `UPDATE=1`"
    );
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

/// The page without its fenced blocks.
fn prose(page: &str) -> String {
    let mut fenced = false;
    let mut text = String::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[test]
fn every_link_has_a_target() {
    let mut broken = Vec::new();
    for path in pages() {
        let page = prose(&read(&path));
        for (index, _) in page.match_indices("](") {
            let target = &page[index + 2..];
            let target = &target[..target.find(')').unwrap_or(0)];
            if target.contains("://") || target.contains("{{") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let found = file.exists()
                && (heading.is_empty()
                    || prose(&read(&file))
                        .lines()
                        .any(|line| line.starts_with('#') && anchor(line) == heading));
            if !found {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_is_in_the_index() {
    let index = read(&root().join("docs/README.md"));
    for path in pages() {
        let Ok(page) = path.strip_prefix(root().join("docs")) else {
            continue;
        };
        let page = page.to_str().unwrap();
        assert!(
            page == "README.md" || index.contains(&format!("({page})")),
            "docs/README.md does not link to {page}"
        );
    }
}

/// Words that the pages had once, with what to say instead.
const WORDS: [(&str, &str); 8] = [
    ("anew", "again"),
    ("at hand", "available"),
    ("fault", "error"),
    ("lest", "so that … not"),
    ("mend", "fix"),
    ("thereby", "so"),
    ("whichever", "any"),
    ("whole number", "integer"),
];

fn odd_words(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.to_lowercase();
        // A name of code is one word.
        let words = line.replace(|c: char| !c.is_alphanumeric() && c != '_', " ");
        for (word, instead) in WORDS {
            if format!(" {words} ").contains(&format!(" {word} ")) {
                found.push(format!("{name}:{}: `{word}`: say `{instead}`", number + 1));
            }
        }
    }
    found
}

/// What `--help` prints, of every command and its commands.
fn help(command: &str) -> Vec<(String, String)> {
    let text = run(&format!("{command} --help"), root());
    let names: Vec<String> = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .map(|name| format!("{command} {name}"))
        .collect();
    let mut all = vec![(command.to_owned(), text)];
    all.extend(names.iter().flat_map(|name| help(name)));
    all
}

#[test]
fn pages_and_help_are_in_plain_english() {
    let mut found = Vec::new();
    for path in pages() {
        found.extend(odd_words(&path.display().to_string(), &read(&path)));
    }
    let commands = help("carml");
    assert!(commands.len() > 15, "{}", commands.len());
    for (command, text) in commands {
        found.extend(odd_words(&format!("{command} --help"), &text));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_path_in_contributing_and_architecture_exists() {
    let top: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut missing = Vec::new();
    for page in ["CONTRIBUTING.md", "docs/architecture.md"] {
        let text = prose(&read(&root().join(page)));
        for code in text.split('`').skip(1).step_by(2) {
            let first = code.split('/').next().unwrap();
            // `NAME` and the like stand for any name.
            let is_pattern = code
                .split(|c: char| !c.is_alphabetic())
                .any(|word| word.len() > 2 && word == word.to_uppercase());
            let is_path = code.contains('/') && top.contains(first) && !code.contains([' ', '*']);
            if is_path && !is_pattern && !root().join(code).exists() {
                missing.push(format!("{page}: {code}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_example_is_listed_and_says_what_it_is() {
    let list = read(&root().join("examples/README.md"));
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(list.contains(&format!("]({name})")), "{name} is not listed");
        for file in ["README.md", "carml.yml", "Cargo.toml", "build.rs"] {
            assert!(folder.join(file).is_file(), "{name} has no {file}");
        }
        // A reader copies the folder: what it needs must be in it.
        let manifest = read(&folder.join("Cargo.toml"));
        assert!(!manifest.contains("workspace"), "{name}/Cargo.toml");
    }
}
