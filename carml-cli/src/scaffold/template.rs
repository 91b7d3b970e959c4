//! The files of `templates/service`, with the place that each one goes to.

macro_rules! files {
    ($($target:literal <- $source:literal),* $(,)?) => {
        &[$(($target, include_str!(concat!("../../templates/service/", $source)))),*]
    };
}

// `cargo.toml` and `gitignore` have other names in the template: cargo would take the folder for
// a package, and git would apply the rules to the template itself.
pub(super) const FILES: &[(&str, &str)] = files![
    "Cargo.toml" <- "cargo.toml",
    "build.rs" <- "build.rs",
    "proto/{{snake}}/v1/{{snake}}.proto" <- "proto/service.proto",
    "schema/app.json" <- "schema/app.json",
    "carml.yml" <- "carml.yml",
    "src/lib.rs" <- "src/lib.rs",
    "src/main.rs" <- "src/main.rs",
    "src/service.rs" <- "src/service.rs",
    "tests/service.rs" <- "tests/service.rs",
    "README.md" <- "README.md",
    ".gitignore" <- "gitignore",
    ".github/workflows/ci.yml" <- ".github/workflows/ci.yml",
];
