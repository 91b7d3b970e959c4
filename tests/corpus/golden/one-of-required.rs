use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

types! {
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Source {
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub file: Option<String>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub url: Option<String>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub text: Option<String>,
    }
    check(v) {
        ensure("the value", "oneOf", one([has(v, "file"), has(v, "url"), has(v, "text")]))
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

fn one<const N: usize>(valid: [bool; N]) -> bool {
    valid.into_iter().filter(|valid| *valid).count() == 1
}

fn has(v: &Value, key: &str) -> bool {
    v.as_object().is_none_or(|map| map.contains_key(key))
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
    (@read $d:ident $kind:ident $body:tt $check:expr) => {{
        let value = serde_json::Value::deserialize($d)?;
        ($check)(&value).map_err(serde::de::Error::custom)?;
        let read = |value| -> Result<Self, serde_json::Error> { types!(@read value $kind $body) };
        read(value).map_err(serde::de::Error::custom)
    }};
}
use types;
