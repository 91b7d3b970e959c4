//! Compiles the benchmark's proto.

fn main() -> Result<(), carml_codegen::Error> {
    carml_codegen::Builder::new()
        .proto("proto/bench.proto")
        .generate()
}
