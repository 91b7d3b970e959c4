//! Bad input ends soon, within bounded memory, and says what is wrong.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// What the process may allocate (heap, stacks, anonymous mappings), in KiB.
const MEMORY: usize = 256 << 10;

/// Seconds of processor time; a build without optimisation is more than ten times slower.
const SECONDS: usize = if cfg!(debug_assertions) { 12 } else { 1 };

/// Runs `carml` under both limits: exit code and all that it printed.
fn carml(folder: &Path, arguments: &str) -> (Option<i32>, String) {
    let carml = env!("CARGO_BIN_EXE_carml");
    let limits =
        format!("ulimit -d {MEMORY}; ulimit -t {SECONDS}; exec timeout 60 {carml} {arguments}");
    let out = Command::new("sh")
        .args(["-c", &limits])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = [out.stdout, out.stderr].concat();
    (
        out.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    (0..count).for_each(|n| writeln!(text, "{}", line(n)).unwrap());
    text
}

/// Nine lists, each of nine aliases of the one before.
fn bomb() -> String {
    let mut text = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for (before, name) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        let aliases = vec![format!("*{before}"); 9].join(", ");
        writeln!(text, "{name}: &{name} [{aliases}]").unwrap();
    }
    text
}

/// Maps that each merge the one before nine times; none grows.
fn merges() -> String {
    let mut text = "a0: &a0 {}\n".to_owned();
    for n in 1..200 {
        let before = vec![format!("*a{}", n - 1); 9].join(", ");
        writeln!(text, "a{n}: &a{n} {{<<: [{before}]}}").unwrap();
    }
    text
}

