//! Predicates as arguments: a function's name, a closure, or a function made for the purpose.

use std::cell::RefCell;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{
    super::Emit,
    super::helpers::Helper,
    super::ty,
    place::{Place, parameter},
    scalar::is_type,
};
use crate::{
    ir::{
        constraint::{Pattern, Predicate},
        schema::InstanceType,
    },
    names,
};

/// A longer predicate is a function of its own.
const MAX_CLOSURE: usize = 60;

/// The functions that were made, each for a predicate that may be used in several places.
#[derive(Default)]
pub(in super::super) struct Functions {
    known: RefCell<Vec<(Predicate, Ident)>>,
    functions: RefCell<Vec<TokenStream>>,
}

impl Functions {
    pub(in super::super) fn tokens(&self) -> TokenStream {
        let functions = self.functions.borrow();
        quote!(#(#functions)*)
    }

    fn find(&self, predicate: &Predicate) -> Option<Ident> {
        let known = self.known.borrow();
        let found = known.iter().find(|(other, _)| other == predicate);
        found.map(|(_, name)| name.clone())
    }

    fn add(&self, preferred: &str, predicate: &Predicate, body: &TokenStream) -> Ident {
        let preferred = names::snake(preferred);
        let taken = |name: &str| {
            let own = Helper::ALL.iter().any(|helper| helper.name() == name);
            let name = ty::ident(name);
            let other = self.known.borrow().iter().any(|(_, known)| *known == name);
            // What it would be given to has a `v` and a `key` of its own.
            own || other || name == "v" || name == "key"
        };
        let numbered = (2..).map(|count| format!("{preferred}{count}"));
        let mut candidates = [preferred.clone()].into_iter().chain(numbered);
        let name = candidates.find(|name| !taken(name)).unwrap_or(preferred);
        let name = ty::ident(&name);
        let v = parameter(body);
        self.known
            .borrow_mut()
            .push((predicate.clone(), name.clone()));
        self.functions
            .borrow_mut()
            .push(quote!(fn #name(#v: &Value) -> bool { #body }));
        name
    }
}

impl Emit<'_> {
    /// A predicate as an argument; the name is for a function that is made for it.
    pub(super) fn closure(&self, predicate: &Predicate, name: &str) -> TokenStream {
        match predicate {
            Predicate::Types(types) => match types.as_slice() {
                [InstanceType::Integer] => {
                    self.needs(Helper::IsInteger);
                    return quote!(is_integer);
                }
                [ty] => {
                    let is = is_type(*ty);
                    return quote!(Value::#is);
                }
                _ => {}
            },
            Predicate::Values(values) if values.as_slice() == [serde_json::Value::Null] => {
                return quote!(Value::is_null);
            }
            Predicate::Unique => {
                self.needs(Helper::Unique);
                return quote!(unique);
            }
            Predicate::Is(id) => {
                let ty = ty::ident(&self.program.types[id.0].name);
                self.needs(Helper::Is);
                return quote!(is::<#ty>);
            }
            _ => {}
        }
        if let Some(known) = self.functions.find(predicate) {
            return quote!(#known);
        }
        let body = self.predicate(predicate, &Place::whole(name));
        if body.to_string().len() <= MAX_CLOSURE {
            let v = parameter(&body);
            return quote!(|#v| #body);
        }
        let name = self.functions.add(name, predicate, &body);
        quote!(#name)
    }

    /// A helper that asks a predicate of each part of a value.
    pub(super) fn over(
        &self,
        helper: Helper,
        at: &Place,
        part: &str,
        predicate: &Predicate,
    ) -> TokenStream {
        let value = at.reference();
        let predicate = self.closure(predicate, &format!("{}_{part}", at.name));
        self.call(helper, &quote!(#value, #predicate))
    }

    /// A predicate of the values whose keys match.
    pub(super) fn matching(
        &self,
        at: &Place,
        pattern: &Pattern,
        predicate: &Predicate,
    ) -> TokenStream {
        let value = at.reference();
        let predicate = self.closure(predicate, &format!("{}_value", at.name));
        match (pattern.matches.as_slice(), pattern.refuses.as_slice()) {
            ([only], []) => {
                let pattern = self.pattern(only, &key_name(at));
                self.call(Helper::Matching, &quote!(#value, &#pattern, #predicate))
            }
            (matches, refuses) => {
                let not = matches.iter().map(|text| self.does_not_match(text, at));
                let misses = not.chain(refuses.iter().map(|text| self.is_match(text, at)));
                self.call(
                    Helper::Others,
                    &quote!(#value, |key| #(#misses)||*, #predicate),
                )
            }
        }
    }

    fn is_match(&self, pattern: &str, at: &Place) -> TokenStream {
        let pattern = self.pattern(pattern, &key_name(at));
        quote!(#pattern.is_match(key))
    }

    fn does_not_match(&self, pattern: &str, at: &Place) -> TokenStream {
        let is_match = self.is_match(pattern, at);
        quote!(!#is_match)
    }

    /// Whether `key` matches all that it must, and nothing that it must not.
    fn matches_all(&self, pattern: &Pattern, at: &Place) -> TokenStream {
        let matches = pattern.matches.iter().map(|text| self.is_match(text, at));
        let refuses = pattern.refuses.iter();
        let refuses = refuses.map(|text| self.does_not_match(text, at));
        let all = matches.chain(refuses);
        quote!(#(#all)&&*)
    }

    pub(super) fn others(
        &self,
        at: &Place,
        keys: &[String],
        patterns: &[Pattern],
        predicate: &Predicate,
    ) -> TokenStream {
        let value = at.reference();
        if *predicate == Predicate::False && patterns.is_empty() {
            return self.call(Helper::Only, &quote!(#value, &[#(#keys),*]));
        }
        let predicate = self.closure(predicate, &format!("{}_value", at.name));
        if keys.is_empty() && patterns.is_empty() {
            return self.call(Helper::Values, &quote!(#value, #predicate));
        }
        let mut known = Vec::new();
        if !keys.is_empty() {
            known.push(quote!(matches!(key, #(#keys)|*)));
        }
        let alone = known.is_empty() && patterns.len() == 1;
        for pattern in patterns {
            let fits = self.matches_all(pattern, at);
            known.push(match pattern.matches.len() + pattern.refuses.len() {
                2.. if !alone => quote!((#fits)),
                _ => fits,
            });
        }
        self.call(
            Helper::Others,
            &quote!(#value, |key| #(#known)||*, #predicate),
        )
    }
}

/// What a pattern of the keys is named after.
fn key_name(at: &Place) -> String {
    format!("{}_key", at.name)
}
