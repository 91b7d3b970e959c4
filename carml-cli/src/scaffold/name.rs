//! A service's name, and the forms it takes in Rust and protobuf.

use std::{fmt, str::FromStr};

use heck::{ToPascalCase, ToSnakeCase};

/// The name of a new service: a cargo package name that also gives a protobuf package and a
/// Rust type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceName(String);

impl ServiceName {
    /// The name as it was given: `my-service`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of modules and protobuf packages: `my_service`.
    pub(crate) fn snake(&self) -> String {
        self.0.to_snake_case()
    }

    /// The name of types: `MyService`.
    pub(crate) fn pascal(&self) -> String {
        self.0.to_pascal_case()
    }
}

/// Why a name cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidName {
    name: String,
    reason: &'static str,
    suggestion: Option<String>,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot name a service: {}", self.name, self.reason)?;
        match &self.suggestion {
            Some(name) => write!(f, "; try `{name}`"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for InvalidName {}

// Names that the scaffolded package needs for something else: crates, modules, messages, and types
// that tonic names without their path.
const TAKEN: &[&str] = &[
    "alloc",
    "build",
    "clone",
    "config",
    "core",
    "greet-reply",
    "greet-request",
    "option",
    "prost",
    "proto",
    "serde",
    "serde-json",
    "service",
    "std",
    "tempfile",
    "test",
    "tokio",
    "tonic",
    "tonic-prost",
];

// Sections of the base config: the service has a section of its own name beside them.
const SECTIONS: &[&str] = &[
    "admin", "app", "download", "grpc", "health", "logger", "registry", "store", "tracer",
];

// Keywords of Rust and of protobuf packages.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

impl FromStr for ServiceName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        let refuse = |reason, suggestion| {
            Err(InvalidName {
                name: name.to_owned(),
                reason,
                suggestion,
            })
        };
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let suggestion = || {
            let kebab: String = name
                .to_snake_case()
                .replace('_', "-")
                .chars()
                .filter(|c| allowed(*c))
                .collect();
            kebab
                .starts_with(|c: char| c.is_ascii_lowercase())
                .then_some(kebab)
        };
        if name.is_empty() {
            return refuse("it is empty", Some("my-service".to_owned()));
        }
        if name.len() > 64 {
            return refuse("it is longer than 64 characters", None);
        }
        let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(allowed)
            && !name.ends_with('-')
            && !name.contains("--");
        if !well_formed {
            return refuse(
                "a name is lower-case words of letters and digits, joined by single `-`",
                suggestion(),
            );
        }
        if KEYWORDS.contains(&name) {
            return refuse("it is a keyword of Rust", Some(format!("{name}-service")));
        }
        if SECTIONS.contains(&name) {
            return refuse(
                "it is a section of every config",
                Some(format!("my-{name}")),
            );
        }
        if TAKEN.contains(&name) || name.starts_with("carml-") {
            return refuse(
                "the new package needs that name for something else",
                Some(format!("my-{name}")),
            );
        }
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_forms() {
        let name: ServiceName = "my-service2".parse().unwrap();
        assert_eq!(name.snake(), "my_service2");
        assert_eq!(name.pascal(), "MyService2");
    }

    #[test]
    fn a_bad_name_is_refused_with_a_near_one() {
        for (name, near) in [
            ("MyService", Some("my-service")),
            ("my_service", Some("my-service")),
            ("my service", Some("my-service")),
            ("9lives", None),
            ("async", Some("async-service")),
            ("tonic", Some("my-tonic")),
            ("health", Some("my-health")),
            ("", Some("my-service")),
            ("../x", Some("x")),
            ("a--b", Some("a-b")),
        ] {
            let error = name.parse::<ServiceName>().unwrap_err();
            assert_eq!(error.suggestion.as_deref(), near, "{name}");
        }
    }

    #[test]
    fn a_name_of_a_config_section_is_refused() {
        let schema = include_str!("../../../schema/base.json");
        let schema = serde_json::from_str(schema).unwrap();
        let documents = carml_schema::Documents::given("base.json", schema, &[]).unwrap();
        let sections: Vec<&str> = documents.root().keys().collect();
        assert!(!sections.is_empty());
        for section in sections {
            assert!(SECTIONS.contains(&section), "{section}");
        }
    }

    #[test]
    fn every_suggested_name_is_valid() {
        for name in [
            "MyService",
            "a b",
            "async",
            "tokio",
            "config",
            "-x-",
            "X--Y",
        ] {
            let error = name.parse::<ServiceName>().unwrap_err();
            if let Some(near) = error.suggestion {
                assert!(near.parse::<ServiceName>().is_ok(), "{name} -> {near}");
            }
        }
    }
}
