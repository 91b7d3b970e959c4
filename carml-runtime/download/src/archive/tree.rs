//! The folder that an archive becomes: duplicates, links and limits.

use std::{
    collections::HashMap,
    io::{Read, Take, Write as _},
    path::Path,
};

use carml_files::Durability;

use super::{
    breach::Stop,
    folder::Folder,
    name::{Name, folded, link_target},
};
use crate::{Rule, UnpackLimits};

/// From here on the ratio counts.
const RATIO_FROM: u64 = 100_000_000;

const BUFFER: usize = 128 * 1024;

/// Links that are followed from one link on.
const MAX_LINKS: usize = 8;

/// What is unpacked so far.
pub(super) struct Tree {
    root: Folder,
    limits: UnpackLimits,
    archive_length: u64,
    written: u64,
    /// Decompressed, whether written or not.
    read: u64,
    entries: u64,
    /// By folded name.
    known: HashMap<String, Known>,
    links: Vec<Link>,
}

/// An entry, as it is spelt.
#[derive(Debug)]
struct Known {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Only the names of others say so.
    ImpliedFolder,
    Folder,
    File,
    /// The index in `links`.
    Link(usize),
}

struct Link {
    /// Where it is.
    segments: Vec<String>,
    target: Vec<String>,
    text: Vec<u8>,
}

/// The bytes of a file.
pub(super) struct Content<R> {
    bytes: Take<R>,
    size: u64,
}

impl<R: Read> Content<R> {
    pub(super) fn exactly(from: R, size: u64) -> Self {
        Self {
            bytes: from.take(size),
            size,
        }
    }

    pub(super) fn into_inner(self) -> R {
        self.bytes.into_inner()
    }
}

impl Tree {
    pub(super) fn new(
        root: &Path,
        limits: UnpackLimits,
        archive_length: u64,
    ) -> Result<Self, Stop> {
        Ok(Self {
            root: Folder::open(root).map_err(Stop::Tree)?,
            limits,
            archive_length,
            written: 0,
            read: 0,
            entries: 0,
            known: HashMap::new(),
            links: Vec::new(),
        })
    }

    /// Counts an entry.
    pub(super) fn count_entry(&mut self) -> Result<(), Stop> {
        self.entries += 1;
        if self.entries > self.limits.max_files {
            let why = format!(
                "more than `unpack.max_files` ({}) entries",
                self.limits.max_files
            );
            return Err(Stop::breach(Rule::Limit, why));
        }
        Ok(())
    }

    /// Counts bytes that were decompressed.
    pub(super) fn count_read(&mut self, bytes: u64) -> Result<(), Stop> {
        self.read += bytes;
        self.check_ratio(self.read)
    }

    fn count_written(&mut self, bytes: u64) -> Result<(), Stop> {
        self.written += bytes;
        if self.written > self.limits.max_size {
            let why = format!(
                "more than `unpack.max_size` ({}) bytes",
                self.limits.max_size
            );
            return Err(Stop::breach(Rule::Limit, why));
        }
        self.check_ratio(self.written)
    }

    fn check_ratio(&self, bytes: u64) -> Result<(), Stop> {
        let limit = self.archive_length.saturating_mul(self.limits.max_ratio);
        if bytes > RATIO_FROM && bytes > limit {
            let why = format!(
                "more than `unpack.max_ratio` ({}) bytes per byte of the archive",
                self.limits.max_ratio
            );
            return Err(Stop::breach(Rule::Limit, why));
        }
        Ok(())
    }

    pub(super) fn folder(&mut self, name: &[u8]) -> Result<(), Stop> {
        self.count_entry()?;
        let name = Name::parse(name)?;
        if name.segments.is_empty() {
            // The folder itself.
            return Ok(());
        }
        self.claim(&name.segments, Kind::Folder)?;
        self.open(&name.segments)?;
        Ok(())
    }

