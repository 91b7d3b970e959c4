//! Values that are never shown.

use std::{cell::Cell, convert::Infallible, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// What is shown instead.
const HIDDEN: &str = "******";

thread_local! {
    static IS_HIDDEN: Cell<bool> = const { Cell::new(false) };
}

/// Serializes values for people: secrets in them are hidden.
pub(crate) fn hidden<R>(serialize: impl FnOnce() -> R) -> R {
    let before = IS_HIDDEN.replace(true);
    let serialized = serialize();
    IS_HIDDEN.set(before);
    serialized
}

/// A value that neither `Debug` nor an error of deserialization shows; a string, unless another type
/// is named. `Serialize` writes it, so that a config can be written back: for people, print the
/// loaded config with `explain`.
///
/// ```
/// use carml_config::Secret;
///
/// let password: Secret = "hunter2".parse().unwrap();
/// assert_eq!(format!("{password:?}"), "Secret(******)");
/// assert_eq!(password.expose(), "hunter2");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T = String>(T);

impl<T> Secret<T> {
    /// The secret itself.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl Secret {
    /// Whether this is the text that somebody gave. How long that takes does not depend on where
    /// the two differ.
    pub fn is(&self, given: &[u8]) -> bool {
        let secret = self.0.as_bytes();
        let differ = |sum: u8, (one, other): (&u8, &u8)| sum | (one ^ other);
        secret.len() == given.len() && secret.iter().zip(given).fold(0, differ) == 0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({HIDDEN})")
    }
}

impl<T: Serialize> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match IS_HIDDEN.get() {
            true => s.serialize_str(HIDDEN),
            false => self.0.serialize(s),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let error = |_| D::Error::custom("a secret has a value that is not allowed");
        T::deserialize(d).map(Self).map_err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_text_is_the_secret_if_all_of_it_is() {
        let secret = Secret::from("hunter2".to_owned());
        assert!(secret.is(b"hunter2"));
        for other in ["", "hunter", "hunter22", "Hunter2", "hunter3"] {
            assert!(!secret.is(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_value_for_people_has_no_secret() {
        let secret = [Secret::from("hunter2".to_owned())];
        let written = || serde_json::to_string(&secret).unwrap_or_default();
        assert_eq!(super::hidden(written), r#"["******"]"#);
        assert_eq!(written(), r#"["hunter2"]"#);
    }

    #[test]
    fn an_error_of_deserialization_does_not_show_the_value() {
        let read = serde_json::from_str::<Secret>("4711");
        assert!(read.is_err_and(|error| !error.to_string().contains("4711")));
        let read = serde_json::from_str::<Secret<u8>>("\"hunter2\"");
        assert!(read.is_err_and(|error| !error.to_string().contains("hunter2")));
    }
}
