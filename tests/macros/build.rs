//! Compiles the test's proto.

fn main() -> Result<(), carml_codegen::Error> {
    carml_codegen::Builder::new()
        .proto("proto/macros.proto")
        .generate()
}
