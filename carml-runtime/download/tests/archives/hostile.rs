//! Archives that break a rule.

use carml_download::Rule;

use crate::{
    build::{Header, Tar, ZipEntry, gzip, record, xz, zip, zip_with, zstd},
    support::Unpacker,
};

/// Each archive is refused by the rule, in a cache of its own.
async fn all_refused(rule: Rule, archives: Vec<(&str, Vec<u8>)>) {
    for (label, archive) in archives {
        let (found, text) = Unpacker::new().refused(label, &archive).await;
        assert_eq!(found, rule, "{label}: {text}");
    }
}

#[tokio::test]
async fn names_that_are_not_relative_and_portable() {
    let long = "x".repeat(256);
    let deep = "d/".repeat(65) + "x";
    let names = [
        "../x",
        "/x",
        "a/../../x",
        "a/..",
        "a//b",
        "a\\b",
        "c:x",
        "a\nb",
        "\u{7f}",
        "nul",
        "COM1.txt",
        "x.",
        "x ",
        "a./b",
        &long,
        &deep,
    ];
    for name in names {
        let named = Tar::new()
            .pax(&[("path", name)])
            .file("short", "evil")
            .finish();
        let zipped = zip(&[ZipEntry::stored(name, b"evil")]);
        let link = Tar::new()
            .pax(&[("path", name)])
            .symlink("short", "x")
            .file("x", "")
            .finish();
        let archives = vec![(name, named), (name, zipped), (name, link)];
        all_refused(Rule::Path, archives).await;
    }
    let binary = Tar::new().entry(b'0', b"\xff\xfe", b"", b"").finish();
    let plain = Tar::new().file("../x", "evil").finish();
    let folder = Tar::new().folder("../x/").finish();
    all_refused(
        Rule::Path,
        vec![("bytes", binary), ("plain", plain), ("folder", folder)],
    )
    .await;
}

#[tokio::test]
async fn links_that_lead_outside_or_through_links() {
    let absolute = Tar::new().symlink("p", "/etc/passwd").finish();
    let in_zip = zip(&[ZipEntry::stored("p", b"/etc/passwd").with_mode(0o120_777)]);
    all_refused(Rule::Path, vec![("absolute", absolute), ("in zip", in_zip)]).await;
    let through = Tar::new()
        .file("sub/x", "")
        .symlink("d", "sub")
        .symlink("e", "d/x")
        .finish();
    let through_and_back = Tar::new()
        .file("a/b/x", "")
        .symlink("d", "a/b")
        .symlink("e", "d/../../..")
        .finish();
    let zipped = zip(&[ZipEntry::stored("p", b"../secret").with_mode(0o120_777)]);
    all_refused(
        Rule::Type,
        vec![
            ("to outside", Tar::new().symlink("p", "../secret").finish()),
            ("deeper", Tar::new().symlink("a/p", "../../secret").finish()),
            (
                "out and in",
                Tar::new().symlink("a/p", "../../cache/x").finish(),
            ),
            ("to nothing", Tar::new().symlink("p", "missing").finish()),
            (
                "another case",
                Tar::new().file("A", "").symlink("p", "a").finish(),
            ),
            (
                "in circles",
                Tar::new().symlink("p", "q").symlink("q", "p").finish(),
            ),
            ("through a link", through),
            ("through a link and back", through_and_back),
            (
                "through a file",
                Tar::new().file("f", "").symlink("p", "f/..").finish(),
            ),
            ("in zip", zipped),
            (
                "hard, to nothing",
                Tar::new().hard_link("p", "missing").finish(),
            ),
            (
                "hard, to later",
                Tar::new().hard_link("p", "f").file("f", "").finish(),
            ),
            (
                "hard, to a folder",
                Tar::new().folder("d").hard_link("p", "d").finish(),
            ),
            ("hard, to a link", {
                Tar::new()
                    .file("f", "")
                    .symlink("l", "f")
                    .hard_link("p", "l")
                    .finish()
            }),
        ],
    )
    .await;
    let outside = Tar::new().hard_link("p", "../secret").finish();
    all_refused(Rule::Path, vec![("hard, to outside", outside)]).await;
}

#[tokio::test]
async fn what_is_neither_file_nor_folder_nor_link() {
    let kinds = [b'3', b'4', b'6', b'7', b'S', b'M', b'Z', b'A', 1];
    for kind in kinds {
        let archive = Tar::new().entry(kind, b"dev", b"", b"").finish();
        all_refused(Rule::Type, vec![("a type", archive)]).await;
    }
    let sparse = Tar::new()
        .pax(&[("GNU.sparse.major", "1")])
        .file("f", "x")
        .finish();
    let device = zip(&[ZipEntry::stored("dev", b"").with_mode(0o020_644)]);
    let pipe = zip(&[ZipEntry::stored("dev", b"").with_mode(0o010_644)]);
    all_refused(
        Rule::Type,
        vec![("sparse", sparse), ("device", device), ("pipe", pipe)],
    )
    .await;
}

