//! Kinds, known values, ranges.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::{super::Emit, super::helpers::Helper, super::ty, place::Place};
use crate::ir::schema::{Kind, Size};

impl Emit<'_> {
    pub(super) fn kinds(&self, kinds: &[Kind], at: &Place) -> TokenStream {
        let (value, at) = (at.reference(), at.path());
        let tests = kinds.iter().map(|kind| match kind {
            Kind::Integer => self.call(Helper::Integer, &value),
            kind => {
                let is = is_kind(*kind);
                quote!(#at.#is())
            }
        });
        quote!(#(#tests)||*)
    }

    pub(super) fn values(&self, values: &[Value], place: &Place) -> TokenStream {
        let at = place.path();
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
                    let (v, text) = (place.reference(), value.to_string());
                    self.call(Helper::Constant, &quote!(#v, #text))
                }
            });
        }
        match tests.is_empty() {
            true => quote!(false),
            false => quote!(#(#tests)||*),
        }
    }

    pub(super) fn no_value(&self, values: &[Value], place: &Place) -> TokenStream {
        let at = place.path();
        match values {
            [Value::String(text)] => quote!(#at != #text),
            [Value::Bool(value)] => quote!(#at.as_bool() != Some(#value)),
            values if values.len() > 1 && values.iter().all(Value::is_string) => {
                let test = self.values(values, place);
                quote!(!#test)
            }
            [Value::Null] => quote!(!#at.is_null()),
            values => {
                let test = self.values(values, place);
                quote!(!(#test))
            }
        }
    }

    pub(super) fn number(&self, value: &TokenStream, bounds: [Option<f64>; 4]) -> TokenStream {
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

    pub(super) fn sized(&self, helper: Helper, value: &TokenStream, size: Size) -> TokenStream {
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
}

pub(super) fn is_kind(kind: Kind) -> proc_macro2::Ident {
    ty::ident(match kind {
        Kind::Null => "is_null",
        Kind::Boolean => "is_boolean",
        Kind::Integer | Kind::Number => "is_number",
        Kind::String => "is_string",
        Kind::Array => "is_array",
        Kind::Object => "is_object",
    })
}