    pub(super) fn file(
        &mut self,
        name: &[u8],
        is_executable: bool,
        content: &mut Content<impl Read>,
    ) -> Result<(), Stop> {
        self.count_entry()?;
        let segments = self.claim_leaf(name, Kind::File)?;
        let (parent, last) = self.open_parent(&segments)?;
        let mut file = parent
            .create_file(last, is_executable)
            .map_err(Stop::Tree)?;
        let mut buffer = vec![0; BUFFER];
        let mut length = 0;
        loop {
            let read = match content.bytes.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Stop::Archive(error)),
            };
            length += read as u64;
            self.count_read(read as u64)?;
            self.count_written(read as u64)?;
            file.write_all(&buffer[..read]).map_err(Stop::Tree)?;
        }
        if length != content.size {
            let why = format!("a file of {length} bytes instead of {}", content.size);
            return Err(Stop::incomplete(why));
        }
        Ok(())
    }

    /// A link by name: made last, so that nothing is written through it.
    pub(super) fn symlink(&mut self, name: &[u8], target: &[u8]) -> Result<(), Stop> {
        self.count_entry()?;
        let parts = link_target(target)?;
        let segments = self.claim_leaf(name, Kind::Link(self.links.len()))?;
        self.links.push(Link {
            segments,
            target: parts,
            text: target.to_vec(),
        });
        Ok(())
    }

    /// A copy of a file that was written already.
    pub(super) fn hard_link(&mut self, name: &[u8], target: &[u8]) -> Result<(), Stop> {
        let from = Name::parse(target)?;
        let wanted = from.segments.join("/");
        let known = self.known.get(&fold(&from.segments));
        if known.is_none_or(|known| known.kind != Kind::File || known.name != wanted) {
            let why = "a hard link to what is not a file before it";
            return Err(Stop::breach(Rule::Type, why));
        }
        let (parent, last) = self.open_parent(&from.segments)?;
        let (source, is_executable) = parent.open_file(last).map_err(Stop::Tree)?;
        let size = source.metadata().map_err(Stop::Tree)?.len();
        self.file(name, is_executable, &mut Content::exactly(source, size))
    }

    fn claim_leaf(&mut self, name: &[u8], kind: Kind) -> Result<Vec<String>, Stop> {
        let name = Name::parse(name)?;
        if name.is_folder || name.segments.is_empty() {
            return Err(Stop::breach(
                Rule::Header,
                "a file with the name of a folder",
            ));
        }
        self.claim(&name.segments, kind)?;
        Ok(name.segments)
    }

    /// Rule 3: each name once, also in other spellings.
    fn claim(&mut self, segments: &[String], kind: Kind) -> Result<(), Stop> {
        let twice = |why: String| Err(Stop::breach(Rule::Duplicate, why));
        for depth in 1..=segments.len() {
            let is_last = depth == segments.len();
            let name = segments[..depth].join("/");
            let wanted = if is_last { kind } else { Kind::ImpliedFolder };
            let Some(known) = self.known.get_mut(&fold(&segments[..depth])) else {
                let known = Known { name, kind: wanted };
                self.known.insert(fold(&segments[..depth]), known);
                continue;
            };
            let name = name.escape_debug();
            if known.name != segments[..depth].join("/") {
                let other = known.name.escape_debug();
                return twice(format!(
                    "`{name}` is the same file as `{other}` on some systems"
                ));
            }
            match (known.kind, wanted) {
                (Kind::ImpliedFolder | Kind::Folder, Kind::ImpliedFolder) => {}
                (Kind::ImpliedFolder, Kind::Folder) => known.kind = Kind::Folder,
                (_, Kind::ImpliedFolder) => return twice(format!("`{name}` is used as a folder")),
                _ => return twice(format!("`{name}` is there already")),
            }
        }
        Ok(())
    }

    /// The folder that a file is in, made if it is not there, and the name of the file.
    fn open_parent<'a>(&self, segments: &'a [String]) -> Result<(Folder, &'a str), Stop> {
        match segments {
            [parents @ .., last] => Ok((self.open(parents)?, last)),
            [] => Err(Stop::breach(Rule::Path, "an empty name")),
        }
    }

    fn open(&self, segments: &[String]) -> Result<Folder, Stop> {
        let mut folder = self.root.again().map_err(Stop::Tree)?;
        for segment in segments {
            folder = folder.child(segment).map_err(Stop::Tree)?;
        }
        Ok(folder)
    }

    /// Makes the links, and writes all to the disk.
    pub(super) fn finish(self, durability: Durability) -> Result<(), Stop> {
        for link in &self.links {
            let name = link.segments.join("/");
            self.check_link(link)
                .map_err(|stop| stop.at(name.as_bytes()))?;
        }
        for link in &self.links {
            let (parent, last) = self.open_parent(&link.segments)?;
            parent.link(last, &link.text).map_err(Stop::Tree)?;
        }
        match durability {
            Durability::Synced => self.root.sync().map_err(Stop::Tree),
            Durability::Unsynced => Ok(()),
        }
    }

    fn check_link(&self, link: &Link) -> Result<(), Stop> {
        let mut link = link;
        for _ in 0..MAX_LINKS {
            match self.target(link)? {
                Kind::Link(next) => link = &self.links[next],
                _ => return Ok(()),
            }
        }
        Err(Stop::breach(
            Rule::Type,
            "a link to a link to a link, without end",
        ))
    }

    /// What a link leads to: something of the archive, without a step outside or through a link.
    fn target(&self, link: &Link) -> Result<Kind, Stop> {
        let refused = |why: &str| Err(Stop::breach(Rule::Type, why));
        let parents = link.segments.len().saturating_sub(1);
        let mut at = link.segments[..parents].to_vec();
        let mut kind = Kind::Folder;
        for part in &link.target {
            if !matches!(kind, Kind::Folder | Kind::ImpliedFolder) {
                return refused("a link through another link, or through a file");
            }
            match &**part {
                "." => {}
                ".." if at.pop().is_none() => return refused("a link to outside"),
                ".." => {}
                part => {
                    at.push(part.to_owned());
                    let known = self.known.get(&fold(&at));
                    match known.filter(|known| known.name == at.join("/")) {
                        Some(known) => kind = known.kind,
                        None => return refused("a link to what is not in the archive"),
                    }
                }
            }
        }
        Ok(kind)
    }
}

fn fold(segments: &[String]) -> String {
    let folded: Vec<String> = segments.iter().map(|segment| folded(segment)).collect();
    folded.join("/")
}