#[test]
fn each_bad_input_is_refused_soon_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let cases: Vec<(&str, Vec<u8>, i32, &str)> = vec![
        (
            "bomb.yml",
            bomb().into(),
            1,
            "aliases make this document too large",
        ),
        (
            "merge-bomb.yml",
            lines(5_000, |n| {
                format!("a{n}: &a{n} {{<<: *a{}, k{n}: 1}}", n.saturating_sub(1))
            })
            .replacen("<<: *a0, ", "", 1)
            .into(),
            1,
            "aliases make this document too large",
        ),
        ("merges.yml", merges().into(), 1, "`a0` is not a key"),
        (
            "deep-aliases.yml",
            lines(5_000, |n| {
                format!("a{n}: &a{n} {{k: *a{}}}", n.saturating_sub(1))
            })
            .replacen("*a0", "0", 1)
            .into(),
            1,
            "nested deeper than 100 levels",
        ),
        (
            "huge.yml",
            b"a: 1\n".repeat(20 << 20),
            1,
            "over the limit of 16 MiB",
        ),
        (
            "items.yml",
            b"- a\n".repeat(4_000_000),
            1,
            "too many values",
        ),
        (
            "items.json",
            [b"[1".to_vec(), b",1".repeat(8_000_000), b"]".to_vec()].concat(),
            1,
            "too many values",
        ),
        (
            "deep.yml",
            b"[".repeat(10_000),
            1,
            "nested deeper than 100 levels",
        ),
        (
            "deep-maps.yml",
            b"{a: ".repeat(10_000),
            1,
            "nested deeper than 100 levels",
        ),
        (
            "deep-items.yml",
            b"- ".repeat(10_000),
            1,
            "nested deeper than 100 levels",
        ),
        ("deep.json", b"[".repeat(10_000), 1, "recursion limit"),
        (
            "twice.yml",
            lines(20_000, |n| format!("key{}: 1", n % 10_000)).into(),
            1,
            "duplicate key",
        ),
        (
            "bytes.yml",
            b"registry:\n  password: hunter\xff2\n".to_vec(),
            1,
            "not valid UTF-8",
        ),
        (
            "tabs.yml",
            b"registry:\n\tprovider: redb\n".to_vec(),
            1,
            "a tab cannot indent YAML",
        ),
        (
            "anchor.yml",
            b"registry: *nope\n".to_vec(),
            1,
            "unknown anchor",
        ),
        (
            "itself.yml",
            b"registry: &a [*a]\n".to_vec(),
            1,
            "inside its own anchor",
        ),
        (
            "nan.yml",
            b"tracer:\n  sample_ratio: .nan\n".to_vec(),
            1,
            "not finite",
        ),
        (
            "integer.yml",
            b"download:\n  parallel: 99999999999999999999999\n".to_vec(),
            1,
            "does not fit 64 bits",
        ),
        (
            "integer.json",
            br#"{"download": {"parallel": 99999999999999999999999}}"#.to_vec(),
            1,
            "does not fit 64 bits",
        ),
        (
            "unknown.yml",
            lines(100_000, |n| format!("key{n}: 1")).into(),
            1,
            "and 99800 more",
        ),
        (
            "variables.yml",
            lines(20_000, |n| format!("key{n}: ${{UNSET{n}}}")).into(),
            1,
            "is not set",
        ),
        (
            "line.yml",
            [b"a: ".to_vec(), b"x".repeat(2 << 20)].concat(),
            1,
            "`a` is not a key",
        ),
        (
            "quote.yml",
            [b"a: \"".to_vec(), b"x".repeat(2 << 20)].concat(),
            1,
            "quotes",
        ),
        ("null.yml", b"a: \0\n".to_vec(), 1, "the character U+0000"),
        ("folder.yml/x", Vec::new(), 2, "is a folder"),
    ];
    for (name, bytes, code, says) in cases {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, bytes).unwrap();
        let name = name.trim_end_matches("/x");
        let (seen, text) = carml(folder.path(), &format!("validate {name}"));
        let start: String = text.chars().take(600).collect();
        assert_eq!(seen, Some(code), "{name}: {start}");
        assert!(
            text.contains(says) && !text.contains("hunter"),
            "{name}: {start}"
        );
        assert!(
            text.len() < 200_000,
            "{name}: a report of {} bytes",
            text.len()
        );
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_to_itself_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("b.yml", folder.path().join("a.yml")).unwrap();
    std::os::unix::fs::symlink("a.yml", folder.path().join("b.yml")).unwrap();
    let (code, text) = carml(folder.path(), "validate a.yml");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("a.yml cannot be read"), "{text}");
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.yml");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    std::fs::write(folder.path().join("a.yml"), "{}").unwrap();
    let secret = format!("registry:\n  password_file: {}\n", pipe.display());
    std::fs::write(folder.path().join("secret.yml"), secret).unwrap();
    for arguments in [
        "validate pipe.yml",
        "validate /dev/zero",
        "validate --schema pipe.yml a.yml",
        "validate --schema /dev/zero a.yml",
        "explain --config pipe.yml",
        "generate --schema pipe.yml --out g.rs",
        "generate --schema /dev/zero --out g.rs",
    ] {
        let (code, text) = carml(folder.path(), arguments);
        assert_eq!(code, Some(2), "{arguments}: {text}");
        assert!(text.contains("not a regular file"), "{arguments}: {text}");
    }
    let (code, text) = carml(folder.path(), "check --offline --config secret.yml");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("not a regular file"), "{text}");
}

