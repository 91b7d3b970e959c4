//! A predicate as an expression.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{super::Emit, super::helpers::Helper, super::ty, place::Place};
use crate::ir::{constraint::Predicate, schema::InstanceType};

impl Emit<'_> {
    pub(super) fn call(&self, helper: Helper, arguments: &TokenStream) -> TokenStream {
        self.needs(helper);
        let name = ty::ident(helper.name());
        quote!(#name(#arguments))
    }

    /// The expression for the value at a place: `v`, or a path from it.
    pub(super) fn predicate(&self, predicate: &Predicate, at: &Place) -> TokenStream {
        let value = at.reference();
        match predicate {
            Predicate::True => quote!(true),
            Predicate::False => quote!(false),
            Predicate::Types(types) => self.is_of_types(types, at),
            Predicate::Values(values) => self.values(values, at),
            Predicate::Number(range) => self.number(&value, range),
            Predicate::MultipleOf(step) => self.multiple_of(&value, step),
            Predicate::Length(size) => self.sized(Helper::Length, &value, *size),
            Predicate::Items(size) => self.sized(Helper::Items, &value, *size),
            Predicate::Keys(size) => self.sized(Helper::Keys, &value, *size),
            Predicate::Matches(pattern) => {
                let pattern = self.pattern(pattern, &at.name);
                self.call(Helper::Matches, &quote!(#value, &#pattern))
            }
            Predicate::Unique => self.call(Helper::Unique, &value),
            Predicate::Has(key) => self.call(Helper::Has, &quote!(#value, #key)),
            Predicate::Key(key, predicate) if **predicate == Predicate::False => {
                let at = at.path();
                quote!(#at.get(#key).is_none())
            }
            Predicate::Key(key, predicate) if allows_null(predicate) => {
                self.predicate(predicate, &at.key(key))
            }
            Predicate::Key(key, predicate) => {
                let predicate = self.closure(predicate, key);
                self.call(Helper::At, &quote!(#value, #key, #predicate))
            }
            Predicate::At(index, predicate) => {
                let item = at.item(*index);
                if allows_null(predicate) {
                    return self.predicate(predicate, &item);
                }
                let index = Literal::usize_unsuffixed(*index);
                let predicate = self.closure(predicate, &item.name);
                self.call(Helper::At, &quote!(#value, #index, #predicate))
            }
            Predicate::EachFrom(0, predicate) => self.over(Helper::Each, at, "item", predicate),
            Predicate::EachFrom(from, predicate) => {
                let from = Literal::usize_unsuffixed(*from);
                let predicate = self.closure(predicate, &format!("{}_item", at.name));
                self.call(Helper::EachFrom, &quote!(#value, #from, #predicate))
            }
            Predicate::Contains(predicate) => self.over(Helper::Contains, at, "item", predicate),
            Predicate::Names(predicate) => self.over(Helper::Names, at, "name", predicate),
            Predicate::Matching(pattern, predicate) => self.matching(at, pattern, predicate),
            Predicate::Others {
                keys,
                patterns,
                predicate,
            } => self.others(at, keys, patterns, predicate),
            Predicate::All(predicates) => {
                let predicates = self.all(predicates, at);
                quote!(#(#predicates)&&*)
            }
            Predicate::Any(predicates) => {
                let predicates = predicates.iter().map(|predicate| match predicate {
                    Predicate::All(_) => self.grouped(predicate, at),
                    predicate => self.predicate(predicate, at),
                });
                quote!(#(#predicates)||*)
            }
            Predicate::One(predicates) => {
                let predicates = predicates
                    .iter()
                    .map(|predicate| self.predicate(predicate, at));
                self.call(Helper::One, &quote!([#(#predicates),*]))
            }
            Predicate::Not(predicate) => match predicate.as_ref() {
                Predicate::Values(values) => self.no_value(values, at),
                Predicate::Key(key, predicate) if **predicate == Predicate::False => {
                    let at = at.path();
                    quote!(#at.get(#key).is_some())
                }
                predicate => {
                    let predicate = self.grouped(predicate, at);
                    quote!(!#predicate)
                }
            },
            Predicate::Is(id) => {
                let ty = ty::ident(&self.program.types[id.0].name);
                self.needs(Helper::Is);
                quote!(is::<#ty>(#value))
            }
        }
    }

    /// Predicates that must all hold. A required key that may not be null is read directly: an
    /// object without it gives null.
    fn all(&self, predicates: &[Predicate], at: &Place) -> Vec<TokenStream> {
        let object = Predicate::Types(vec![InstanceType::Object]);
        let direct: Vec<&str> = match predicates.contains(&object) {
            true => predicates
                .iter()
                .filter_map(|predicate| present(predicate, predicates))
                .collect(),
            false => Vec::new(),
        };
        let mut expressions = Vec::new();
        for predicate in predicates {
            expressions.push(match predicate {
                predicate if *predicate == object && !direct.is_empty() => continue,
                Predicate::Has(key) if direct.contains(&key.as_str()) => continue,
                Predicate::Key(key, predicate) if direct.contains(&key.as_str()) => {
                    let at = at.key(key);
                    self.conjunct(predicate, &at)
                }
                predicate => self.conjunct(predicate, at),
            });
        }
        expressions
    }

    /// In parentheses if it contains `||`.
    fn conjunct(&self, predicate: &Predicate, at: &Place) -> TokenStream {
        let tokens = self.predicate(predicate, at);
        match is_either(predicate) {
            true => quote!((#tokens)),
            false => tokens,
        }
    }

    /// In parentheses beside `&&` or `||`.
    fn grouped(&self, predicate: &Predicate, at: &Place) -> TokenStream {
        let tokens = self.predicate(predicate, at);
        match predicate {
            Predicate::All(_) | Predicate::Any(_) => quote!((#tokens)),
            Predicate::Types(types) if types.len() > 1 => quote!((#tokens)),
            Predicate::Values(_) | Predicate::Number(_) => quote!((#tokens)),
            Predicate::Key(_, inner) | Predicate::At(_, inner) if allows_null(inner) => {
                quote!((#tokens))
            }
            _ => tokens,
        }
    }
}

/// Its expression contains `||`.
fn is_either(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::Any(_) => true,
        Predicate::Types(types) => types.len() > 1,
        Predicate::Values(values) => {
            let texts = values.iter().filter(|value| value.is_string()).count();
            values.len() - texts + usize::from(texts > 0) > 1
        }
        Predicate::Key(_, predicate) | Predicate::At(_, predicate) => {
            allows_null(predicate) && is_either(predicate)
        }
        _ => false,
    }
}

/// The key that a predicate is for, if it is required and may not be null.
fn present<'t>(predicate: &'t Predicate, all: &[Predicate]) -> Option<&'t str> {
    match predicate {
        Predicate::Key(key, inner) => {
            let asked = all.contains(&Predicate::Has(key.clone()));
            (asked && refuses_null(inner)).then_some(key.as_str())
        }
        _ => None,
    }
}

fn refuses_null(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::Types(types) => !types.contains(&InstanceType::Null),
        Predicate::Values(values) => values.iter().all(|value| !value.is_null()),
        Predicate::All(predicates) => predicates.iter().any(refuses_null),
        Predicate::Any(predicates) => predicates.iter().all(refuses_null),
        _ => false,
    }
}

/// It holds for null, and so for an absent key.
fn allows_null(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::Number(_)
        | Predicate::MultipleOf(_)
        | Predicate::Length(_)
        | Predicate::Matches(_)
        | Predicate::Items(_)
        | Predicate::Unique
        | Predicate::EachFrom(..)
        | Predicate::Contains(_)
        | Predicate::Keys(_)
        | Predicate::Has(_)
        | Predicate::Names(_)
        | Predicate::Matching(..)
        | Predicate::Others { .. } => true,
        Predicate::Key(_, predicate) if **predicate == Predicate::False => true,
        Predicate::Key(_, predicate) | Predicate::At(_, predicate) => allows_null(predicate),
        Predicate::All(predicates) => predicates.iter().all(allows_null),
        _ => false,
    }
}
