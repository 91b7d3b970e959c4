//! The support code of a module: only what it needs.

use std::collections::BTreeSet;

/// Names that helpers and types use without their paths; [`super::imports`] finds them.
macro_rules! helpers {
    ($($variant:ident $name:literal [$($needs:ident)*] $text:literal)*) => {
        /// A piece of support code. They are written in this order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Helper {
            $($variant,)*
        }

        impl Helper {
            pub(super) const ALL: &[Self] = &[$(Self::$variant,)*];

            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The helpers that it calls.
            fn needs(self) -> &'static [Self] {
                match self {
                    $(Self::$variant => &[$(Self::$needs),*],)*
                }
            }

            fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

/// What types need even if documents are validated before they are read.
pub(super) const SHARED: [Helper; 8] = [
    Helper::ObjectOr,
    Helper::AnyInteger,
    Helper::Present,
    Helper::PresentInteger,
    Helper::PresentIntegers,
    Helper::Integers,
    Helper::WithOptions,
    Helper::WithoutCredentials,
];

/// The texts of the helpers that are needed, and of those that they call.
pub(super) fn texts(needed: &BTreeSet<Helper>) -> Vec<String> {
    let mut all = BTreeSet::new();
    let mut pending: Vec<Helper> = needed.iter().copied().collect();
    while let Some(helper) = pending.pop() {
        if all.insert(helper) {
            pending.extend(helper.needs());
        }
    }
    let mut texts: Vec<String> = Vec::new();
    for helper in all {
        let text = helper.text();
        match texts.last_mut() {
            // The macro consists of several pieces.
            Some(last) if helper.name().is_empty() => last.push_str(&text[1..]),
            _ => texts.push(text.to_owned()),
        }
    }
    texts
}

helpers! {
    ObjectOr "ObjectOr" [] r#"
/// The object that the schema describes, or a value of another type, which it does not constrain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ObjectOr<T> {
    Object(T),
    Other(Value),
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for ObjectOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_object() {
            return T::deserialize(value).map(Self::Object).map_err(serde::de::Error::custom);
        }
        Ok(Self::Other(value))
    }
}
"#

    AnyInteger "Integer" [] r#"
/// An integer in the form in which it was read: `1` or `1.0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "Number")]
pub struct Integer(pub Number);

impl TryFrom<Number> for Integer {
    type Error = &'static str;

    fn try_from(number: Number) -> Result<Self, Self::Error> {
        // A float beyond 64 bits may have been rounded when it was parsed.
        let is_exact = |n: f64| n.fract() == 0.0 && (-9.2e18..1.8e19).contains(&n);
        let valid = !number.is_f64() || number.as_f64().is_some_and(is_exact);
        valid.then_some(Self(number)).ok_or("expected an integer of at most 64 bits")
    }
}
"#

    Secret "Secret" [] r#"
/// A value that `Debug` and errors do not show. `Serialize` writes it: the value can be read again.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Secret<T = String>(pub T);

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(******)")
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let error = |_| serde::de::Error::custom("a secret has a value that is not allowed");
        T::deserialize(d).map(Self).map_err(error)
    }
}
"#

    WithoutCredentials "WithoutCredentials" [] r#"
/// A value whose `Debug` shows no credentials of addresses.
pub struct WithoutCredentials<T>(pub T);

impl<T: std::fmt::Debug> std::fmt::Debug for WithoutCredentials<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(value) = self;
        let text = if f.alternate() { format!("{value:#?}") } else { format!("{value:?}") };
        f.write_str(&carml_diagnostic::without_credentials(&text))
    }
}
"#

    Present "present" [] r#"
/// Reads a key that is present: only an absent one is `None`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}
"#

    PresentInteger "present_int" [Integer] r#"
/// The same for an integer.
fn present_int<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    integer(d).map(Some)
}
"#

    Integer "integer" [] r#"
/// Reads an integer, also one that is written as `1.0`.
fn integer<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    let number = Number::deserialize(d)?;
    let float = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < 9.2e18);
    let number = float.map_or(number, |n| Number::from(n as i64));
    T::deserialize(number).map_err(serde::de::Error::custom)
}
"#

    PresentIntegers "present_ints" [Integers] r#"
/// The same for a key that is present.
fn present_ints<'de, T: serde::de::DeserializeOwned, D: Deserializer<'de>>(
    d: D,
) -> Result<Option<T>, D::Error> {
    integers(d).map(Some)
}
"#

    Integers "integers" [Converted] r#"
