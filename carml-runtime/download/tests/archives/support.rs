//! A cache that unpacks files of a folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use carml_download::{Cached, Downloads, Error, ErrorKind, Options, Request, Rule, Unpack};

pub(crate) struct Unpacker {
    folder: tempfile::TempDir,
    options: Options,
}

impl Unpacker {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut options = Options::new(folder.path().join("cache"));
        options.cache_min_free = 0;
        options.durable = false;
        change(&mut options);
        fs::write(folder.path().join("secret"), "untouched").expect("a file");
        Self { folder, options }
    }

    pub(crate) async fn unpack(&self, archive: &[u8]) -> Result<Cached, Error> {
        let path = self.folder.path().join("archive");
        // Written again, it would be another version of the file.
        if fs::read(&path).ok().as_deref() != Some(archive) {
            fs::write(&path, archive).expect("a file");
        }
        let downloads = Downloads::open(&self.options).expect("a cache");
        let url = format!("file://{}", path.display());
        let request = Request::command_line(url).unpack(Unpack::Auto);
        let unpacked = downloads.fetch(request).await;
        self.assert_contained();
        unpacked
    }

    /// Nothing outside of the folder was changed, and nothing is staged.
    fn assert_contained(&self) {
        let root = self.folder.path();
        let mut names: Vec<_> = fs::read_dir(root)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["archive", "cache", "secret"]);
        let secret = fs::read_to_string(root.join("secret")).expect("a file");
        assert_eq!(secret, "untouched");
        assert_eq!(
            fs::read_dir(root.join("cache/tmp"))
                .expect("a folder")
                .count(),
            0
        );
    }

    pub(crate) async fn refused(&self, label: &str, archive: &[u8]) -> (Rule, String) {
        let error = match self.unpack(archive).await {
            Ok(cached) => panic!("{label}: unpacked as {:?}", tree(&cached.path)),
            Err(error) => error,
        };
        let unpacked = self.folder.path().join("cache/unpacked");
        assert_eq!(
            fs::read_dir(unpacked).expect("a folder").count(),
            0,
            "{label}"
        );
        assert!(error.is_input(), "{label}: {error}");
        match error.kind {
            ErrorKind::UnsafeArchive { rule, .. } => (rule, error.to_string()),
            _ => panic!("{label}: {error}"),
        }
    }
}

/// All below a folder: `name`, or `name -> target`, with its mode and content.
pub(crate) fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    walk(folder, &PathBuf::new(), &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, prefix: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = prefix.join(entry.file_name());
        let metadata = fs::symlink_metadata(entry.path()).expect("an entry");
        #[cfg(unix)]
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        #[cfg(not(unix))]
        let mode = 0;
        let shown = name.display();
        if metadata.is_symlink() {
            let target = fs::read_link(entry.path()).expect("a link");
            found.push(format!("{shown} -> {}", target.display()));
        } else if metadata.is_dir() {
            found.push(format!("{shown}/ {mode:o}"));
            walk(&entry.path(), &name, found);
        } else {
            let content = fs::read(entry.path()).expect("a file");
            found.push(format!(
                "{shown} {mode:o} {}",
                String::from_utf8_lossy(&content)
            ));
        }
    }
}
