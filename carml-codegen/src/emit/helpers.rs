//! The private functions that a module's tests call: only those that it needs.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

/// In the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Helper {
    Loose,
    Whole,
    Present,
    Rule,
    Is,
    One,
    Has,
    At,
    Each,
    EachFrom,
    Contains,
    Values,
    Others,
    Only,
    Matching,
    Names,
    Constant,
    Same,
    Integer,
    Number,
    Above,
    MultipleOf,
    Length,
    Items,
    Keys,
    Unique,
    Matches,
    Fits,
}

impl Helper {
    pub(super) const ALL: [Self; 28] = [
        Self::Loose,
        Self::Whole,
        Self::Present,
        Self::Rule,
        Self::Is,
        Self::One,
        Self::Has,
        Self::At,
        Self::Each,
        Self::EachFrom,
        Self::Contains,
        Self::Values,
        Self::Others,
        Self::Only,
        Self::Matching,
        Self::Names,
        Self::Constant,
        Self::Same,
        Self::Integer,
        Self::Number,
        Self::Above,
        Self::MultipleOf,
        Self::Length,
        Self::Items,
        Self::Keys,
        Self::Unique,
        Self::Matches,
        Self::Fits,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Loose => "Loose",
            Self::Whole => "Integer",
            Self::Present => "some",
            Self::Rule => "rule",
            Self::Is => "is",
            Self::One => "one",
            Self::Has => "has",
            Self::At => "at",
            Self::Each => "each",
            Self::EachFrom => "each_from",
            Self::Contains => "contains",
            Self::Values => "values",
            Self::Others => "others",
            Self::Only => "only",
            Self::Matching => "matching",
            Self::Names => "names",
            Self::Constant => "constant",
            Self::Same => "same",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Above => "above",
            Self::MultipleOf => "multiple_of",
            Self::Length => "length",
            Self::Items => "items",
            Self::Keys => "keys",
            Self::Unique => "unique",
            Self::Matches => "matches",
            Self::Fits => "fits",
        }
    }

    fn tokens(self) -> TokenStream {
        match self {
            Self::Loose => loose(),
            Self::Whole => whole(),
            Self::Present => quote! {
                /// Reads a key that is there: only absence is none.
                fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Option<T>, D::Error> {
                    T::deserialize(deserializer).map(Some)
                }
            },
            Self::Rule => quote! {
                fn rule(about: &str, kept: bool) -> Result<(), String> {
                    if kept { Ok(()) } else { Err(format!("the schema's rule for `{about}` is not kept")) }
                }
            },
            Self::Is => quote! {
                fn is<T: serde::de::DeserializeOwned>(v: &Value) -> bool {
                    T::deserialize(v).is_ok()
                }
            },
            Self::One => quote! {
                fn one<const N: usize>(tests: [bool; N]) -> bool {
                    tests.into_iter().filter(|test| *test).count() == 1
                }
            },
            Self::Has => quote! {
                fn has(v: &Value, key: &str) -> bool {
                    v.as_object().is_none_or(|map| map.contains_key(key))
                }
            },
            Self::At => quote! {
                fn at(v: &Value, place: impl serde_json::value::Index, test: impl Fn(&Value) -> bool) -> bool {
                    v.get(place).is_none_or(test)
                }
            },
            Self::Each => quote! {
                fn each(v: &Value, test: impl Fn(&Value) -> bool) -> bool {
                    v.as_array().is_none_or(|list| list.iter().all(test))
                }
            },
            Self::EachFrom => quote! {
                fn each_from(v: &Value, from: usize, test: impl Fn(&Value) -> bool) -> bool {
                    v.as_array().is_none_or(|list| list.iter().skip(from).all(test))
                }
            },
            Self::Contains => quote! {
                fn contains(v: &Value, test: impl Fn(&Value) -> bool) -> bool {
                    v.as_array().is_none_or(|list| list.iter().any(test))
                }
            },
            Self::Values => quote! {
                fn values(v: &Value, test: impl Fn(&Value) -> bool) -> bool {
                    v.as_object().is_none_or(|map| map.values().all(test))
                }
            },
            Self::Others => quote! {
                fn others(v: &Value, known: impl Fn(&str) -> bool, test: impl Fn(&Value) -> bool) -> bool {
                    v.as_object().is_none_or(|map| map.iter().all(|(key, v)| known(key) || test(v)))
                }
            },
            Self::Only => quote! {
                fn only(v: &Value, keys: &[&str]) -> bool {
                    v.as_object().is_none_or(|map| map.keys().all(|key| keys.contains(&key.as_str())))
                }
            },
            Self::Matching => quote! {
                fn matching(v: &Value, pattern: &'static str, test: impl Fn(&Value) -> bool) -> bool {
                    v.as_object().is_none_or(|map| map.iter().all(|(key, v)| !fits(key, pattern) || test(v)))
                }
            },
            Self::Names => quote! {
                fn names(v: &Value, test: impl Fn(&Value) -> bool) -> bool {
                    v.as_object().is_none_or(|map| map.keys().all(|key| test(&key.as_str().into())))
                }
            },
            Self::Constant => quote! {
                fn constant(v: &Value, text: &str) -> bool {
                    serde_json::from_str(text).is_ok_and(|value: Value| same(v, &value))
                }
            },
            Self::Same => quote! {
                /// `1` and `1.0` are the same number.
                fn same(a: &Value, b: &Value) -> bool {
                    match (a, b) {
                        (Value::Array(a), Value::Array(b)) => {
                            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
                        }
                        (Value::Object(a), Value::Object(b)) => {
                            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
                        }
                        _ => a == b || a.is_number() && a.as_f64() == b.as_f64(),
                    }
                }
            },
            Self::Integer => quote! {
                fn integer(v: &Value) -> bool {
                    v.is_i64() || v.is_u64() || v.as_f64().is_some_and(|number| number.fract() == 0.0)
                }
            },
            Self::Number => quote! {
                fn number(v: &Value, range: impl RangeBounds<f64>) -> bool {
                    v.as_f64().is_none_or(|number| range.contains(&number))
                }
            },
            Self::Above => quote! {
                fn above(v: &Value, bound: f64) -> bool {
                    v.as_f64().is_none_or(|number| number > bound)
                }
            },
            Self::MultipleOf => quote! {
                fn multiple_of(v: &Value, step: f64) -> bool {
                    v.as_f64().is_none_or(|number| {
                        let rest = (number % step).abs();
                        rest.min(step - rest) <= 1e-15 * number.abs()
                    })
                }
            },
            Self::Length => quote! {
                fn length(v: &Value, range: impl RangeBounds<usize>) -> bool {
                    v.as_str().is_none_or(|text| range.contains(&text.chars().count()))
                }
            },
            Self::Items => quote! {
                fn items(v: &Value, range: impl RangeBounds<usize>) -> bool {
                    v.as_array().is_none_or(|list| range.contains(&list.len()))
                }
            },
            Self::Keys => quote! {
                fn keys(v: &Value, range: impl RangeBounds<usize>) -> bool {
                    v.as_object().is_none_or(|map| range.contains(&map.len()))
                }
            },
            Self::Unique => quote! {
                fn unique(v: &Value) -> bool {
                    v.as_array().is_none_or(|list| {
                        let mut seen = HashSet::with_capacity(list.len());
                        list.iter().all(|item| seen.insert(item))
                    })
                }
            },
            Self::Matches => quote! {
                fn matches(v: &Value, pattern: &'static str) -> bool {
                    v.as_str().is_none_or(|text| fits(text, pattern))
                }
            },
            Self::Fits => quote! {
                fn fits(text: &str, pattern: &'static str) -> bool {
                    static KNOWN: LazyLock<Mutex<HashMap<&str, Option<Regex>>>> = LazyLock::new(Mutex::default);
                    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
                    let regex = known.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
                    regex.as_ref().is_none_or(|regex| regex.is_match(text))
                }
            },
        }
    }
}

