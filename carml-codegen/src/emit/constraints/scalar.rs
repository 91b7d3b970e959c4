//! Types, known values, ranges.

use carml_schema::number;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::{Number, Value};

use super::{
    super::{Emit, helpers::Helper},
    place::Place,
};
use crate::ir::{
    constraint::Range,
    schema::{InstanceType, Size},
};

impl Emit<'_> {
    pub(super) fn is_of_types(&self, types: &[InstanceType], at: &Place) -> TokenStream {
        let (value, at) = (at.reference(), at.path());
        let all = types.iter().map(|ty| match ty {
            InstanceType::Integer => self.call(Helper::IsInteger, &value),
            ty => {
                let is = is_type(*ty);
                quote!(#at.#is())
            }
        });
        quote!(#(#all)||*)
    }

    pub(super) fn values(&self, values: &[Value], place: &Place) -> TokenStream {
        let at = place.path();
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        let mut all = Vec::new();
        match texts.as_slice() {
            [] => {}
            [text] => all.push(quote!(#at == #text)),
            texts => all.push(quote!(matches!(#at.as_str(), Some(#(#texts)|*)))),
        }
        for value in values {
            all.push(match value {
                Value::String(_) => continue,
                Value::Null => quote!(#at.is_null()),
                Value::Bool(value) => quote!(#at.as_bool() == Some(#value)),
                Value::Number(number) if is_exact(number) => {
                    let number = Literal::f64_unsuffixed(number.as_f64().unwrap_or_default());
                    quote!(#at.as_f64() == Some(#number))
                }
                value => {
                    let (v, text) = (place.reference(), value.to_string());
                    self.call(Helper::Constant, &quote!(#v, #text))
                }
            });
        }
        match all.is_empty() {
            true => quote!(false),
            false => quote!(#(#all)||*),
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

    pub(super) fn number(&self, value: &TokenStream, range: &Range) -> TokenStream {
        let integer = |limit: &Option<Number>| {
            let limit = limit.as_ref().and_then(number::integer);
            limit.map(Literal::i128_unsuffixed)
        };
        let decimal = |limit: &Option<Number>| {
            let limit = limit.as_ref();
            let limit = limit.filter(|limit| number::integer(limit).is_none());
            limit.and_then(Number::as_f64).map(Literal::f64_unsuffixed)
        };
        let mut all = Vec::new();
        match (integer(&range.min), integer(&range.max)) {
            (None, None) => {}
            (min, Some(max)) => all.push(self.call(Helper::Number, &quote!(#value, #min..=#max))),
            (min, None) => all.push(self.call(Helper::Number, &quote!(#value, #min..))),
        }
        if let Some(above) = integer(&range.above) {
            all.push(self.call(Helper::Above, &quote!(#value, #above)));
        }
        if let Some(below) = integer(&range.below) {
            all.push(self.call(Helper::Below, &quote!(#value, #below)));
        }
        match (decimal(&range.min), decimal(&range.max)) {
            (None, None) => {}
            (min, Some(max)) => all.push(self.call(Helper::Decimal, &quote!(#value, #min..=#max))),
            (min, None) => all.push(self.call(Helper::Decimal, &quote!(#value, #min..))),
        }
        if let Some(above) = decimal(&range.above) {
            all.push(self.call(Helper::DecimalAbove, &quote!(#value, #above)));
        }
        if let Some(below) = decimal(&range.below) {
            all.push(self.call(Helper::Decimal, &quote!(#value, ..#below)));
        }
        quote!(#(#all)&&*)
    }

    pub(super) fn multiple_of(&self, value: &TokenStream, step: &Number) -> TokenStream {
        if let Some(step) = number::integer(step) {
            let step = Literal::i128_unsuffixed(step);
            return self.call(Helper::MultipleOf, &quote!(#value, #step));
        }
        let step = Literal::f64_unsuffixed(step.as_f64().unwrap_or(f64::MIN_POSITIVE));
        self.call(Helper::DecimalMultipleOf, &quote!(#value, #step))
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

/// Comparing as floats rounds neither.
fn is_exact(number: &Number) -> bool {
    number
        .as_f64()
        .is_some_and(|float| float.abs() < 9e15 || number.is_f64() && float.fract() != 0.0)
}

pub(super) fn is_type(ty: InstanceType) -> proc_macro2::Ident {
    super::super::ty::ident(match ty {
        InstanceType::Null => "is_null",
        InstanceType::Boolean => "is_boolean",
        InstanceType::Integer | InstanceType::Number => "is_number",
        InstanceType::String => "is_string",
        InstanceType::Array => "is_array",
        InstanceType::Object => "is_object",
    })
}
