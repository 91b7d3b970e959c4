//! `docs/diagnostics.md` is the catalogue of codes; `UPDATE=1` writes it again.
#![allow(clippy::unwrap_used)]

use carml_diagnostic::Code;
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn the_page_lists_every_code() {
    let mut page = String::from(
        "# Diagnostics\n\nEvery code of a report, with its cause and its fix.\n\
         `carml explain --code CODE` prints one of them.\n",
    );
    for code in Code::ALL {
        let about = code.explanation();
        let (cause, example, fix) = (about.cause, about.example, about.fix);
        writeln!(
            page,
            "\n## {code}\n\n{cause}\n\n```text\n{example}\n```\n\n{fix}"
        )
        .unwrap();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/diagnostics.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), page);
}
