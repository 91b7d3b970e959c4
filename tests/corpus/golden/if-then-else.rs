use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

types! {
    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Store {
        pub provider: Provider,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub path: Option<String>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub quota: Option<Integer>,
    }
    check(v) {
        ensure("the value", "if", {
            (!at(v, "provider", |v| v == "disk") || has(v, "path"))
                && (at(v, "provider", |v| v == "disk") || v.get("path").is_none())
        })
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[serde(rename_all = "lowercase")]
    pub enum Provider { Memory, Disk }
}

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

/// Reads a key that is present: only an absent one is `None`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

fn ensure(what: &str, keywords: &str, valid: bool) -> Result<(), String> {
    let error = || format!("{what} violates its schema constraint ({keywords})");
    valid.then_some(()).ok_or_else(error)
}

fn has(v: &Value, key: &str) -> bool {
    v.as_object().is_none_or(|map| map.contains_key(key))
}

fn at(v: &Value, place: impl serde_json::value::Index, valid: impl Fn(&Value) -> bool) -> bool {
    v.get(place).is_none_or(valid)
}

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
    (@item $kind:ident $name:ident $body:tt $($head:tt)*) => { $($head)* $kind $name $body };
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
    (@read $d:ident enum {$($(#[$($attr:tt)*])* $word:ident),* $(,)?}) => {
        Fields__::deserialize(serde::de::value::StringDeserializer::new(String::deserialize($d)?))
    };
    (@read $d:ident $kind:ident $body:tt $check:expr) => {{
        let value = serde_json::Value::deserialize($d)?;
        ($check)(&value).map_err(serde::de::Error::custom)?;
        let read = |value| -> Result<Self, serde_json::Error> { types!(@read value $kind $body) };
        read(value).map_err(serde::de::Error::custom)
    }};
}
use types;
