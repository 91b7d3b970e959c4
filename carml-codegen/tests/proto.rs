//! What a build script gets from proto files, and which errors it gets when they are wrong.
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
fn a_service_is_beside_its_messages_with_comments_and_descriptor_set() {
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
        "for greeter_server::GreeterServer<T>",
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
    assert_eq!(error.findings().len(), 4, "{report}");
    for expected in [
        "syntax.proto:3:14",
        // The tab is shown as spaces.
        "3 |     string name 1;\n  |                 ^",
        "type.proto:3:3",
        "  Strin name = 1;\n  |   ^^^^^",
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
    // prost would follow two to the power of 40 paths.
    let holding = |number: usize| {
        let (at, held) = (number + 1, number);
        format!("message M{at} {{ M{held} a = 1; M{held} b = 2; }}\n")
    };
    let paths: String = (0..40).map(holding).collect();
    let paths = format!("syntax = \"proto3\";\nmessage M0 {{ int32 a = 1; }}\n{paths}");
    write(root.path(), "paths.proto", &paths);
    for file in ["deep.proto", "cycle.proto", "binary.proto", "paths.proto"] {
        let error = proto::compile(&options(root.path(), &[file])).unwrap_err();
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[test]
fn messages_that_hold_one_another_in_a_long_row_compile() {
    let root = tempfile::tempdir().unwrap();
    let holding = |number: usize| format!("message M{} {{ M{number} a = 1; }}\n", number + 1);
    let row: String = (0..150).map(holding).collect();
    let text = format!("syntax = \"proto3\";\nmessage M0 {{ M150 a = 1; int32 b = 2; }}\n{row}");
    write(root.path(), "row.proto", &text);
    let module = proto::compile(&options(root.path(), &["row.proto"])).unwrap();
    assert!(module.code.contains("pub struct M150"));
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

/// Compiles one file, and gives its report.
fn refusal(text: &str) -> String {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "a.proto", text);
    let error = proto::compile(&options(root.path(), &["a.proto"])).unwrap_err();
    let folder = format!("{}/", root.path().display());
    error.to_string().replace(&folder, "")
}

/// What is at a place, where a report names it as `a.proto:LINE:COLUMN`.
fn at<'a>(text: &'a str, report: &str) -> Vec<&'a str> {
    let places = report.split("a.proto:").skip(1);
    let lines: Vec<&str> = text.lines().collect();
    places
        .map(|place| {
            let mut numbers = place.split(|c: char| !c.is_ascii_digit());
            let mut number = || numbers.next().unwrap().parse::<usize>().unwrap();
            let (line, column) = (number(), number());
            let rest = &lines[line - 1][column - 1..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '"');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

#[test]
fn names_that_are_the_same_in_rust_are_refused_at_the_second_one() {
    for (text, place, name) in [
        (
            "message HTTPReq {} message HttpReq {}",
            "HttpReq",
            "HttpReq",
        ),
        ("message A {} enum a { Z = 0; }", "a", "A"),
        ("message A { message B {} enum b { Z = 0; } }", "b", "B"),
        (
            "message A { oneof b { int32 c = 1; } message B {} message BOneOf {} }",
            "b",
            "BOneOf",
        ),
        (
            "message A { oneof b_c { int32 d = 1; } oneof bC { int32 e = 2; } }",
            "bC",
            "BC",
        ),
        (
            "message M {} service Foo { rpc A(M) returns (M); } service foo { rpc A(M) returns (M); }",
            "foo",
            "Foo",
        ),
        (
            "message M {} service S { rpc GetIt(M) returns (M); rpc get_it(M) returns (M); }",
            "get_it",
            "get_it",
        ),
        (
            "message M {} service S { rpc Get_1(M) returns (stream M); rpc Get1(M) returns (stream M); }",
            "Get1",
            "Get1Stream",
        ),
        (
            "message A { int32 B = 1; oneof b { int32 c = 2; } }",
            "b",
            "b",
        ),
        (
            "enum E { Z = 0; } message A { E x = 1; optional int32 set_x = 2; }",
            "set_x",
            "set_x",
        ),
        (
            "enum E { Z = 0; } message A { repeated E x = 1; optional int32 push_x = 2; }",
            "push_x",
            "push_x",
        ),
        (
            "enum E { Z = 0; } message A { map<int32, E> x = 1; optional int32 get_x = 2; }",
            "get_x",
            "get_x",
        ),
        (
            "enum E { Z = 0; } message A { map<int32, E> x = 1; E insert_x = 2; }",
            "insert_x",
            "insert_x",
        ),
        (
            "enum Unit { UNIT_UNSPECIFIED = 0; UNIT_KB = 1; UNIT_Kb = 2; }",
            "UNIT_Kb",
            "UNIT_KB",
        ),
        ("enum Unit { UNIT_Z = 0; Z = 1; }", "Z", "UNIT_Z"),
    ] {
        let text = format!("syntax = \"proto3\";\npackage a.v1;\n{text}\n");
        let report = refusal(&text);
        assert_eq!(at(&text, &report), [place], "{report}");
        assert!(report.contains(&format!("`{name}`")), "{report}");
        assert!(report.contains("help: rename one of them"), "{report}");
    }
}

#[test]
fn names_without_a_letter_or_a_digit_are_refused() {
    for text in [
        "message _ {}",
        "message A { int32 _ = 1; }",
        "message A { oneof _ { int32 a = 1; } }",
        "enum _ { A = 0; }",
        "enum A { _ = 0; }",
        "service _ {}",
        "message A {} service S { rpc _(A) returns (A); }",
    ] {
        let text = format!("syntax = \"proto3\";\npackage a.v1;\n{text}\n");
        let report = refusal(&text);
        assert_eq!(at(&text, &report), ["_"], "{report}");
        assert!(report.contains("has no name in Rust"), "{report}");
    }
    let text = "syntax = \"proto3\";\npackage a._.v1;\n";
    assert!(refusal(text).contains("a.proto:2:1"));
}

#[test]
fn what_protoc_refuses_is_refused() {
    for (text, place, message) in [
        (
            "message A { int32 a = 1 [json_name = \"b\"]; int32 b = 2; }",
            "b",
            "the JSON name `b` is used twice: by `a` and by `b`",
        ),
        (
            "message A { int32 a_b = 1; int32 aB = 2; }",
            "aB",
            "the JSON name `aB` is used twice",
        ),
        (
            "message A { int32 a = 1 [json_name = \"[x]\"]; }",
            "a",
            "reserved for extensions",
        ),
        (
            "message A { reserved \"foo\"; int32 foo = 1; }",
            "foo",
            "the name `foo` is reserved",
        ),
        (
            "message A { reserved \"foo\", \"foo\"; }",
            "\"foo\"",
            "`foo` is reserved twice",
        ),
        ("message A { reserved 1 to 4, 3; }", "3", "overlaps"),
        (
            "enum E { reserved \"FOO\"; Z = 0; FOO = 1; }",
            "FOO",
            "the name `FOO` is reserved",
        ),
        ("enum E { reserved 2 to 4, 4; Z = 0; }", "4", "overlaps"),
        (
            "message A { extensions 100 to 200; }",
            "100",
            "extension ranges are not allowed in proto3",
        ),
        (
            "enum E { reserved 2 to 4; Z = 0; A = 3; }",
            "3",
            "the number 3 of `A` is reserved",
        ),
        (
            "enum E { option allow_alias = true; Z = 0; A = 3; }",
            "E",
            "`E` allows aliases and has none",
        ),
        (
            "message A { int32 a = 1; int32 a = 2; }",
            "a",
            "the field `a` is defined twice",
        ),
        (
            "enum E { Z = 0; } message M {} service S { rpc A(E) returns (M); }",
            "E",
            "`E` is not a message type",
        ),
        (
            "message A { repeated string a = 1 [packed = true]; }",
            "repeated",
            "`a` cannot be packed",
        ),
        (
            "message A { int32 a = 1 [packed = true]; }",
            "int32",
            "`a` cannot be packed",
        ),
        (
            "message A { int32 a = 1 [jstype = JS_STRING]; }",
            "int32",
            "`a` cannot have a `jstype`",
        ),
        ("import \"./b.proto\";", "\"", "invalid import path"),
    ] {
        let text = format!("syntax = \"proto3\";\n{text}\n");
        let report = refusal(&text);
        assert_eq!(at(&text, &report), [place], "{report}");
        assert!(report.contains(message), "missing {message:?} in\n{report}");
    }
}

#[test]
fn what_protoc_refuses_in_proto2_is_refused() {
    for (text, place, message) in [
        (
            "message A { extensions 100 to 200; extensions 150 to 160; }",
            "150",
            "this range overlaps another one",
        ),
        (
            "message A { reserved 150; extensions 100 to 200; }",
            "100",
            "this range overlaps another one",
        ),
        (
            "message A { extensions 1 to 5; } extend A { optional int32 a = 1 [json_name = \"x\"]; }",
            "optional",
            "the extension `a` has a `json_name`",
        ),
        (
            "message A { extensions 1 to 5; } extend A { optional int32 a = 1; } extend A { optional int32 b = 1; }",
            "1",
            "the extension number 1 of `A` is used twice: by `a` and by `b`",
        ),
        (
            "enum E { A = 1; } message M { map<int32, E> m = 1; }",
            "map",
            "`E` cannot be in a map: its first value is not 0",
        ),
    ] {
        let text = format!("syntax = \"proto2\";\n{text}\n");
        let report = refusal(&text);
        assert_eq!(at(&text, &report), [place], "{report}");
        assert!(report.contains(message), "missing {message:?} in\n{report}");
    }
}

#[test]
fn an_enum_of_proto2_is_refused_in_proto3() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "old.proto",
        "syntax = \"proto2\"; enum E { A = 0; } message M { optional E e = 1; }",
    );
    write(
        root.path(),
        "new.proto",
        "syntax = \"proto3\"; import \"old.proto\";\nmessage N { E e = 1; M m = 2; }",
    );
    let error = proto::compile(&options(root.path(), &["new.proto"])).unwrap_err();
    assert_eq!(error.findings().len(), 1, "{error}");
    let start = error.findings()[0].start.unwrap();
    assert_eq!((start.line, start.column), (2, 13), "{error}");
    assert!(
        error.to_string().contains("`E` is an enum of proto2"),
        "{error}"
    );
}

#[test]
fn a_type_that_prost_types_lacks_is_refused_where_it_is_used() {
    let text = "syntax = \"proto3\";\npackage google.protobuf;\nmessage Foo {}\n\
                message Bar { Foo a = 1; map<int32, Foo> b = 2; Empty c = 3; }\nmessage Empty {}\n\
                service S { rpc Call(Foo) returns (Empty); }\n";
    let report = refusal(text);
    assert_eq!(at(text, &report), ["Foo", "map", "Foo"], "{report}");
    assert!(
        report.contains("`google.protobuf.Foo` is not a well-known type"),
        "{report}"
    );
}

#[test]
fn an_import_error_says_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    for (file, imports) in [
        ("none.proto", "import \"no.proto\";"),
        ("self.proto", "import \"self.proto\";"),
        ("twice.proto", "import \"b.proto\"; import \"b.proto\";"),
        ("b.proto", ""),
    ] {
        write(
            root.path(),
            file,
            &format!("syntax = \"proto3\";\n{imports}"),
        );
    }
    for (file, help) in [
        ("none.proto", "include folders: "),
        ("self.proto", "move what both files need into a third one"),
        ("twice.proto", "remove one of the two"),
    ] {
        let error = proto::compile(&options(root.path(), &[file])).unwrap_err();
        let found = &error.findings()[0].helps[0];
        assert!(found.starts_with(help), "{error}");
    }
}

#[test]
fn editions_are_refused_by_name() {
    let text = "// A file.\nedition = \"2023\";\npackage a.v1;\nmessage A { string s = 1; }\n";
    let report = refusal(text);
    assert_eq!(at(text, &report), ["edition"], "{report}");
    assert!(
        report.contains("editions are not supported yet"),
        "{report}"
    );
    assert!(report.contains("syntax = \"proto3\""), "{report}");
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "a.proto",
        "\u{feff}syntax = \"proto3\"; message A {}",
    );
    let module = proto::compile(&options(root.path(), &["a.proto"])).unwrap();
    assert!(module.code.contains("pub struct A"));
    // It has no column.
    let report = refusal("\u{feff}syntax = \"proto4\"; message A {}");
    assert!(report.contains("a.proto:1:10"), "{report}");
}

