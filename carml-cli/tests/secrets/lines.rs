//! A line of a secret that an edit makes a key of its own.

use carml_config::{Loader, Schema};

use super::schema::OWN;

/// What an edit puts before a line, or at its start.
const MARKS: [&str; 35] = [
    "",
    "!",
    "! ",
    "!x ",
    "!!str ",
    "!!map ",
    "!!binary ",
    "&a ",
    "&a",
    "*a ",
    "*a",
    "? ",
    "?",
    "- ",
    "-",
    "| ",
    "|",
    "> ",
    ">",
    "%",
    "@",
    "`",
    "\"",
    "'",
    "{",
    "[",
    ",",
    "#",
    "~ ",
    ": ",
    ":",
    "<<: ",
    "!\n",
    "---\n",
    "...\n",
];

/// A text up to the line, the line, and what follows. The line has two parts of the secret.
const TEXTS: [(&str, &str, &str); 14] = [
    (
        "registry:\n  password: |\n    x\n",
        "    qxQx: zvVz\n",
        "  timeout: 5\n",
    ),
    (
        "registry:\n  password: |\n",
        "    qxQx: zvVz\n    ab\n",
        "  timeout: 5\n",
    ),
    (
        "registry:\n  password:\n",
        "    qxQx: zvVz\n",
        "  timeout: 5s\n",
    ),
    (
        "registry:\n  timeout: 5\n  password:\n",
        "    qxQx: zvVz\n",
        "",
    ),
    (
        "registry:\n  password: x\n",
        "    qxQx: zvVz\n",
        "  timeout: 5\n",
    ),
    (
        "registry:\n  password: \"x\n",
        "    qxQx: zvVz\"\n",
        "  timeout: 5\n",
    ),
    ("mine:\n  list:\n", "    - qxQx: zvVz\n", "  count: 5a\n"),
    (
        "mine:\n  each:\n    a: |\n",
        "      qxQx: zvVz\n",
        "  count: 5a\n",
    ),
    (
        "mine:\n  users:\n    - pin: >\n",
        "        qxQx: zvVz\n",
        "  count: 5a\n",
    ),
    (
        "mine:\n  users:\n    - pin: |\n",
        "        qxQx:\n",
        "  count: 5a\n",
    ),
    (
        "mine:\n  form: {\n",
        "        qxQx: zvVz}\n",
        "  count: 5a\n",
    ),
    (
        "mine:\n  list: [\n",
        "        qxQx: zvVz]\n",
        "  count: 5a\n",
    ),
    ("mine:\n  form: ", "qxQx: zvVz\n", "  count: 5a\n"),
    ("mine: {form: ", "qxQx: zvVz", ", count: 5a}\n"),
];

#[test]
fn a_line_of_a_secret_that_becomes_a_key_is_not_shown() {
    let schema = Schema::parse("app.json", OWN).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carml.yml");
    for (before, line, after) in TEXTS {
        let indent = line.len() - line.trim_start().len();
        for mark in MARKS {
            for edited in [
                format!("{mark}{line}"),
                format!("{}{mark}{}", &line[..indent], &line[indent..]),
                format!("{mark}{}", &line[indent..]),
            ] {
                let text = format!("{before}{edited}{after}");
                std::fs::write(&file, &text).unwrap();
                let shown = match Loader::new(schema.clone()).file(&file).load() {
                    Ok(loaded) => format!("{}\n{}", loaded.explain(), loaded.warnings()),
                    Err(error) => {
                        let report = error.report();
                        let json = report.json();
                        format!("{}\n{json}\n{}", report.human(false), report.github())
                    }
                };
                assert!(
                    !shown.contains("xQx") && !shown.contains("vVz"),
                    "{text}\n{shown}"
                );
            }
        }
    }
}

#[test]
fn an_unknown_key_that_is_not_after_a_secret_is_shown() {
    let schema = Schema::parse("app.json", OWN).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carml.yml");
    for text in [
        "registry:\n  timeout: 5s\n  flavour: x\n",
        "registry:\n  flavour: x\n  password: x\n",
        "flavour: x\nregistry:\n  password: x\n",
        // One that is like a key of the schema is meant to be that.
        "registry:\n  password: x\n  bukcet: x\n",
    ] {
        std::fs::write(&file, text).unwrap();
        let error = Loader::new(schema.clone()).file(&file).load().unwrap_err();
        let shown = error.report().human(false);
        assert!(
            shown.contains("`flavour`") || shown.contains("`bukcet`"),
            "{shown}"
        );
    }
}
