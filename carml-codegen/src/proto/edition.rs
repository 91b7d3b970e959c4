//! Finds a statement that the parser does not know.

use std::ops::Range;

/// The bytes of `edition = "…"`, if the file begins with it.
pub(super) fn statement(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    loop {
        let rest = text[at..].trim_start();
        at = text.len() - rest.len();
        let comment = if rest.starts_with("//") {
            rest.find('\n')?
        } else if rest.starts_with("/*") {
            rest.find("*/")? + 2
        } else {
            break;
        };
        at += comment;
    }
    let after = text[at..].strip_prefix("edition")?.trim_start();
    after.strip_prefix('=')?;
    let length = text[at..].find(';').unwrap_or("edition".len());
    Some(at..at + length)
}

#[cfg(test)]
mod tests {
    use super::statement;

    #[test]
    fn only_the_first_statement_is_an_edition() {
        let text = "// edition = 1\n/* edition */ edition = \"2023\";\nmessage A {}\n";
        let span = statement(text).expect("an edition");
        assert_eq!(&text[span], "edition = \"2023\"");
        for other in [
            "",
            "/* edition = 1;",
            "syntax = \"proto3\";",
            "editions = 1;",
        ] {
            assert_eq!(statement(other), None, "{other}");
        }
    }
}