#[test]
fn every_error_of_a_run_is_reported_at_once() {
    let root = tempfile::tempdir().unwrap();
    let files = [
        (
            "names.proto",
            "syntax = \"proto3\";\nmessage A {\n  Foo a = 1;\n  Bar b = 2;\n}\nmessage B { Baz a = 1; }\n",
        ),
        (
            "parse.proto",
            "syntax = \"proto3\";\nmessage A { int32 a 1; }\n",
        ),
        (
            "clash.proto",
            "syntax = \"proto3\";\npackage c;\nmessage A_ {}\nmessage A {}\nenum _ { Z = 0; }\n",
        ),
        (
            "import.proto",
            "syntax = \"proto3\";\nimport \"none.proto\";\nimport \"names.proto\";\nimport \"also/none.proto\";\nmessage Z { reserved \"a\"; int32 a = 1; }\n",
        ),
    ];
    for (file, text) in files {
        write(root.path(), file, text);
    }
    let names: Vec<&str> = files.iter().map(|(file, _)| *file).collect();
    let error = proto::compile(&options(root.path(), &names)).unwrap_err();
    let places: Vec<_> = error
        .findings()
        .iter()
        .map(|finding| {
            let file = Path::new(finding.file.as_ref().unwrap());
            let start = finding.start.unwrap();
            let name = file.file_name().unwrap().to_str().unwrap();
            (name, (start.line, start.column))
        })
        .collect();
    assert_eq!(
        places,
        [
            ("clash.proto", (4, 9)),
            ("clash.proto", (5, 6)),
            ("import.proto", (2, 1)),
            ("import.proto", (4, 1)),
            ("import.proto", (5, 33)),
            ("names.proto", (3, 3)),
            ("names.proto", (4, 3)),
            ("names.proto", (6, 13)),
            ("parse.proto", (2, 21)),
        ],
        "{error}"
    );
}