/// Reads integers, also those that are written as `1.0`.
fn integers<'de, T: for<'a> Deserialize<'a>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    T::deserialize(converted(Value::deserialize(d)?)).map_err(serde::de::Error::custom)
}
"#

    Converted "converted" [] r#"
/// Numbers such as `1.0` as integers.
fn converted(value: Value) -> Value {
    match (value.as_f64(), value) {
        (_, Value::Array(items)) => items.into_iter().map(converted).collect(),
        (_, Value::Object(map)) => map.into_iter().map(|(k, v)| (k, converted(v))).collect(),
        (Some(n), v) if v.is_f64() && n.fract() == 0.0 && n.abs() < 9.2e18 => (n as i64).into(),
        (_, value) => value,
    }
}
"#

    WithOptions "with_options" [] r#"
/// Reads a variant. One of these names alone is that variant with empty options.
fn with_options<'de, D: Deserializer<'de>>(d: D, names: &[&str]) -> Result<Value, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::String(name) if names.contains(&name.as_str()) => {
            [(name, Value::Object(Default::default()))].into_iter().collect()
        }
        value => value,
    })
}
"#

    Ensure "ensure" [] r#"
fn ensure(what: &str, keywords: &str, valid: bool) -> Result<(), String> {
    let error = || format!("{what} violates its schema constraint ({keywords})");
    valid.then_some(()).ok_or_else(error)
}
"#

    Is "is" [] r#"
fn is<T: serde::de::DeserializeOwned>(v: &Value) -> bool {
    T::deserialize(v).is_ok()
}
"#

    One "one" [] r#"
fn one<const N: usize>(valid: [bool; N]) -> bool {
    valid.into_iter().filter(|valid| *valid).count() == 1
}
"#

    Has "has" [] r#"
fn has(v: &Value, key: &str) -> bool {
    v.as_object().is_none_or(|map| map.contains_key(key))
}
"#

    At "at" [] r#"
fn at(v: &Value, place: impl serde_json::value::Index, valid: impl Fn(&Value) -> bool) -> bool {
    v.get(place).is_none_or(valid)
}
"#

    Each "each" [] r#"
fn each(v: &Value, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_array().is_none_or(|list| list.iter().all(valid))
}
"#

    EachFrom "each_from" [] r#"
fn each_from(v: &Value, from: usize, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_array().is_none_or(|list| list.iter().skip(from).all(valid))
}
"#

    Contains "contains" [] r#"
fn contains(v: &Value, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_array().is_none_or(|list| list.iter().any(valid))
}
"#

    Values "values" [] r#"
fn values(v: &Value, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_object().is_none_or(|map| map.values().all(valid))
}
"#

    Others "others" [] r#"
fn others(v: &Value, known: impl Fn(&str) -> bool, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_object().is_none_or(|map| map.iter().all(|(key, v)| known(key) || valid(v)))
}
"#

    Only "only" [] r#"
fn only(v: &Value, keys: &[&str]) -> bool {
    v.as_object().is_none_or(|map| map.keys().all(|key| keys.contains(&key.as_str())))
}
"#

    Matching "matching" [] r#"
fn matching(v: &Value, pattern: &Regex, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_object().is_none_or(|map| map.iter().all(|(key, v)| !pattern.is_match(key) || valid(v)))
}
"#

    Names "names" [] r#"
fn names(v: &Value, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_object().is_none_or(|map| map.keys().all(|key| valid(&key.as_str().into())))
}
"#

    Constant "constant" [Same] r#"
fn constant(v: &Value, text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|value: Value| same(v, &value))
}
"#

    Same "same" [Around] r#"
/// `1` and `1.0` are the same number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b || a.is_number() && a.as_f64() == b.as_f64() && around(a) == around(b),
    }
}
"#

    IsInteger "is_integer" [] r#"
fn is_integer(v: &Value) -> bool {
    v.as_f64().is_some_and(|number| number.fract() == 0.0)
}
"#

    Number "number" [Around] r#"
fn number(v: &Value, range: impl RangeBounds<i128>) -> bool {
    around(v).is_none_or(|(low, high)| range.contains(&low) && range.contains(&high))
}
"#

    Above "above" [Around] r#"
fn above(v: &Value, bound: i128) -> bool {
    around(v).is_none_or(|(_, high)| high > bound)
}
"#

    Below "below" [Around] r#"
fn below(v: &Value, bound: i128) -> bool {
    around(v).is_none_or(|(low, _)| low < bound)
}
"#

    Around "around" [] r#"
