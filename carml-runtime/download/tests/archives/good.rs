//! Archives that keep the rules.

use carml_download::{CacheSource, ErrorKind};

use crate::{
    build::{Tar, ZipEntry, gzip, xz, zip, zip_with, zstd},
    support::{Unpacker, tree},
};

fn tar() -> Vec<u8> {
    Tar::new()
        .entry(
            b'g',
            b"global",
            b"",
            crate::build::record("comment", "abc").as_bytes(),
        )
        .folder("./")
        .folder("./bin/")
        .with_mode(b'0', b"./bin/run", b"", b"#!", 0o4755)
        .pax(&[("path", "weights/\u{e9}.bin"), ("mtime", "1.5")])
        .file("short", "1234")
        .symlink("latest", "weights/\u{e9}.bin")
        .symlink("weights/back", "../bin")
        .symlink("current", "latest")
        .hard_link("copy", "bin/run")
        .finish()
}

const EXPECTED: [&str; 8] = [
    "bin/ 755",
    "bin/run 755 #!",
    "copy 755 #!",
    "current -> latest",
    "latest -> weights/\u{e9}.bin",
    "weights/ 755",
    "weights/back -> ../bin",
    "weights/\u{e9}.bin 644 1234",
];

#[tokio::test]
async fn all_formats_of_tar_are_unpacked_alike() {
    let tar = tar();
    let (first, second) = tar.split_at(1000);
    let members = [gzip(first), gzip(second)].concat();
    let frames = [zstd(first), zstd(second)].concat();
    for (label, archive) in [
        ("tar", tar.clone()),
        ("gzip", gzip(&tar)),
        ("zstd", zstd(&tar)),
        ("xz", xz(&tar)),
        ("two members", members),
        ("two frames", frames),
    ] {
        let unpacker = Unpacker::new();
        let cached = unpacker.unpack(&archive).await.expect(label);
        assert_eq!(tree(&cached.path), EXPECTED, "{label}");
        assert_eq!(cached.size, archive.len() as u64);
        let again = unpacker.unpack(&archive).await.expect(label);
        assert_eq!(
            (again.source, again.path),
            (CacheSource::Cache, cached.path)
        );
    }
}

#[tokio::test]
async fn zip_is_unpacked() {
    let descriptor = ZipEntry {
        flags: 8,
        ..ZipEntry::deflated("weights/a.bin", b"1234")
    };
    let archive = zip_with(
        &[
            ZipEntry::stored("bin/", b"").with_mode(0o040_755),
            ZipEntry::deflated("bin/run", b"#!").with_mode(0o100_755),
            descriptor,
            ZipEntry::stored("latest", b"weights/a.bin").with_mode(0o120_777),
        ],
        4,
        b"a comment",
    );
    let unpacker = Unpacker::new();
    let cached = unpacker.unpack(&archive).await.expect("an archive");
    let expected = [
        "bin/ 755",
        "bin/run 755 #!",
        "latest -> weights/a.bin",
        "weights/ 755",
        "weights/a.bin 644 1234",
    ];
    assert_eq!(tree(&cached.path), expected);
    let empty = unpacker.unpack(&zip(&[])).await.expect("an archive");
    assert!(tree(&empty.path).is_empty());
}

#[tokio::test]
async fn long_names_of_gnu_are_read() {
    let long = format!("{}/file", "d".repeat(200));
    let archive = Tar::new()
        .entry(b'L', b"././@LongLink", b"", format!("{long}\0").as_bytes())
        .file("cut", "x")
        .finish();
    let unpacker = Unpacker::new();
    let cached = unpacker.unpack(&archive).await.expect("an archive");
    assert!(tree(&cached.path).contains(&format!("{long} 644 x")));
}

#[tokio::test]
async fn what_is_not_an_archive_is_said_to_be_none() {
    for bytes in [&b"weights"[..], b"", b"\x7fELF"] {
        let error = Unpacker::new()
            .unpack(bytes)
            .await
            .expect_err("not an archive");
        assert_eq!(error.kind, ErrorKind::UnsupportedFormat);
    }
}

#[tokio::test]
async fn a_folder_can_be_placed_outside_of_the_cache() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("archive");
    std::fs::write(&archive, tar()).expect("a file");
    let mut options = carml_download::Options::new(folder.path().join("cache"));
    options.cache_min_free = 0;
    let downloads = carml_download::Downloads::open(&options).expect("a cache");
    let url = format!("file://{}", archive.display());
    let request = carml_download::Request::command_line(url)
        .unpack(carml_download::Unpack::Auto)
        .to(folder.path().join("placed"));
    let cached = downloads.fetch(request).await.expect("a folder");
    assert_eq!(cached.path, folder.path().join("placed"));
    assert_eq!(tree(&cached.path), EXPECTED);
}
