/// Includes what `carml_codegen::Builder` wrote in the build script: `mod config` and `mod proto`.
#[macro_export]
macro_rules! include_generated {
    () => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/carml.rs"));
    };
}
