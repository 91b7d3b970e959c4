//! Compiles every proto file of the test.

fn main() -> Result<(), carml_codegen::Error> {
    carml_codegen::Builder::new()
        .proto("proto/hello.proto")
        .proto("proto/bom.proto")
        .proto("proto/services.proto")
        .proto("proto/prelude.proto")
        .proto("proto/messages.proto")
        .proto("proto/groups.proto")
        .proto("proto/modules.proto")
        .proto("proto/options.proto")
        .include("proto")
        .extern_path(".names.shared.v1", "crate::shared")
        .type_attribute(".names.options.v1.Money", "#[derive(PartialOrd)]")
        .field_attribute(".names.options.v1.Money.cents", "#[doc = \"Hundredths.\"]")
        .bytes(".names.options.v1.Money")
        .generate()
}
