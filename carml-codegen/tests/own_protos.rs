//! CarML's own proto files compile.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use carml_codegen::proto;

#[test]
fn the_key_value_service_compiles_with_its_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
    let mut options = proto::Options::default();
    options.files = vec![root.join("carml/kv/v1/kv.proto")];
    options.includes = vec![root];
    let module = proto::compile(&options).unwrap();
    assert!(
        module
            .code
            .contains("pub use self::key_value_server::{KeyValue, KeyValueServer};")
    );
    assert!(
        module
            .code
            .contains("/// Removes every key below a directory. The directory's own key stays.")
    );
}
