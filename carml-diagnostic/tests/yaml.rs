//! What YAML is read as: the core schema of YAML 1.2, merge keys, tags; and the places of its
//! values.
#![allow(clippy::unwrap_used)]

use carml_diagnostic::{Format, Public, Source};
use serde_json::{Value, json};

fn source(text: &str) -> Source {
    Source::new("f.yml", text, Format::Yaml)
}

fn read(text: &str) -> Value {
    let read = source(text).read();
    read.unwrap_or_else(|report| panic!("{text}\n{report:?}"))
}

/// The codes of what is wrong.
fn codes(text: &str) -> Vec<&'static str> {
    let reading = source(text).read_all();
    reading
        .report
        .diagnostics()
        .iter()
        .map(|f| f.code().as_str())
        .collect()
}

/// Line and column of a pointer's key.
fn place(text: &str, pointer: &str) -> (usize, usize) {
    let source = source(text);
    let found = source.locate(pointer).unwrap();
    let at = source.position(found.key.unwrap_or(found.value).start);
    (at.line, at.column)
}

#[test]
fn plain_scalars_mean_what_the_core_schema_says() {
    for (text, value) in [
        ("", json!(null)),
        ("~", json!(null)),
        ("Null", json!(null)),
        ("nULL", json!("nULL")),
        ("TRUE", json!(true)),
        ("yes", json!("yes")),
        ("on", json!("on")),
        ("017", json!(17)),
        ("-008", json!(-8)),
        ("+1", json!(1)),
        ("0o17", json!(15)),
        ("0xFF", json!(255)),
        ("1_000", json!("1_000")),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("5.", json!(5.0)),
        ("1.2.3", json!("1.2.3")),
        ("2001-12-14", json!("2001-12-14")),
        ("12:30:45", json!("12:30:45")),
    ] {
        assert_eq!(
            read(&format!("a: {text}\n")),
            json!({ "a": value }),
            "{text}"
        );
    }
}

#[test]
fn keys_are_the_texts_as_they_are_written() {
    assert_eq!(
        read("1: a\n0x10: b\ntrue: c\nnull: d\n2.0: e\n? f\n: g\n? h\n"),
        json!({ "1": "a", "0x10": "b", "true": "c", "null": "d", "2.0": "e", "f": "g", "h": null })
    );
    assert_eq!(read("&k a: b\nc: *k\n"), json!({ "a": "b", "c": "a" }));
    assert_eq!(codes("? [a]\n: b\n"), ["key"]);
}

#[test]
fn what_surrounds_a_document_is_not_part_of_it() {
    for text in [
        "\u{feff}a: b\n",
        "# c\n\u{feff}a: b\n",
        "%YAML 1.2\n---\na: b\n...\n# c\n",
        "a:\tb\n",
        "a: \t b\t# c\n",
        "a: b\r\n",
        "---\r\na: b\r\n# c",
    ] {
        assert_eq!(read(text), json!({ "a": "b" }), "{text:?}");
    }
    assert_eq!(
        read("a:\tb\nc:\t-d\ne: \"f:\tg\"\nh: |\n  i:\tj\n").get("h"),
        Some(&json!("i:\tj\n"))
    );
    assert_eq!(codes("a: b\n---\nc: d\n"), ["several-documents"]);
    assert_eq!(codes("a:\tb: c\n"), ["syntax"]);
}

/// Code, line, column, underlined text and message of everything that is wrong.
fn faults(text: &str) -> Vec<(&'static str, usize, usize, String, String)> {
    let reading = source(text).read_all();
    let places: Vec<_> = reading
        .report
        .diagnostics()
        .iter()
        .map(|found| found.place().unwrap().clone())
        .collect();
    let report = reading.report.redact(&Public);
    let findings = report.findings().iter().zip(places);
    findings
        .map(|(finding, place)| {
            let at = place.source.position(place.span.start);
            (
                finding.code.as_str(),
                at.line,
                at.column,
                text[place.span.start..place.span.end].to_owned(),
                finding.message.clone(),
            )
        })
        .collect()
}

/// The one thing that is wrong: code, line, column, underlined text.
fn fault(text: &str) -> (&'static str, usize, usize, String) {
    let mut all = faults(text);
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    let (code, line, column, shown, _) = all.remove(0);
    (code, line, column, shown)
}

