//! Archives with random changes: they are unpacked or refused, and never reach outside.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::{
    build::{Tar, ZipEntry, gzip, xz, zip, zstd},
    support::Unpacker,
};

fn tar() -> Vec<u8> {
    Tar::new()
        .folder("d")
        .pax(&[("path", "d/a"), ("size", "7")])
        .file("d/a", "content")
        .symlink("l", "d/a")
        .hard_link("h", "d/a")
        .entry(b'L', b"long", b"", b"d/long\0")
        .file("b", "x")
        .finish()
}

fn zipped() -> Vec<u8> {
    zip(&[
        ZipEntry::stored("d/", b"").with_mode(0o040_755),
        ZipEntry::deflated("d/a", b"content"),
        ZipEntry::stored("l", b"d/a").with_mode(0o120_777),
    ])
}

/// What replaces a byte: often something that means something.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        any::<u8>(),
        prop::sample::select(&b"\0/.\\:0125678gxLKS "[..])
    ]
}

#[test]
fn changed_archives_are_unpacked_or_refused() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut runner = TestRunner::new(Config::with_cases(150));
    let archives = [tar(), gzip(&tar()), zstd(&tar()), xz(&tar()), zipped()];
    let changes = prop::collection::vec((any::<prop::sample::Index>(), byte()), 1..6);
    let cut = any::<Option<prop::sample::Index>>();
    let cases = (
        prop::sample::select(archives.to_vec()),
        changes,
        cut,
        any::<bool>(),
    );
    let checked = runner.run(&cases, |(mut archive, changes, cut, fixes_sums)| {
        for (at, byte) in changes {
            let at = at.index(archive.len());
            archive[at] = byte;
        }
        if let Some(cut) = cut.filter(|_| fixes_sums) {
            archive.truncate(cut.index(archive.len()));
        }
        if fixes_sums {
            fix_sums(&mut archive);
        }
        // It checks that nothing else was written.
        let _ = runtime.block_on(Unpacker::new().unpack(&archive));
        Ok(())
    });
    checked.expect("no panic, and nothing outside");
}

/// Makes the checksums of a plain tar right again, so that changes of headers are read.
fn fix_sums(archive: &mut [u8]) {
    for block in archive.chunks_exact_mut(512) {
        if block[257..262] == *b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}
