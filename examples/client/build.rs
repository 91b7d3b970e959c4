//! Compiles the proto file: no `protoc` is needed.

fn main() -> Result<(), carml_codegen::Error> {
    carml_codegen::Builder::new()
        .proto("proto/shop.proto")
        .generate()
}
