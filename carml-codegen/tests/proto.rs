//! What a build script gets from proto files, and what it is told when they are wrong.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path, time::SystemTime};

use carml_codegen::{Builder, proto};

const GREETER: &str = r#"syntax = "proto3";
package hello.v1;
import "hello/v1/message.proto";
// Greets people.
service Greeter {
  // Greets one person.
  rpc Greet(GreetRequest) returns (GreetReply);
}
message GreetReply { string text = 1; }
"#;

const MESSAGE: &str = r#"syntax = "proto3";
package hello.v1;
// Whom to greet.
message GreetRequest { string name = 1; }
"#;

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn options(root: &Path, files: &[&str]) -> proto::Options {
    let mut options = proto::Options::default();
    options.files = files.iter().map(|file| root.join(file)).collect();
    options.includes = vec![root.to_owned()];
    options
}

#[test]
fn a_service_stands_beside_its_messages_with_comments_and_descriptor_set() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "hello/v1/greeter.proto", GREETER);
    write(root.path(), "hello/v1/message.proto", MESSAGE);
    let module = proto::compile(&options(root.path(), &["hello/v1/greeter.proto"])).unwrap();

    let file = syn::parse_file(&module.code).expect("the code is Rust");
    assert_eq!(file.items.len(), 1, "one module");
    for expected in [
        "pub mod hello {",
        "pub mod v1 {",
        "/// Whom to greet.",
        "/// Greets people.",
        "pub use self::greeter_server::{Greeter, GreeterServer};",
        "pub use self::greeter_client::GreeterClient;",
        "impl<T> ::carml_runtime::grpc::Described for greeter_server::GreeterServer<T>",
        "super::super::FILE_DESCRIPTOR_SET",
    ] {
        assert!(module.code.contains(expected), "missing: {expected}");
    }
    assert_eq!(
        module.files,
        ["greeter.proto", "message.proto"].map(|file| root.path().join("hello/v1").join(file)),
        "the import was read too"
    );
    let again = proto::compile(&options(root.path(), &["hello/v1/greeter.proto"])).unwrap();
    assert_eq!(again.code, module.code, "the same bytes for the same input");
}

#[test]
fn a_file_without_a_package_and_one_with_a_keyword_for_a_package_compile() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "plain.proto",
        "syntax = \"proto3\"; message A {}",
    );
    write(
        root.path(),
        "keyword.proto",
        "syntax = \"proto3\"; package type.async; message B {} service S { rpc C(B) returns (B); }",
    );
    let module = proto::compile(&options(root.path(), &["plain.proto", "keyword.proto"])).unwrap();
    assert!(module.code.contains("pub struct A"));
    assert!(module.code.contains("pub mod r#type"));
    assert!(module.code.contains("pub mod r#async"));
}

#[test]
fn every_broken_file_is_reported_with_its_place_and_its_line() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "syntax.proto",
        "syntax = \"proto3\";\nmessage A {\n\tstring name 1;\n}\n",
    );
    write(
        root.path(),
        "type.proto",
        "syntax = \"proto3\";\nmessage B {\n  Strin name = 1;\n}\n",
    );
    write(
        root.path(),
        "import.proto",
        "syntax = \"proto3\";\nimport \"no.proto\";\n",
    );
    let error = proto::compile(&options(
        root.path(),
        &[
            "syntax.proto",
            "type.proto",
            "import.proto",
            "missing.proto",
        ],
    ))
    .unwrap_err();
    let report = error.to_string();
    assert_eq!(error.faults.len(), 4, "{report}");
    for expected in [
        "syntax.proto:3:14",
        "\tstring name 1;",
        "type.proto:3:3",
        "  Strin name = 1;\n  |   ^^^^^\n",
        "import.proto:2:1",
        "missing.proto",
    ] {
        assert!(
            report.contains(expected),
            "missing {expected:?} in\n{report}"
        );
    }
}

#[test]
fn hostile_files_are_refused_and_nothing_panics() {
    let root = tempfile::tempdir().unwrap();
    let deep = format!("syntax = \"proto3\"; {}", "message A {".repeat(10_000));
    write(root.path(), "deep.proto", &deep);
    write(
        root.path(),
        "cycle.proto",
        "syntax = \"proto3\"; import \"cycle.proto\";",
    );
    fs::write(root.path().join("binary.proto"), [0xff, 0xfe, 0x00]).unwrap();
    for file in ["deep.proto", "cycle.proto", "binary.proto"] {
        let error = proto::compile(&options(root.path(), &[file])).unwrap_err();
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[test]
fn what_did_not_change_is_not_written_again() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "hello/v1/greeter.proto", GREETER);
    write(root.path(), "hello/v1/message.proto", MESSAGE);
    let out = root.path().join("out");
    fs::create_dir(&out).unwrap();
    let generate = || {
        Builder::new()
            .proto(root.path().join("hello/v1/greeter.proto"))
            .include(root.path())
            .out_dir(&out)
            .generate()
            .unwrap();
    };
    generate();
    let file = out.join("carml.rs");
    let long_ago = SystemTime::UNIX_EPOCH;
    fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    generate();
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), long_ago);

    write(
        root.path(),
        "hello/v1/message.proto",
        &MESSAGE.replace("name", "person"),
    );
    generate();
    assert_ne!(fs::metadata(&file).unwrap().modified().unwrap(), long_ago);
}

#[test]
fn a_builder_with_nothing_to_do_says_so() {
    let error = Builder::new().out_dir("nowhere").generate().unwrap_err();
    assert!(error.to_string().contains(".proto("), "{error}");
}
