//! Misuse is refused at the right span, with all errors of one use at once.
//!
//! `TRYBUILD=overwrite cargo test -p carml-test-macros` updates the expected texts.

#[test]
fn misuse_is_refused_at_its_place() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
