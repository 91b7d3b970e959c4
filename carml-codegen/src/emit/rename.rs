//! One `rename_all` in place of many `rename`s.

/// serde's name of a convention, and what it makes of a Rust name.
pub(super) struct Convention {
    pub(super) name: &'static str,
    pub(super) apply: fn(&str) -> String,
}

/// Of fields, from `snake_case`.
pub(super) const FIELDS: &[Convention] = &[
    Convention {
        name: "camelCase",
        apply: |name| {
            let name = pascal(name);
            first_lower(&name)
        },
    },
    Convention {
        name: "kebab-case",
        apply: |name| name.replace('_', "-"),
    },
    Convention {
        name: "PascalCase",
        apply: pascal,
    },
    Convention {
        name: "SCREAMING_SNAKE_CASE",
        apply: str::to_ascii_uppercase,
    },
];

/// Of variants, from `PascalCase`.
pub(super) const VARIANTS: &[Convention] = &[
    Convention {
        name: "lowercase",
        apply: str::to_ascii_lowercase,
    },
    Convention {
        name: "snake_case",
        apply: snake,
    },
    Convention {
        name: "kebab-case",
        apply: |name| snake(name).replace('_', "-"),
    },
    Convention {
        name: "camelCase",
        apply: first_lower,
    },
    Convention {
        name: "UPPERCASE",
        apply: str::to_ascii_uppercase,
    },
    Convention {
        name: "SCREAMING_SNAKE_CASE",
        apply: |name| snake(name).to_ascii_uppercase(),
    },
];

/// The convention that saves most renames, if it saves any.
pub(super) fn best<'n>(
    conventions: &'static [Convention],
    names: &(impl Iterator<Item = (&'n str, &'n str)> + Clone),
) -> Option<&'static Convention> {
    let fitting = |apply: fn(&str) -> String| {
        let names = names.clone();
        names.filter(|(name, key)| apply(name) == *key).count()
    };
    let mut best = None;
    let mut most = fitting(str::to_owned);
    for convention in conventions {
        let count = fitting(convention.apply);
        if count > most {
            most = count;
            best = Some(convention);
        }
    }
    best
}

fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    let mut start = true;
    for c in name.chars() {
        if c == '_' {
            start = true;
        } else if start {
            pascal.push(c.to_ascii_uppercase());
            start = false;
        } else {
            pascal.push(c);
        }
    }
    pascal
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (index, c) in name.char_indices() {
        if index > 0 && c.is_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

fn first_lower(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
