//! Compiles the schema and the proto files: no protoc is needed.

fn main() -> Result<(), carml_codegen::Error> {
    carml_codegen::Builder::new()
        .schema("schema/app.json")
        .proto("proto/{{snake}}/v1/{{snake}}.proto")
        .include("proto")
        .generate()
}
