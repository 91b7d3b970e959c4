//! Compiles the test's schema and proto.

fn main() -> Result<(), carml_codegen::Error> {
    carml_codegen::Builder::new()
        .schema("schema/app.json")
        .proto("proto/echo.proto")
        .proto("proto/interop.proto")
        .proto("proto/names.proto")
        .proto("proto/tally.proto")
        .generate()
}
