//! Proto files whose names mean something to Rust. That this crate compiles is the test.

carml_runtime::include_generated!();

/// The package that another crate would have.
pub mod shared {
    /// A message of that package.
    #[derive(Clone, PartialEq, Eq, Hash, ::carml_runtime::prost::Message)]
    #[prost(prost_path = "::carml_runtime::prost")]
    pub struct Owner {
        /// Who it is.
        #[prost(string, tag = "1")]
        pub name: String,
    }
}
