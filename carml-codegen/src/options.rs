//! How a schema is compiled.

/// How a schema is compiled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The root type's name; from the schema's title, else its file's name, if none is given.
    pub root: Option<String>,
    /// Crates whose types are used for the schemas that name them by `x-rust-type`.
    pub crates: Vec<String>,
    /// The module of the scalar types behind `x-carml-type`.
    pub scalars: String,
    /// The module with the support code, for types of documents that are validated before they are
    /// read. Without it, a module is self-contained and checks what its types cannot express,
    /// unless the schema extends CarML's base config: the runtime has the support code then.
    pub support: Option<String>,
    /// Traits that every type derives beside `Clone`, `Debug`, `PartialEq` and serde's.
    pub derives: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            root: None,
            crates: vec!["carml-runtime".to_owned()],
            scalars: "::carml_runtime::config".to_owned(),
            support: None,
            derives: Vec::new(),
        }
    }
}
