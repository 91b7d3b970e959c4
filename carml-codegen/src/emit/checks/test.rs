//! A test as an expression.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{super::Emit, super::helpers::Helper, super::ty, place::Place};
use crate::ir::{check::Test, schema::Kind};

impl Emit<'_> {
    pub(super) fn call(&self, helper: Helper, arguments: &TokenStream) -> TokenStream {
        self.needs(helper);
        let name = ty::ident(helper.name());
        quote!(#name(#arguments))
    }

    /// The test of the value at a place: `v`, or a path from it.
    pub(super) fn test(&self, test: &Test, at: &Place) -> TokenStream {
        let value = at.reference();
        match test {
            Test::True => quote!(true),
            Test::False => quote!(false),
            Test::Kinds(kinds) => self.kinds(kinds, at),
            Test::Values(values) => self.values(values, at),
            Test::Number {
                min,
                max,
                above,
                below,
            } => self.number(&value, [*min, *max, *above, *below]),
            Test::MultipleOf(step) => {
                let step = Literal::f64_unsuffixed(*step);
                self.call(Helper::MultipleOf, &quote!(#value, #step))
            }
            Test::Length(size) => self.sized(Helper::Length, &value, *size),
            Test::Items(size) => self.sized(Helper::Items, &value, *size),
            Test::Keys(size) => self.sized(Helper::Keys, &value, *size),
            Test::Matches(pattern) => self.call(Helper::Matches, &quote!(#value, #pattern)),
            Test::Unique => self.call(Helper::Unique, &value),
            Test::Has(key) => self.call(Helper::Has, &quote!(#value, #key)),
            Test::Key(key, test) if **test == Test::False => {
                let at = at.path();
                quote!(#at.get(#key).is_none())
            }
            Test::Key(key, test) if lets_null_through(test) => self.test(test, &at.key(key)),
            Test::Key(key, test) => {
                let test = self.closure(test, key);
                self.call(Helper::At, &quote!(#value, #key, #test))
            }
            Test::At(index, test) => {
                let item = at.item(*index);
                if lets_null_through(test) {
                    return self.test(test, &item);
                }
                let index = Literal::usize_unsuffixed(*index);
                let test = self.closure(test, &item.name);
                self.call(Helper::At, &quote!(#value, #index, #test))
            }
            Test::EachFrom(0, test) => self.over(Helper::Each, at, "item", test),
            Test::EachFrom(from, test) => {
                let from = Literal::usize_unsuffixed(*from);
                let test = self.closure(test, &format!("{}_item", at.name));
                self.call(Helper::EachFrom, &quote!(#value, #from, #test))
            }
            Test::Contains(test) => self.over(Helper::Contains, at, "item", test),
            Test::Names(test) => self.over(Helper::Names, at, "name", test),
            Test::Matching(pattern, test) => self.matching(at, pattern, test),
            Test::Others {
                keys,
                patterns,
                test,
            } => self.others(at, keys, patterns, test),
            Test::All(tests) => {
                let tests = self.all(tests, at);
                quote!(#(#tests)&&*)
            }
            Test::Any(tests) => {
                let tests = tests.iter().map(|test| match test {
                    Test::All(_) => self.grouped(test, at),
                    test => self.test(test, at),
                });
                quote!(#(#tests)||*)
            }
            Test::One(tests) => {
                let tests = tests.iter().map(|test| self.test(test, at));
                self.call(Helper::One, &quote!([#(#tests),*]))
            }
            Test::Not(test) => match test.as_ref() {
                Test::Values(values) => self.no_value(values, at),
                Test::Key(key, test) if **test == Test::False => {
                    let at = at.path();
                    quote!(#at.get(#key).is_some())
                }
                test => {
                    let test = self.grouped(test, at);
                    quote!(!#test)
                }
            },
            Test::Is(id) => {
                let ty = ty::ident(&self.program.types[id.0].name);
                self.needs(Helper::Is);
                quote!(is::<#ty>(#value))
            }
        }
    }

    /// Tests that must all hold. An object's key that must be there and may not be null is looked
    /// at directly: a value without it has null in its place.
    fn all(&self, tests: &[Test], at: &Place) -> Vec<TokenStream> {
        let object = Test::Kinds(vec![Kind::Object]);
        let direct: Vec<&str> = match tests.contains(&object) {
            true => tests
                .iter()
                .filter_map(|test| present(test, tests))
                .collect(),
            false => Vec::new(),
        };
        let mut expressions = Vec::new();
        for test in tests {
            expressions.push(match test {
                test if *test == object && !direct.is_empty() => continue,
                Test::Has(key) if direct.contains(&key.as_str()) => continue,
                Test::Key(key, test) if direct.contains(&key.as_str()) => {
                    let at = at.key(key);
                    match test.as_ref() {
                        Test::Any(_) => self.grouped(test, &at),
                        test => self.test(test, &at),
                    }
                }
                Test::Any(_) => self.grouped(test, at),
                test => self.test(test, at),
            });
        }
        expressions
    }

    /// In brackets where `&&` or `||` stand beside it.
    fn grouped(&self, test: &Test, at: &Place) -> TokenStream {
        let tokens = self.test(test, at);
        match test {
            Test::All(_) | Test::Any(_) => quote!((#tokens)),
            Test::Kinds(kinds) if kinds.len() > 1 => quote!((#tokens)),
            Test::Values(_) | Test::Number { .. } => quote!((#tokens)),
            Test::Key(_, inner) | Test::At(_, inner) if lets_null_through(inner) => {
                quote!((#tokens))
            }
            _ => tokens,
        }
    }
}

/// The key that a test is for, if it must be there and may not be null.
fn present<'t>(test: &'t Test, all: &[Test]) -> Option<&'t str> {
    match test {
        Test::Key(key, inner) => {
            let asked = all.contains(&Test::Has(key.clone()));
            (asked && refuses_null(inner)).then_some(key.as_str())
        }
        _ => None,
    }
}

fn refuses_null(test: &Test) -> bool {
    match test {
        Test::Kinds(kinds) => !kinds.contains(&Kind::Null),
        Test::Values(values) => values.iter().all(|value| !value.is_null()),
        Test::All(tests) => tests.iter().any(refuses_null),
        Test::Any(tests) => tests.iter().all(refuses_null),
        _ => false,
    }
}

/// It holds for null, and so may look at a key that is not there.
fn lets_null_through(test: &Test) -> bool {
    match test {
        Test::Number { .. }
        | Test::MultipleOf(_)
        | Test::Length(_)
        | Test::Matches(_)
        | Test::Items(_)
        | Test::Unique
        | Test::EachFrom(..)
        | Test::Contains(_)
        | Test::Keys(_)
        | Test::Has(_)
        | Test::Names(_)
        | Test::Matching(..)
        | Test::Others { .. } => true,
        Test::Key(_, test) if **test == Test::False => true,
        Test::Key(_, test) | Test::At(_, test) => lets_null_through(test),
        Test::All(tests) => tests.iter().all(lets_null_through),
        _ => false,
    }
}