/// Levels of references, each of which names the next one twice.
fn doubling(keyword: &str) -> String {
    let level = |n: usize| {
        let next = format!(r##"{{"$ref": "#/$defs/a{}"}}"##, n + 1);
        format!(r#""a{n}": {{"{keyword}": [{next}, {next}]}}"#)
    };
    let levels: Vec<String> = (0..40).map(level).collect();
    let levels = levels.join(",");
    format!(
        r##"{{"properties": {{"a": {{"$ref": "#/$defs/a0"}}}}, "$defs": {{{levels}, "a40": {{"type": "integer"}}}}}}"##
    )
}

#[test]
fn a_schema_beside_large_files_is_read_soon() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = [b"[1".to_vec(), b",1".repeat(500_000), b"]".to_vec()].concat();
    for n in 0..6 {
        std::fs::write(folder.path().join(format!("data{n}.json")), &numbers).unwrap();
    }
    let id = r#"{"$id": "https://example.org/named.json", "type": "string"}"#;
    std::fs::write(folder.path().join("other.json"), id).unwrap();
    std::fs::write(folder.path().join("a.yml"), "a: 1\n").unwrap();
    for (target, code) in [("https://example.org/named.json", 1), ("missing.json", 2)] {
        let schema = format!(r#"{{"properties": {{"a": {{"$ref": "{target}"}}}}}}"#);
        std::fs::write(folder.path().join("schema.json"), schema).unwrap();
        let (seen, text) = carml(folder.path(), "validate --schema schema.json a.yml");
        assert_eq!(seen, Some(code), "{target}: {text}");
    }
}

#[test]
fn nested_alternatives_of_a_deep_document_are_refused_soon() {
    let folder = tempfile::tempdir().unwrap();
    let branch =
        r##"{"type": "object", "required": ["n"], "properties": {"n": {"$ref": "#/$defs/n"}}}"##;
    let schema = format!(
        r##"{{"properties": {{"n": {{"$ref": "#/$defs/n"}}}}, "$defs": {{"n": {{"anyOf": [{branch}, {branch}]}}}}}}"##
    );
    std::fs::write(folder.path().join("schema.json"), schema).unwrap();
    for depth in [5, 90] {
        let text = format!("n: {}x{}\n", "{n: ".repeat(depth), "}".repeat(depth));
        std::fs::write(folder.path().join("a.yml"), text).unwrap();
        let (code, text) = carml(folder.path(), "validate --schema schema.json a.yml");
        assert_eq!(code, Some(1), "{depth}: {text}");
        assert!(
            depth > 5 || text.contains("`x` is not an allowed value for `n`"),
            "{text}"
        );
    }
}

#[test]
fn a_large_document_full_of_errors_is_reported_soon() {
    let folder = tempfile::tempdir().unwrap();
    let branch = r#"{"type": "object", "required": ["id"], "additionalProperties": false, "properties": {"name": {"type": "string"}, "port": {"type": "integer"}, "id": {}}}"#;
    let branches = [branch; 20].join(",");
    let schema =
        format!(r#"{{"properties": {{"hosts": {{"items": {{"oneOf": [{branches}]}}}}}}}}"#);
    std::fs::write(folder.path().join("schema.json"), schema).unwrap();
    let hosts = lines(30_000, |n| {
        format!("  - name: {n}\n    port: x{n}\n    extra: 1")
    });
    std::fs::write(folder.path().join("a.yml"), format!("hosts:\n{hosts}")).unwrap();
    let (code, text) = carml(folder.path(), "validate --schema schema.json a.yml");
    assert_eq!(code, Some(1), "{}", &text[..600.min(text.len())]);
    assert!(text.contains("`id` is missing in `hosts.0`"));
    assert!(text.contains("a.yml:4:5") && text.contains("more errors"));
}

#[test]
fn a_bad_schema_is_refused_soon_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file(
        "a.yml",
        &format!("a: {}!\nn: {{n: {{}}}}\n", "a".repeat(30_000)),
    );
    let many = (0..60)
        .map(|n| format!(r##""k{n}": {{"anyOf": [{{"$ref": "#"}}, {{"type": "string"}}]}}"##))
        .collect::<Vec<_>>()
        .join(",");
    for (name, schema) in [
        ("itself.json", r##"{"$ref": "#"}"##.to_owned()),
        ("round.json", r##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}"##.to_owned()),
        ("nested.json", r##"{"properties": {"n": {"allOf": [{"$ref": "#"}, {"$ref": "#/properties/n"}]}}, "additionalProperties": {"type": ["string", "object"]}}"##.to_owned()),
        ("many.json", format!(r#"{{"properties": {{{many}}}}}"#)),
        ("regex.json", r#"{"properties": {"a": {"pattern": "^(a+)+$"}}}"#.to_owned()),
        ("look.json", r#"{"properties": {"a": {"pattern": "^(?=(a+)+b)(a|a)*$"}}}"#.to_owned()),
        ("wide.json", r#"{"properties": {"a": {"pattern": "((a{0,1000}){0,1000}){0,1000}"}}}"#.to_owned()),
        ("all.json", doubling("allOf")),
        ("any.json", doubling("anyOf")),
        ("one.json", doubling("oneOf")),
        ("broken.json", r#"{"properties": {"a": {"pattern": "(("}}}"#.to_owned()),
    ] {
        file(name, &schema);
        for verb in [
            "validate a.yml",
            "explain --config a.yml",
            "docs",
            "schema",
            "generate --out g.rs",
        ] {
            let (code, text) = carml(folder.path(), &format!("{verb} --schema {name}"));
            let start: String = text.chars().take(600).collect();
            assert!(matches!(code, Some(0..=2)), "{name} {verb}: {code:?} {start}");
        }
    }
}