/// The helpers that are needed, and those that they need.
pub(super) fn tokens(needed: &BTreeSet<Helper>) -> TokenStream {
    let mut needed = needed.clone();
    if needed.contains(&Helper::Matches) || needed.contains(&Helper::Matching) {
        needed.insert(Helper::Fits);
    }
    if needed.contains(&Helper::Constant) {
        needed.insert(Helper::Same);
    }
    let helpers = needed.iter().map(|helper| helper.tokens());
    quote!(#(#helpers)*)
}

/// serde writes `deserialize` and `serialize` as functions of a type that is `remote = "Self"`:
/// the traits call them, and the rules before that. As text, for prettyplease formats no macros.
const CHECKED: &str = "
macro_rules! checked {
    ($($ty:ident)*) => {$(
        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                $ty::check(&value).map_err(serde::de::Error::custom)?;
                $ty::deserialize(value).map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $ty::serialize(self, serializer)
            }
        }
    )*};
}
";

/// The impls of the types that have rules.
pub(super) fn checks(checked: &[&str]) -> String {
    if checked.is_empty() {
        return String::new();
    }
    let mut text = format!("{CHECKED}\nchecked! {{");
    let mut width = usize::MAX;
    for name in checked {
        if width.saturating_add(name.len()) > 96 {
            text.push_str("\n   ");
            width = 3;
        }
        text.push(' ');
        text.push_str(name);
        width += name.len() + 1;
    }
    text.push_str("\n}\n");
    text
}

fn whole() -> TokenStream {
    quote! {
        /// A whole number of any size, kept as it is written.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
        #[serde(try_from = "Number")]
        pub struct Integer(pub Number);

        impl TryFrom<Number> for Integer {
            type Error = &'static str;

            fn try_from(number: Number) -> Result<Self, Self::Error> {
                match number.as_f64() {
                    Some(value) if value.fract() != 0.0 => Err("expected a whole number"),
                    _ => Ok(Self(number)),
                }
            }
        }
    }
}

fn loose() -> TokenStream {
    quote! {
        /// What the schema describes if it is an object; it asks nothing of other values.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Loose<T> {
            Object(T),
            Other(Value),
        }

        impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Loose<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                if value.is_object() {
                    let object = T::deserialize(value).map_err(serde::de::Error::custom)?;
                    return Ok(Self::Object(object));
                }
                Ok(Self::Other(value))
            }
        }
    }
}
