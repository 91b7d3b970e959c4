//! Tests as boolean expressions over a `&Value` called `v`.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::{Emit, helpers::Helper, ty, words};
use crate::ir::{
    check::Test,
    schema::{Kind, Size},
    types::Named,
};

/// The function that tests what the type leaves unsaid.
pub(super) fn emit(emit: &Emit<'_>, named: &Named) -> TokenStream {
    let Some((last, first)) = named.rules.split_last() else {
        return TokenStream::new();
    };
    emit.needs(Helper::Rule);
    let rule = |rule: &crate::ir::check::Rule| {
        let about = &rule.about;
        let test = emit.test(&rule.test, &quote!(v));
        quote!(rule(#about, #test))
    };
    let first = first.iter().map(rule);
    let last = rule(last);
    let name = ty::ident(&named.name);
    let body = quote!(#(#first?;)* #last);
    let v = parameter(&body);
    quote! {
        impl #name {
            fn check(#v: &Value) -> Result<(), String> { #body }
        }
    }
}

impl Emit<'_> {
    fn call(&self, helper: Helper, arguments: &TokenStream) -> TokenStream {
        self.needs(helper);
        let name = ty::ident(helper.name());
        quote!(#name(#arguments))
    }

    /// The test of the value at a place: `v`, or a path from it.
    fn test(&self, test: &Test, at: &TokenStream) -> TokenStream {
        let value = reference(at);
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
            Test::Key(key, test) if **test == Test::False => quote!(#at.get(#key).is_none()),
            Test::Key(key, test) if lets_null_through(test) => self.test(test, &quote!(#at[#key])),
            Test::Key(key, test) => {
                let test = self.closure(test);
                self.call(Helper::At, &quote!(#value, #key, #test))
            }
            Test::At(index, test) => {
                let index = Literal::usize_unsuffixed(*index);
                if lets_null_through(test) {
                    return self.test(test, &quote!(#at[#index]));
                }
                let test = self.closure(test);
                self.call(Helper::At, &quote!(#value, #index, #test))
            }
            Test::EachFrom(0, test) => self.over(Helper::Each, &value, test),
            Test::EachFrom(from, test) => {
                let from = Literal::usize_unsuffixed(*from);
                let test = self.closure(test);
                self.call(Helper::EachFrom, &quote!(#value, #from, #test))
            }
            Test::Contains(test) => self.over(Helper::Contains, &value, test),
            Test::Names(test) => self.over(Helper::Names, &value, test),
            Test::Matching(pattern, test) => {
                let test = self.closure(test);
                self.call(Helper::Matching, &quote!(#value, #pattern, #test))
            }
            Test::Others {
                keys,
                patterns,
                test,
            } => self.others(&value, keys, patterns, test),
            Test::All(tests) => {
                let tests = tests.iter().map(|test| match test {
                    Test::Any(_) => self.grouped(test, at),
                    test => self.test(test, at),
                });
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
                Test::Key(key, test) if **test == Test::False => quote!(#at.get(#key).is_some()),
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

    /// In brackets where `&&` or `||` stand beside it.
    fn grouped(&self, test: &Test, at: &TokenStream) -> TokenStream {
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

    fn over(&self, helper: Helper, value: &TokenStream, test: &Test) -> TokenStream {
        let test = self.closure(test);
        self.call(helper, &quote!(#value, #test))
    }

    /// A test as an argument: a function's name where it is one.
    fn closure(&self, test: &Test) -> TokenStream {
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
            Test::Values(values) if values.as_slice() == [Value::Null] => {
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
        let test = self.test(test, &quote!(v));
        let v = parameter(&test);
        quote!(|#v| #test)
    }

    fn kinds(&self, kinds: &[Kind], at: &TokenStream) -> TokenStream {
        let value = reference(at);
        let tests = kinds.iter().map(|kind| match kind {
            Kind::Integer => self.call(Helper::Integer, &value),
            kind => {
                let is = is_kind(*kind);
                quote!(#at.#is())
            }
        });
        quote!(#(#tests)||*)
    }

    fn values(&self, values: &[Value], at: &TokenStream) -> TokenStream {
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        let mut tests = Vec::new();
        match texts.as_slice() {
            [] => {}
            [text] => tests.push(quote!(#at == #text)),
            texts => tests.push(quote!(matches!(#at.as_str(), Some(#(#texts)|*)))),
        }
        for value in values {
            tests.push(match value {
                Value::String(_) => continue,
                Value::Null => quote!(#at.is_null()),
                Value::Bool(value) => quote!(#at.as_bool() == Some(#value)),
                Value::Number(number) => {
                    let number = Literal::f64_unsuffixed(number.as_f64().unwrap_or(f64::MAX));
                    quote!(#at.as_f64() == Some(#number))
                }
                value => {
                    let (v, text) = (reference(at), value.to_string());
                    self.call(Helper::Constant, &quote!(#v, #text))
                }
            });
        }
        match tests.is_empty() {
            true => quote!(false),
            false => quote!(#(#tests)||*),
        }
    }

    fn no_value(&self, values: &[Value], at: &TokenStream) -> TokenStream {
        match values {
            [Value::String(text)] => quote!(#at != #text),
            [Value::Bool(value)] => quote!(#at.as_bool() != Some(#value)),
            values if values.len() > 1 && values.iter().all(Value::is_string) => {
                let test = self.values(values, at);
                quote!(!#test)
            }
            [Value::Null] => quote!(!#at.is_null()),
            values => {
                let test = self.values(values, at);
                quote!(!(#test))
            }
        }
    }

    fn number(&self, value: &TokenStream, bounds: [Option<f64>; 4]) -> TokenStream {
        let [min, max, above, below] = bounds.map(|bound| bound.map(Literal::f64_unsuffixed));
        let mut tests = Vec::new();
        let mut range = |range: TokenStream| {
            tests.push(self.call(Helper::Number, &quote!(#value, #range)));
        };
        match (&min, &max, &below) {
            (None, None, None) => {}
            (min, Some(max), _) => range(quote!(#min..=#max)),
            (min, None, Some(below)) => range(quote!(#min..#below)),
            (Some(min), None, None) => range(quote!(#min..)),
        }
        if max.is_some() && below.is_some() {
            range(quote!(..#below));
        }
        if let Some(above) = above {
            tests.push(self.call(Helper::Above, &quote!(#value, #above)));
        }
        quote!(#(#tests)&&*)
    }

    fn sized(&self, helper: Helper, value: &TokenStream, size: Size) -> TokenStream {
        let count = |count: u64| Literal::u64_unsuffixed(count);
        let min = (size.min > 0).then(|| count(size.min));
        let range = match size.max {
            Some(max) => {
                let max = count(max);
                quote!(#min..=#max)
            }
            None => quote!(#min..),
        };
        self.call(helper, &quote!(#value, #range))
    }

    fn others(
        &self,
        value: &TokenStream,
        keys: &[String],
        patterns: &[String],
        test: &Test,
    ) -> TokenStream {
        let test = self.closure(test);
        if keys.is_empty() && patterns.is_empty() {
            return self.call(Helper::Values, &quote!(#value, #test));
        }
        let mut known = Vec::new();
        if !keys.is_empty() {
            known.push(quote!(matches!(key, #(#keys)|*)));
        }
        for pattern in patterns {
            known.push(self.call(Helper::Fits, &quote!(key, #pattern)));
        }
        self.call(Helper::Others, &quote!(#value, |key| #(#known)||*, #test))
    }
}

/// The value's name; a test that no value passes looks at none.
fn parameter(test: &TokenStream) -> TokenStream {
    let mut found = BTreeSet::new();
    words(test.clone(), &mut found);
    if found.contains("v") {
        quote!(v)
    } else {
        quote!(_)
    }
}

/// An argument: `v` is a reference already.
fn reference(at: &TokenStream) -> TokenStream {
    match at.to_string().as_str() {
        "v" => at.clone(),
        _ => quote!(&#at),
    }
}

fn is_kind(kind: Kind) -> proc_macro2::Ident {
    ty::ident(match kind {
        Kind::Null => "is_null",
        Kind::Boolean => "is_boolean",
        Kind::Integer | Kind::Number => "is_number",
        Kind::String => "is_string",
        Kind::Array => "is_array",
        Kind::Object => "is_object",
    })
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