/// The integers on both sides of a number; twice the same for an integer.
fn around(v: &Value) -> Option<(i128, i128)> {
    match v.as_i64().map(i128::from).or(v.as_u64().map(i128::from)) {
        Some(n) => Some((n, n)),
        None => v.as_f64().map(|n| (n.floor() as i128, n.ceil() as i128)),
    }
}
"#

    Decimal "decimal" [] r#"
fn decimal(v: &Value, range: impl RangeBounds<f64>) -> bool {
    v.as_f64().is_none_or(|number| range.contains(&number))
}
"#

    DecimalAbove "decimal_above" [] r#"
fn decimal_above(v: &Value, bound: f64) -> bool {
    v.as_f64().is_none_or(|number| number > bound)
}
"#

    MultipleOf "multiple_of" [Around] r#"
fn multiple_of(v: &Value, step: i128) -> bool {
    match v.as_f64().filter(|_| v.is_f64()) {
        Some(float) => float % step as f64 == 0.0,
        None => around(v).is_none_or(|(n, _)| n % step == 0),
    }
}
"#

    DecimalMultipleOf "decimal_multiple_of" [] r#"
fn decimal_multiple_of(v: &Value, step: f64) -> bool {
    v.as_f64().is_none_or(|number| {
        let rest = (number % step).abs();
        rest.min(step - rest) <= 1e-15 * number.abs()
    })
}
"#

    Length "length" [] r#"
fn length(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_str().is_none_or(|text| range.contains(&text.chars().count()))
}
"#

    Items "items" [] r#"
fn items(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_array().is_none_or(|list| range.contains(&list.len()))
}
"#

    Keys "keys" [] r#"
fn keys(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_object().is_none_or(|map| range.contains(&map.len()))
}
"#

    Unique "unique" [Converted] r#"
fn unique(v: &Value) -> bool {
    let mut seen = HashSet::new();
    v.as_array().is_none_or(|list| list.iter().all(|item| seen.insert(converted(item.clone()))))
}
"#

    Matches "matches" [] r#"
fn matches(v: &Value, pattern: &Regex) -> bool {
    v.as_str().is_none_or(|text| pattern.is_match(text))
}
"#

    Types "types" [] r#"
/// Structs are read from objects only, enums of words from strings only, and after their check.
macro_rules! types {
    ($($(#[doc = $doc:literal])* #[derive($($derive:path),*)] $(#[$($attr:tt)*])*
        pub $kind:ident $name:ident $body:tt $(;)? $(check($v:pat) $check:tt)?)*) => {$(
        types!(@item $kind $name $body
            $(#[doc = $doc])* #[derive($($derive,)* Serialize)] $(#[$($attr)*])* pub);
        const _: () = {
            use self::$name as schema_type;
            types!(@item $kind Fields__ $body
                #[derive(Deserialize)] $(#[$($attr)*])* #[serde(remote = "schema_type")]);
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                    types!(@read d $kind $body $(|$v: &serde_json::Value| $check)?)
                }
            }
        };
    )*};
"#

    TypesOfTuples "" [] r#"
    (@item $kind:ident $name:ident ($($t:tt)*) $($head:tt)*) => { $($head)* $kind $name($($t)*); };
"#

    TypesOfItems "" [] r#"
    (@item $kind:ident $name:ident $body:tt $($head:tt)*) => { $($head)* $kind $name $body };
"#

    TypesOfStructs "" [] r#"
    (@read $d:ident struct {$($t:tt)*}) => {{
        struct Object;
        impl<'de> serde::de::Visitor<'de> for Object {
            type Value = schema_type;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<schema_type, A::Error> {
                Fields__::deserialize(serde::de::value::MapAccessDeserializer::new(map))
            }
        }
        Deserializer::deserialize_map($d, Object)
    }};
"#

    TypesOfWords "" [] r#"
    (@read $d:ident enum {$($(#[$($attr:tt)*])* $word:ident),* $(,)?}) => {
        Fields__::deserialize(serde::de::value::StringDeserializer::new(String::deserialize($d)?))
    };
"#

    TypesOfOthers "" [] r#"
    (@read $d:ident $kind:ident $body:tt) => { Fields__::deserialize($d) };
"#

    TypesWithChecks "" [] r#"
    (@read $d:ident $kind:ident $body:tt $check:expr) => {{
        let value = serde_json::Value::deserialize($d)?;
        ($check)(&value).map_err(serde::de::Error::custom)?;
        let read = |value| -> Result<Self, serde_json::Error> { types!(@read value $kind $body) };
        read(value).map_err(serde::de::Error::custom)
    }};
"#

    TypesEnd "" [] r#"
}
use types;
"#
}
