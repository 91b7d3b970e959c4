//! Misuse is refused on the right span, every fault of one use at once.
//!
//! `TRYBUILD=overwrite cargo test -p carml-test-macros` writes the expected texts again.

#[test]
fn misuse_is_refused_where_it_stands() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
