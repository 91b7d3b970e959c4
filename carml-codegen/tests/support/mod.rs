//! Generated files that are checked in.

use std::{fs, path::PathBuf};

/// A file of the repository.
pub(crate) fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(file)
}

/// The text of a file of the repository.
pub(crate) fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap()
}

/// Compares a file with what is generated; `UPDATE=1` rewrites it.
pub(crate) fn assert_current(file: &str, generated: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path(file), generated).unwrap();
    }
    assert!(
        read(file) == generated,
        "{file} is not what is generated: run this test with UPDATE=1"
    );
}

/// The same for a table in a page, which is between two comments.
#[allow(dead_code, reason = "not every test has a page")]
pub(crate) fn assert_table_is_current(page: &str, schema: &str, table: &str) {
    let text = read(page);
    let begin = format!("<!-- table: {schema} -->\n");
    let (before, rest) = text.split_once(&begin).unwrap();
    let (_, after) = rest.split_once("<!-- /table -->").unwrap();
    let generated = format!("{before}{begin}{table}<!-- /table -->{after}");
    assert_current(page, &generated);
}
