//! Values that are never shown.

use std::{convert::Infallible, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error};

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
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Secret<T = String>(T);

impl<T> Secret<T> {
    /// The secret itself.
    pub fn expose(&self) -> &T {
        &self.0
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
        f.write_str("Secret(******)")
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
    fn an_error_of_deserialization_does_not_show_the_value() {
        let read = serde_json::from_str::<Secret>("4711");
        assert!(read.is_err_and(|error| !error.to_string().contains("4711")));
        let read = serde_json::from_str::<Secret<u8>>("\"hunter2\"");
        assert!(read.is_err_and(|error| !error.to_string().contains("hunter2")));
    }
}