fn helps(text: &str) -> String {
    let reading = source(text).read_all();
    let report = reading.report.redact(&Public);
    let helps = report.findings().iter().flat_map(|f| f.helps.clone());
    helps.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_colon_without_a_space_is_reported_where_it_is() {
    for (text, line, column) in [
        ("listen:1\nb: 2\n", 1, 7),
        ("x: 1\nlisten:1\nb: 2\n", 2, 7),
        ("x: 1\nlisten:1\n", 2, 7),
        ("x: 1\nlisten:1", 2, 7),
        ("x: 1\n\n# c\nlisten:1\n\n# c\nb: 2\n", 4, 7),
        ("a:\n  listen:1\n  b: 2\n", 2, 9),
        ("- name:x\n  b: 1\n", 1, 7),
        ("a: 1\n\"c\":1\n", 2, 4),
        ("\"a\":1\n", 1, 4),
        ("a: {b:[1]}\n", 1, 6),
    ] {
        assert_eq!(
            fault(text),
            ("syntax", line, column, ":".to_owned()),
            "{text}"
        );
        assert!(helps(text).contains("a space after the colon"), "{text}");
    }
    // A valid colon is not reported, and other errors keep their place.
    assert_eq!(
        fault("a: 1\n  b: 2\n"),
        ("indentation", 2, 3, "b".to_owned())
    );
    assert_eq!(fault("a: b: c\n"), ("syntax", 1, 5, ":".to_owned()));
    assert_eq!(
        read("a: http://b:80/c\nd:e: f\n"),
        json!({ "a": "http://b:80/c", "d:e": "f" })
    );
    assert_eq!(read("{\"a\":1}\n"), json!({ "a": 1 }));
}

#[test]
fn invalid_escapes_are_reported_at_the_backslash_and_all_at_once() {
    let seen = faults("re: \"^\\d+$\"\npath: \"C:\\Users\\x\"\nok: 1\nbad: c: d\n");
    let seen: Vec<_> = seen
        .iter()
        .map(|f| (f.0, f.1, f.2, f.3.as_str(), f.4.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("escape", 1, 7, "\\d", "`\\d` is not an escape"),
            (
                "escape",
                2,
                10,
                "\\U",
                "`\\U` is not an escape without 8 hexadecimal digits after it"
            ),
            (
                "escape",
                2,
                16,
                "\\x",
                "`\\x` is not an escape without 2 hexadecimal digits after it"
            ),
            ("syntax", 4, 7, ":", "a second `:` on one line"),
        ]
    );
    assert_eq!(
        helps("re: \"^\\d+$\"\n"),
        "write `\\\\d`, or use single quotes"
    );
    for (text, column, shown) in [
        ("a: \"\\u12\"\n", 5, "\\u"),
        ("a: \"é\\q\"\n", 6, "\\q"),
        ("\"\\k\": 1\n", 2, "\\k"),
        ("a: [\"\\.\"]\n", 6, "\\."),
        ("a: \"\\U00110000\"\n", 5, "\\U00110000"),
    ] {
        assert_eq!(
            fault(text),
            ("escape", 1, column, shown.to_owned()),
            "{text}"
        );
    }
    let all = "\"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\ \\\"\\/\\\\\\N\\_\\L\\P\\x41\\u0041\\U00000041\"";
    let value = "\0\u{7}\u{8}\t\n\u{b}\u{c}\r\u{1b} \"/\\\u{85}\u{a0}\u{2028}\u{2029}AAA";
    assert_eq!(read(all), json!(value));
    assert_eq!(
        read("a: '\\d'\nb: \\d\nc: |\n  \"\\d\"\n"),
        json!({ "a": "\\d", "b": "\\d", "c": "\"\\d\"\n" })
    );
    // A folder's last backslash escapes the quote.
    let text = "a: \"C:\\\\dir\\\"\nb: 1\n";
    assert_eq!(fault(text), ("syntax", 1, 12, "\\\"".to_owned()));
}

#[test]
fn surrogate_pairs_are_one_character_as_in_json() {
    let text = r#"a: "\ud83d\ude00"
"k\uD83D\uDE00": "x\uD83D\uDE00 y \uD83D\uDE01"
b: '\ud83d\ude00'
c: \ud83d\ude00 # "\ud83d\ude00"
d: |
  "\ud83d\ude00"
e: {"\ud83d\ude00":1, "f": &x "\ud83d\ude00" }
g: "x
  \ud83d\ude00\\ud83d"
h: *x
"#;
    let raw = r"\ud83d\ude00";
    let value = json!({
        "a": "😀", "k😀": "x😀 y 😁", "b": raw, "c": raw, "d": format!("\"{raw}\"\n"),
        "e": { "😀": 1, "f": "😀" }, "g": "x 😀\\ud83d", "h": "😀",
    });
    assert_eq!(read(text), value);
    assert_eq!(place(text, "/k😀"), (2, 1));
    assert_eq!(place(text, "/e/f"), (7, 23));
    for (text, column, shown) in [
        (r#"a: "\ud83d""#, 5, r"\ud83d"),
        (r#"a: "\ud83d\ud83d\ude00""#, 5, r"\ud83d"),
        (r#"a: "x\ude00""#, 6, r"\ude00"),
        (r#"a: "\\\ud83dx""#, 7, r"\ud83d"),
    ] {
        assert_eq!(
            fault(text),
            ("escape", 1, column, shown.to_owned()),
            "{text}"
        );
    }
    let halves = faults(r#"a: "\ude00\ud83d""#);
    assert_eq!(halves.len(), 2, "{halves:?}");
}

#[test]
fn closing_brackets_may_be_as_far_left_as_their_key() {
    for (text, value) in [
        ("a: [\n  # x,\n]\n", json!({ "a": [] })),
        ("a: [\n  x\n]\n", json!({ "a": ["x"] })),
        ("a: [\n  'x'\n]\n", json!({ "a": ["x"] })),
        ("a: [\n\n]\n", json!({ "a": [] })),
        ("a: {\n}\n", json!({ "a": {} })),
        ("a: {\r\n  # é\r\n}\r\nb: 1\r\n", json!({ "a": {}, "b": 1 })),
        (
            "a:\n  b: [\n    \"]\", # ]\n  ]\n  c: {\n  }\n",
            json!({ "a": { "b": ["]"], "c": {} } }),
        ),
        ("- [\n]\n- {\n}\n", json!([[], {}])),
        ("a:\n- [\n]\n", json!({ "a": [[]] })),
        ("a: [\n  {\n  }, [\n]\n]\n", json!({ "a": [{}, []] })),
        ("a: [\nx,\n'y'\n]\n", json!({ "a": ["x", "y"] })),
        ("a: [\n  x\n  y\n\n  z\n]\n", json!({ "a": ["x y\nz"] })),
        ("[\n]\n", json!([])),
    ] {
        assert_eq!(read(text), value, "{text}");
    }
    let text = "é: [\n  # é\n]\nb: [\n]\nc: 1\n";
    assert_eq!((place(text, "/b"), place(text, "/c")), ((4, 1), (6, 1)));
    let text = "a: [\n]\nb: 1\nb: 2\n";
    assert_eq!(fault(text), ("duplicate-key", 4, 1, "b".to_owned()));
    // Farther left they are refused, all in the same way.
    for inside in ["", "  # x\n", "    x\n", "    'x',\n", "    {y: 1}\n"] {
        let text = format!("a:\n  b: [\n{inside}]\nc: 1\n");
        let line = 3 + inside.lines().count();
        assert_eq!(
            fault(&text),
            ("indentation", line, 1, "]".to_owned()),
            "{text}"
        );
        assert!(helps(&text).contains("indent the `]`"), "{text}");
    }
    assert_eq!(fault("a: [1, 2\nb: 3\n"), ("syntax", 1, 4, "[".to_owned()));
    assert_eq!(fault("a: {b: 1\nc: 2\n"), ("syntax", 1, 4, "{".to_owned()));
}

#[test]
fn characters_that_yaml_does_not_have_are_refused() {
    for (text, line, column) in [
        ("a: x\u{1}y\n", 1, 5),
        ("a: \u{7f}\n", 1, 4),
        ("a: x\u{80}\n", 1, 5),
        ("a: x\u{fffe}\n", 1, 5),
        ("# \u{1b}[31m\na: 1\n", 1, 3),
        ("a\u{8}: 1\n", 1, 2),
        ("a: 1\nb: \"\u{1}\"\n", 2, 5),
        ("a: '\u{1f}'\n", 1, 5),
        ("a: |\n  x\u{b}\n", 2, 4),
        ("a: b\0\n", 1, 5),
        ("\0", 1, 1),
    ] {
        let (code, at, from, _) = fault(text);
        assert_eq!((code, at, from), ("character", line, column), "{text:?}");
        assert!(source(text).read().is_err(), "{text:?}");
    }
    // Other errors of the text are reported too.
    assert_eq!(
        codes("a: \u{1}\nb: .nan\nb: 1\n"),
        ["character", "not-finite", "duplicate-key"]
    );
    for (text, value) in [
        (
            "a: x\u{85}y\u{a0}\u{fffd}\u{10ffff}\n",
            "x\u{85}y\u{a0}\u{fffd}\u{10ffff}",
        ),
        ("a: \"\u{7f}\u{80}\u{fffe}\"\n", "\u{7f}\u{80}\u{fffe}"),
        ("a: '\u{9f}'\n", "\u{9f}"),
        ("a: \"\\x01\\0\"\n", "\u{1}\0"),
        ("a: °ﬁ\n", "°ﬁ"),
    ] {
        assert_eq!(read(text), json!({ "a": value }), "{text:?}");
    }
    assert_eq!(fault("a: b\u{feff}\nc: \u{feff}\n").0, "character");
}

#[test]
fn a_later_major_version_of_yaml_is_refused() {
    for text in [
        "%YAML 2.0\n---\na: 1\n",
        "# c\n%YAML 3.1 # c\n---\na: 1\n",
        "\u{feff}%YAML 2.0\n---\n",
    ] {
        assert_eq!(codes(text), ["directive"], "{text}");
        assert!(source(text).read().is_err(), "{text}");
    }
    for text in ["%YAML 1.3\n---\na: 1\n", "%FOO x\n---\na: 1\n"] {
        assert_eq!(codes(text), ["directive"], "{text}");
        assert_eq!(read(text), json!({ "a": 1 }), "{text}");
    }
    for text in [
        "%YAML 1.1\n---\na: 1\n",
        "%YAML 1.2\n%TAG ! x:\n---\na: 1\n",
        "a: 1\n# %YAML 2.0\n",
    ] {
        assert!(codes(text).is_empty(), "{text}");
    }
    assert_eq!(read("a: |\n  %YAML 2.0\n"), json!({ "a": "%YAML 2.0\n" }));
    assert_eq!(codes("%YAML 1\n---\na: 1\n"), ["directive"]);
}

#[test]
fn only_brackets_count_towards_the_limit_of_brackets() {
    let keys: String = (0..51_000)
        .map(|n| format!("  k{n}: 1, 2, 3, 4, {n}\n"))
        .collect();
    for start in [
        "# half-open [0, 1)\nitems:\n",
        "a: half-open [0, 1)\nitems:\n",
        "a: '[0'\nitems:\n",
        "a: \"[\\\"[\"\nitems:\n",
        "a: |\n  [0\nitems:\n",
        "a: >-\n  {0\n\n  [\nitems:\n",
        "\"[\": x\nitems:\n",
        "a: x\n  [0\nitems:\n",
        "a: [\"]\", ']', ']['] # [\nitems:\n",
    ] {
        assert!(codes(&format!("{start}{keys}")).is_empty(), "{start}");
    }
    // A bracket in quotes closes nothing.
    let items = "1, ".repeat(260_000);
    for start in [
        "[",
        "a: ['it''s ]', ",
        "a: [\"\\\"]\", ",
        "a: [ # ]\n ",
        "- [[], ",
    ] {
        assert_eq!(codes(&format!("{start}{items}]")), ["too-large"], "{start}");
    }
}

#[test]
fn quoted_values_end_at_their_quotes() {
    let text = "a: \"x\" # c\nb: {c: 'd' # e\n }\nf: [1] # g\n";
    let source = source(text);
    let shown = |pointer: &str| {
        let value = source.locate(pointer).unwrap().value;
        text[value.start..value.end].to_owned()
    };
    assert_eq!(
        [shown("/a"), shown("/b/c"), shown("/f")],
        ["\"x\"", "'d'", "[1]"]
    );
}

#[test]
fn known_tags_are_applied_and_others_reported_once() {
    for (text, value) in [
        ("!!str 1", json!("1")),
        ("! 1", json!("1")),
        ("!!int '3'", json!(3)),
        ("!!float 3", json!(3.0)),
        ("!!bool 'true'", json!(true)),
        ("!!null ''", json!(null)),
        ("!!binary aGk=", json!("aGk=")),
        ("!!timestamp 2001-12-14", json!("2001-12-14")),
        ("!!set {x}", json!({ "x": null })),
        ("!!omap [x: 1]", json!([{ "x": 1 }])),
    ] {
        let text = format!("a: {text}\n");
        assert_eq!(read(&text), json!({ "a": value }), "{text}");
        assert!(codes(&text).is_empty(), "{text}");
    }
    let text = "a: !Ref x\nb: !Ref y\nc: !If [x, 5]\n";
    assert_eq!(read(text), json!({ "a": "x", "b": "y", "c": ["x", 5] }));
    assert_eq!(codes(text), ["tag", "tag"]);
    assert!(source("a: !!int x\n").read().is_err());
}

#[test]
fn merge_keys_add_what_the_mapping_lacks() {
    for (text, value) in [
        ("<<: {a: 1, b: 2}\nb: 3\n", json!({ "b": 3, "a": 1 })),
        ("b: 3\n<<: {a: 1, b: 2}\n", json!({ "b": 3, "a": 1 })),
        ("<<: [{a: 1}, {a: 2, b: 3}]\n", json!({ "a": 1, "b": 3 })),
        ("<<: {<<: {a: 1, b: 2}, b: 3}\n", json!({ "a": 1, "b": 3 })),
        ("<<: [{<<: {a: 1}}, {a: 2}]\n", json!({ "a": 1 })),
        ("<<: {a: {b: 1}}\na: {c: 2}\n", json!({ "a": { "c": 2 } })),
        ("<<: []\na: 1\n", json!({ "a": 1 })),
        ("!!merge <<: {a: 1}\n", json!({ "a": 1 })),
        ("'<<': {a: 1}\n", json!({ "<<": { "a": 1 } })),
        ("!!str <<: 1\n", json!({ "<<": 1 })),
        ("a: <<\n", json!({ "a": "<<" })),
    ] {
        assert_eq!(read(text), value, "{text}");
    }
    let text = "x: &x {a: 1}\ny: &y [*x, {b: 2}]\nz:\n  <<: *y\n";
    assert_eq!(read(text)["z"], json!({ "a": 1, "b": 2 }));
    for text in ["<<: a\n", "<<:\n", "<<: [a]\n", "<<: [[{a: 1}]]\n"] {
        assert_eq!(codes(text), ["merge-key"], "{text}");
    }
    assert_eq!(codes("<<: {a: 1}\n<<: {b: 1}\n"), ["duplicate-key"]);
}

#[test]
fn merged_keys_have_the_place_where_they_are_written() {
    let text = "\
one: &one
  a: 1
  b: {c: 2}
two: &two
  <<: *one
  a: 3
three:
  <<: [*two, {d: 4}]
  e: *one
";
    assert_eq!(place(text, "/two/a"), (6, 3));
    assert_eq!(place(text, "/three/a"), (6, 3));
    assert_eq!(place(text, "/three/b/c"), (3, 7));
    assert_eq!(place(text, "/three/d"), (8, 15));
    assert_eq!(place(text, "/three/e"), (9, 3));
    assert_eq!(place(text, "/three/e/b/c"), (3, 7));
    assert!(source(text).locate("/three/x").is_none());
    assert!(source(text).shadows("/three/a/x"));
    assert!(!source(text).shadows("/three/x"));
}

#[test]
fn an_empty_document_has_a_place_and_decides_nothing() {
    for text in ["", "# c\n", "---\n", "~\n", "null"] {
        assert!(source(text).locate("").is_some(), "{text:?}");
        assert!(!source(text).shadows("/a"), "{text:?}");
    }
    assert!(source("a\n").shadows("/a"));
}

#[test]
fn merges_of_merges_stay_small() {
    // 9^30 merges, if each were expanded.
    let mut text = "a0: &a0 {}\n".to_owned();
    for n in 1..30 {
        let before = vec![format!("*a{}", n - 1); 9].join(", ");
        text.push_str(&format!("a{n}: &a{n} {{<<: [{before}]}}\n"));
    }
    assert_eq!(read(&text)["a29"], json!({}));
    assert!(source(&text).locate("/a29/x").is_none());
    // Each holds what the one before holds, and one key more.
    let mut text = "a0: &a0 {}\n".to_owned();
    for n in 1..5_000 {
        text.push_str(&format!("a{n}: &a{n} {{<<: *a{}, k{n}: 1}}\n", n - 1));
    }
    assert_eq!(codes(&text), ["alias-bomb"]);
    // Each is one level deeper than the one before.
    let mut text = "a0: &a0 {}\n".to_owned();
    for n in 1..5_000 {
        text.push_str(&format!("a{n}: &a{n} {{k: *a{}}}\n", n - 1));
    }
    assert_eq!(codes(&text), ["too-deep"]);
}

#[test]
fn a_block_of_text_ends_with_a_line_break_only_if_there_is_one() {
    for (text, value) in [
        ("a: |\n  x", "x"),
        ("a: |\n  x\n", "x\n"),
        ("a: |\n  x\n  ", "x\n"),
        ("a: |\n  x\n# c", "x\n"),
        ("a: |+\n  x", "x"),
        ("a: |+\n  x\n\n", "x\n\n"),
        ("a: |-\n  x", "x"),
        ("a: >\n  x\n  y", "x y"),
        ("a: >\r\n  x\r\n", "x\n"),
    ] {
        assert_eq!(read(text), json!({ "a": value }), "{text:?}");
    }
}

#[test]
fn what_the_parser_refuses_is_said_in_words() {
    for (text, line, column, fix) in [
        ("a: [\n", 1, 4, "add the missing `]`"),
        ("a: {x: 1,\n", 1, 4, "add the missing `}`"),
        ("a: [1,,2]\n", 1, 7, "remove the `,`"),
        ("a: {,}\n", 1, 5, "remove the `,`"),
        ("a: [-, b]\n", 1, 5, "put the value in quotes"),
        ("a: ? b\n", 1, 4, "put the value in quotes"),
        ("--- a: 1\n", 1, 1, "start the mapping on the next line"),
        ("%YAML 1.2\n# c\na: 1\n", 3, 1, "write `---`"),
        (&format!("{}: 1\n", "k".repeat(1030)), 1, 1, "shorten it"),
        ("a: 1\n- b\n", 2, 1, "give the keys of one mapping"),
        (
            "a:\n  b: 1\n  -   c\n",
            3,
            3,
            "give the keys of one mapping",
        ),
    ] {
        let all = faults(text);
        let [(_, at_line, at_column, _, message)] = &all[..] else {
            panic!("{text}: {all:?}");
        };
        assert_eq!((*at_line, *at_column), (line, column), "{text}: {message}");
        assert!(!message.contains("this is not YAML"), "{text}: {message}");
        assert!(helps(text).starts_with(fix), "{text}: {}", helps(text));
    }
}

#[test]
fn comments_are_refused_where_yaml_has_none() {
    for text in [
        "a: b\n\t# c\n  d\n",
        "- b\r\n\t#\r\n  'd'\n",
        "a: b\n  c\n\t# c\n  d\n",
        "{\"a\":\n  {'b':#c\n}}\n",
    ] {
        let all = faults(text);
        assert!(
            all.iter().any(|(_, line, ..)| *line > 1),
            "{text:?}: {all:?}"
        );
    }
    assert_eq!(
        read("{\"a\": #b\n, c:#d }\n"),
        json!({ "a": null, "c:#d": null })
    );
    assert_eq!(read("a: b\n  c#d\n"), json!({ "a": "b c#d" }));
    assert_eq!(read("a: b\n\t# c\nd: 1\n"), json!({ "a": "b", "d": 1 }));
}

#[test]
fn a_number_without_end_is_refused_and_a_string_of_it_is_not() {
    for number in ["1e400", "-1e999", "12e4000", ".inf", "-.INF", ".nan"] {
        assert_eq!(codes(&format!("a: {number}\n")), ["not-finite"], "{number}");
        assert_eq!(read(&format!("a: \"{number}\"\n")), json!({ "a": number }));
    }
    assert_eq!(read("a: 1e-400\n"), json!({ "a": 0.0 }));
}

#[test]
fn a_carriage_return_alone_ends_a_line_and_moves_no_place() {
    assert_eq!(place("a: 1\rb: 2\r\nc: 3\n", "/b"), (1, 6));
    assert_eq!(place("a: 1\rb: 2\r\nc: 3\n", "/c"), (2, 1));
    let all = faults("{a: {b: c\r, }}}\n");
    assert_eq!((all[0].1, all[0].2), (1, 15), "{all:?}");
}
