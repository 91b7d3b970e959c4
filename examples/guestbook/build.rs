//! Compiles the schema and the proto file: no protoc is needed.

fn main() -> Result<(), carml_codegen::Error> {
    carml_codegen::Builder::new()
        .schema("schema/app.json")
        .proto("proto/guestbook.proto")
        .generate()
}