#[tokio::test]
async fn names_that_are_used_twice() {
    let twice = |one: &str, other: &str| {
        let tar = Tar::new().file(one, "1").file(other, "2").finish();
        let zip = zip(&[ZipEntry::stored(one, b"1"), ZipEntry::stored(other, b"2")]);
        vec![("tar", tar), ("zip", zip)]
    };
    for (one, other) in [
        ("a", "a"),
        ("a", "A"),
        ("a", "./a"),
        ("\u{e9}", "e\u{301}"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("A/x", "a/y"),
    ] {
        all_refused(Rule::Duplicate, twice(one, other)).await;
    }
    let below_a_link = Tar::new()
        .folder("d")
        .symlink("l", "d")
        .file("l/x", "evil")
        .finish();
    let over_a_link = Tar::new()
        .symlink("l", "../secret")
        .file("l", "evil")
        .finish();
    let folders = Tar::new().folder("d/").folder("d").finish();
    all_refused(
        Rule::Duplicate,
        vec![
            ("below", below_a_link),
            ("over", over_a_link),
            ("folders", folders),
        ],
    )
    .await;
}

#[tokio::test]
async fn bombs() {
    let refused = async |label: &str, unpacker: Unpacker, archive: &[u8], limit: &str| {
        let (rule, text) = unpacker.refused(label, archive).await;
        assert_eq!(rule, Rule::Limit, "{label}: {text}");
        assert!(text.contains(limit), "{label}: {text}");
    };
    let limited = |bytes| Unpacker::with(|options| options.unpack.max_size = bytes);
    let megabyte = "x".repeat(1_000_000);
    let large = Tar::new().file("a", &megabyte).finish();
    refused("size", limited(999_999), &gzip(&large), "max_size").await;
    let zipped = zip(&[ZipEntry::deflated("a", megabyte.as_bytes())]);
    refused("size in zip", limited(999_999), &zipped, "max_size").await;
    let links = (0..50).fold(Tar::new().file("a", &megabyte), |tar, n| {
        tar.hard_link(&format!("l{n}"), "a")
    });
    refused(
        "hard links",
        limited(20_000_000),
        &gzip(&links.finish()),
        "max_size",
    )
    .await;
    let few = || Unpacker::with(|options| options.unpack.max_files = 10);
    let many = (0..11)
        .fold(Tar::new(), |tar, n| tar.folder(&format!("d{n}")))
        .finish();
    refused("entries", few(), &many, "max_files").await;
    let headers = (0..11)
        .fold(Tar::new(), |tar, _| tar.pax(&[("mtime", "1")]))
        .finish();
    refused("headers", few(), &headers, "max_files").await;
    let zeros = "\0".repeat(101_000_000);
    let ratio = zstd(&Tar::new().file("a", &zeros).finish());
    refused("ratio", Unpacker::new(), &ratio, "max_ratio").await;
    let mut padded = Tar::new().file("a", "").finish();
    padded.extend(zeros.as_bytes());
    refused(
        "ratio of what is not written",
        Unpacker::new(),
        &zstd(&padded),
        "max_ratio",
    )
    .await;
}

#[tokio::test]
async fn archives_that_are_not_complete() {
    let whole = Tar::new().file("a", "content").file("b", "more").finish();
    let end = whole.len() - 1024;
    let without_end = Tar::new().file("a", "content").0;
    let one_block = whole[..end + 512].to_vec();
    let junk = [&whole[..], b"junk"].concat();
    let late_junk = [&whole[..], &[0; 5000], b"junk"].concat();
    let mut wrong_sum = whole.clone();
    wrong_sum[0] ^= 1;
    let gz = gzip(&whole);
    let mut wrong_crc = gz.clone();
    let at = wrong_crc.len() - 8;
    wrong_crc[at] ^= 1;
    let mut wrong_zstd = zstd(&whole);
    let last = wrong_zstd.len() - 1;
    wrong_zstd[last] ^= 1;
    let cut = |bytes: &[u8], by: usize| bytes[..bytes.len() - by].to_vec();
    let second = gzip(&whole[600..]);
    all_refused(
        Rule::Complete,
        vec![
            ("no end", without_end),
            ("one block of zeros", one_block),
            ("cut at a header", whole[..1024].to_vec()),
            ("cut in content", whole[..700].to_vec()),
            ("cut in a header", whole[..1200].to_vec()),
            ("junk", junk),
            ("junk after zeros", late_junk),
            ("checksum of a header", wrong_sum),
            ("gzip: checksum", wrong_crc),
            ("gzip: cut trailer", cut(&gz, 4)),
            ("gzip: cut", cut(&gz, 30)),
            ("gzip: junk", [&gz[..], b"junk"].concat()),
            (
                "gzip: second member",
                [gzip(&whole[..600]), cut(&second, 9)].concat(),
            ),
            ("gzip: missing member", gzip(&whole[..512])),
            ("zstd: checksum", wrong_zstd),
            ("zstd: cut", cut(&zstd(&whole), 3)),
            ("zstd: junk", [&zstd(&whole)[..], b"junk"].concat()),
            ("xz: cut", cut(&xz(&whole), 5)),
            ("xz: junk", [&xz(&whole)[..], b"junk"].concat()),
        ],
    )
    .await;
}

#[tokio::test]
async fn headers_that_contradict_themselves() {
    let sized = |size: &[u8]| {
        let header = Header {
            kind: b'0',
            name: b"a",
            link: b"",
            mode: 0o644,
            size,
            sum: None,
        };
        Tar::new().header(&header).content(b"1234").finish()
    };
    let global = |key: &str| {
        let record = record(key, "1");
        Tar::new()
            .entry(b'g', b"g", b"", record.as_bytes())
            .file("a", "x")
            .finish()
    };
    let raw = |records: &[u8]| {
        Tar::new()
            .entry(b'x', b"x", b"", records)
            .file("a", "x")
            .finish()
    };
    let pax = |key: &str, value: &str| Tar::new().pax(&[(key, value)]).file("a", "x").finish();
    let long = format!("{}\n", "x".repeat(66_000));
    all_refused(
        Rule::Header,
        vec![
            ("size of letters", sized(b"zzzzzzzzzzz")),
            ("size with a sign", sized(b"+0000000004")),
            ("negative size", sized(&[0xff; 12])),
            ("huge size", sized(&[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4])),
            ("pax: size", pax("size", "1x")),
            ("pax: empty size", pax("size", "")),
            (
                "pax: twice",
                Tar::new()
                    .pax(&[("path", "a"), ("path", "b")])
                    .file("a", "")
                    .finish(),
            ),
            ("pax: two headers", {
                Tar::new()
                    .pax(&[("path", "a")])
                    .pax(&[("path", "b")])
                    .file("a", "")
                    .finish()
            }),
            ("pax: does not parse", raw(b"12 path=ab")),
            ("pax: too long", raw(long.as_bytes())),
            (
                "pax: without a file",
                Tar::new().pax(&[("path", "a")]).finish(),
            ),
            ("global path", global("path")),
            ("global size", global("size")),
            (
                "content in a folder",
                Tar::new().entry(b'5', b"d", b"", b"x").finish(),
            ),
            (
                "content in a link",
                Tar::new().entry(b'2', b"l", b"d", b"x").finish(),
            ),
            (
                "a file like a folder",
                Tar::new().pax(&[("path", "a/")]).file("a", "x").finish(),
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn zips_that_contradict_themselves() {
    let good = || ZipEntry::deflated("a", b"content");
    let other = |name: &str| ZipEntry {
        local_name: name.into(),
        ..good()
    };
    let overlap = ZipEntry {
        same_as: Some(0),
        ..ZipEntry::deflated("b", b"content")
    };
    let encrypted = ZipEntry { flags: 1, ..good() };
    let method = ZipEntry {
        method: 12,
        ..good()
    };
    let prepended = [&b"PK\x03\x04 and more"[..], &zip(&[good()])].concat();
    let quoted = [&zip(&[good()])[..], b"\n"].concat();
    all_refused(
        Rule::Header,
        vec![
            ("another local name", zip(&[other("b")])),
            ("entries that overlap", zip(&[good(), overlap])),
            ("encrypted", zip(&[encrypted])),
            ("a method", zip(&[method])),
            ("data before", prepended),
            (
                "fewer entries",
                zip_with(&[good(), ZipEntry::stored("b", b"")], 1, b""),
            ),
            ("more entries", zip_with(&[good()], 2, b"")),
            (
                "stored with two sizes",
                zip(&[ZipEntry {
                    size: 3,
                    ..ZipEntry::stored("a", b"1234")
                }]),
            ),
            ("content in a folder", zip(&[ZipEntry::stored("d/", b"x")])),
        ],
    )
    .await;
    let shorter = ZipEntry {
        size: 100,
        ..good()
    };
    let longer = ZipEntry { size: 3, ..good() };
    let crc = ZipEntry { crc: 7, ..good() };
    let mut hidden = good();
    hidden.data.extend(b"hidden");
    let whole = zip(&[good()]);
    all_refused(
        Rule::Complete,
        vec![
            ("shorter", zip(&[shorter])),
            ("longer", zip(&[longer])),
            ("checksum", zip(&[crc])),
            ("bytes after the content", zip(&[hidden])),
            ("cut", whole[..whole.len() - 1].to_vec()),
            ("after the end", quoted),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_entry_is_named_and_escaped() {
    let archive = Tar::new()
        .file("good", "")
        .file("\u{1b}[31m/..", "")
        .finish();
    let (_, text) = Unpacker::new().refused("escape", &archive).await;
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.contains("[31m"), "{text}");
}