#[test]
fn reports_name_files_by_paths_that_can_be_opened() {
    let root = tempfile::tempdir().unwrap();
    let text = "syntax = \"proto3\";\nmessage B {\n  Strin name = 1;\n}\n";
    write(root.path(), "deep/folder/a.proto", text);
    write(
        root.path(),
        "b.proto",
        "syntax = \"proto3\";\nimport \"folder/a.proto\";\n",
    );
    let mut options = options(root.path(), &["b.proto"]);
    options.includes.push(root.path().join("deep"));
    let error = proto::compile(&options).unwrap_err();
    assert!(
        Path::new(error.findings()[0].file.as_ref().unwrap()).is_file(),
        "{error}"
    );
}

#[test]
fn a_file_outside_of_the_include_folders_or_behind_another_one_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let text = "syntax = \"proto3\";\n";
    for file in ["one/a.proto", "two/a.proto", "three/b.proto"] {
        write(root.path(), file, text);
    }
    let mut options = options(root.path(), &["two/a.proto", "three/b.proto"]);
    options.includes = vec![root.path().join("one"), root.path().join("two")];
    let report = proto::compile(&options).unwrap_err().to_string();
    for expected in [
        "two/a.proto",
        "found in another include folder first",
        "three/b.proto",
        "in none of the include folders",
    ] {
        assert!(report.contains(expected), "missing {expected} in\n{report}");
    }
}

#[test]
fn options_that_prost_would_not_understand_are_refused() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "a.proto",
        "syntax = \"proto3\"; package a; message A {}",
    );
    let mut options = options(root.path(), &["a.proto"]);
    options
        .extern_paths
        .push(("a".to_owned(), "::b".to_owned()));
    options
        .extern_paths
        .push((".b".to_owned(), "b-c".to_owned()));
    options
        .type_attributes
        .push((".".to_owned(), "derive(Eq)".to_owned()));
    let report = proto::compile(&options).unwrap_err().to_string();
    for expected in ["`a` is not", "`b-c` is not", "`derive(Eq)` for `.` is not"] {
        assert!(report.contains(expected), "missing {expected} in\n{report}");
    }
}
