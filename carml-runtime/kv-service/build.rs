//! Compiles the key/value service's proto file.

fn main() -> Result<(), carml_codegen::Error> {
    carml_codegen::Builder::new()
        .proto("proto/carml/kv/v1/kv.proto")
        .include("proto")
        .generate()
}
