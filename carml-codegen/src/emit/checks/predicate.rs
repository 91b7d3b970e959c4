//! Tests as arguments: a function's name, a closure, or a function made for the purpose.

use std::cell::RefCell;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{
    super::Emit,
    super::helpers::Helper,
    super::ty,
    place::{Place, parameter},
    scalar::is_kind,
};
use crate::{
    ir::{
        check::{Pattern, Test},
        schema::Kind,
    },
    names,
};

/// What is written longer than this is no closure, but a function of its own.
const CLOSURE: usize = 60;

/// The functions that were made, each for a test that may stand in several places.
#[derive(Default)]
pub(in super::super) struct Predicates {
    known: RefCell<Vec<(Test, Ident)>>,
    functions: RefCell<Vec<TokenStream>>,
}

impl Predicates {
    pub(in super::super) fn tokens(&self) -> TokenStream {
        let functions = self.functions.borrow();
        quote!(#(#functions)*)
    }

    fn find(&self, test: &Test) -> Option<Ident> {
        let known = self.known.borrow();
        let found = known.iter().find(|(other, _)| other == test);
        found.map(|(_, name)| name.clone())
    }

    fn add(&self, wish: &str, test: &Test, body: &TokenStream) -> Ident {
        let wish = names::snake(wish);
        let taken = |name: &str| {
            let own = Helper::ALL.iter().any(|helper| helper.name() == name);
            let name = ty::ident(name);
            let other = self.known.borrow().iter().any(|(_, known)| *known == name);
            // What it would be given to has a `v` and a `key` of its own.
            own || other || name == "v" || name == "key"
        };
        let numbered = (2..).map(|count| format!("{wish}{count}"));
        let mut wishes = [wish.clone()].into_iter().chain(numbered);
        let name = wishes.find(|name| !taken(name)).unwrap_or(wish);
        let name = ty::ident(&name);
        let v = parameter(body);
        self.known.borrow_mut().push((test.clone(), name.clone()));
        self.functions
            .borrow_mut()
            .push(quote!(fn #name(#v: &Value) -> bool { #body }));
        name
    }
}

impl Emit<'_> {
    /// A test as an argument; the name is for a function that is made for it.
    pub(super) fn closure(&self, test: &Test, name: &str) -> TokenStream {
        match test {
            Test::Kinds(kinds) => match kinds.as_slice() {
                [Kind::Integer] => {
                    self.needs(Helper::Integer);
                    return quote!(integer);
                }
                [kind] => {
                    let is = is_kind(*kind);
                    return quote!(Value::#is);
                }
                _ => {}
            },
            Test::Values(values) if values.as_slice() == [serde_json::Value::Null] => {
                return quote!(Value::is_null);
            }
            Test::Unique => {
                self.needs(Helper::Unique);
                return quote!(unique);
            }
            Test::Is(id) => {
                let ty = ty::ident(&self.program.types[id.0].name);
                self.needs(Helper::Is);
                return quote!(is::<#ty>);
            }
            _ => {}
        }
        if let Some(known) = self.predicates.find(test) {
            return quote!(#known);
        }
        let body = self.test(test, &Place::whole(name));
        if body.to_string().len() <= CLOSURE {
            let v = parameter(&body);
            return quote!(|#v| #body);
        }
        let name = self.predicates.add(name, test, &body);
        quote!(#name)
    }

    /// A helper that asks a test of each part of a value.
    pub(super) fn over(&self, helper: Helper, at: &Place, part: &str, test: &Test) -> TokenStream {
        let value = at.reference();
        let test = self.closure(test, &format!("{}_{part}", at.name));
        self.call(helper, &quote!(#value, #test))
    }

    /// A test of the values whose keys match.
    pub(super) fn matching(&self, at: &Place, pattern: &Pattern, test: &Test) -> TokenStream {
        let value = at.reference();
        let test = self.closure(test, &format!("{}_value", at.name));
        match (pattern.matches.as_slice(), pattern.refuses.as_slice()) {
            ([only], []) => self.call(Helper::Matching, &quote!(#value, #only, #test)),
            (matches, refuses) => {
                let not = matches.iter().map(|text| self.misfits(text));
                let misses = not.chain(refuses.iter().map(|text| self.fits(text)));
                self.call(Helper::Others, &quote!(#value, |key| #(#misses)||*, #test))
            }
        }
    }

    fn fits(&self, pattern: &str) -> TokenStream {
        self.call(Helper::Fits, &quote!(key, #pattern))
    }

    fn misfits(&self, pattern: &str) -> TokenStream {
        let fits = self.fits(pattern);
        quote!(!#fits)
    }

    /// Whether `key` matches all that it must, and nothing that it must not.
    fn fits_all(&self, pattern: &Pattern) -> TokenStream {
        let matches = pattern.matches.iter().map(|text| self.fits(text));
        let refuses = pattern.refuses.iter().map(|text| self.misfits(text));
        let all = matches.chain(refuses);
        quote!(#(#all)&&*)
    }

    pub(super) fn others(
        &self,
        at: &Place,
        keys: &[String],
        patterns: &[Pattern],
        test: &Test,
    ) -> TokenStream {
        let value = at.reference();
        if *test == Test::False && patterns.is_empty() {
            return self.call(Helper::Only, &quote!(#value, &[#(#keys),*]));
        }
        let test = self.closure(test, &format!("{}_value", at.name));
        if keys.is_empty() && patterns.is_empty() {
            return self.call(Helper::Values, &quote!(#value, #test));
        }
        let mut known = Vec::new();
        if !keys.is_empty() {
            known.push(quote!(matches!(key, #(#keys)|*)));
        }
        let alone = known.is_empty() && patterns.len() == 1;
        for pattern in patterns {
            let fits = self.fits_all(pattern);
            known.push(match pattern.matches.len() + pattern.refuses.len() {
                2.. if !alone => quote!((#fits)),
                _ => fits,
            });
        }
        self.call(Helper::Others, &quote!(#value, |key| #(#known)||*, #test))
    }
}
