//! Names that sound as if their values were secret.

/// Words in names whose values are secret unless a schema says otherwise.
const SECRET_WORDS: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "credential",
    "access_key",
    "accesskey",
    "private_key",
    "privatekey",
    "api_key",
    "apikey",
];

/// Short forms, which count only as a whole part of a name: `DB_PASS`, and not `bypass`.
const SHORT_FORMS: [&str; 4] = ["pass", "pw", "auth", "creds"];

/// Whether a name sounds secret.
pub fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    SECRET_WORDS.iter().any(|word| name.contains(word))
        || name.split('_').any(|part| SHORT_FORMS.contains(&part))
}

/// Whether the variable of a name may hold a secret.
pub fn variable_sounds_secret(name: &str) -> bool {
    // The shell's own: the current folder and the one before.
    !matches!(name, "PWD" | "OLDPWD") && sounds_secret(name)
}

/// Whether a name ends in the name of a secret, as `db_password` does and `password_policy` does
/// not.
pub fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    let last = name.rsplit('_').next().unwrap_or_default();
    SECRET_WORDS.iter().any(|word| name.ends_with(word)) || SHORT_FORMS.contains(&last)
}

/// The words themselves, to compare misspelt names with.
pub fn secret_words() -> &'static [&'static str] {
    &SECRET_WORDS
}

#[cfg(test)]
mod tests {
    use super::{sounds_secret, variable_sounds_secret};

    #[test]
    fn recognizes_names_of_secrets() {
        for secret in [
            "DB_PASS",
            "PGPASSWORD",
            "MYSQL_PWD",
            "api-key",
            "AUTH_TOKEN",
        ] {
            assert!(variable_sounds_secret(secret), "{secret}");
        }
        for other in ["PWD", "OLDPWD", "BYPASS", "COMPASS", "HOME", "AUTHOR"] {
            assert!(!variable_sounds_secret(other), "{other}");
        }
        assert!(sounds_secret("pwd"));
    }
}
