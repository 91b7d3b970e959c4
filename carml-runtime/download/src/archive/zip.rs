//! Zip: the central directory, and local headers that agree with it.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read, Seek as _, SeekFrom},
};

use flate2::{Crc, bufread::DeflateDecoder};

use super::{
    breach::Stop,
    read_whole,
    tree::{Content, Tree},
};
use crate::Rule;

/// The central directory is read into memory: this many bytes at most.
const MAX_DIRECTORY: u64 = 64 * 1024 * 1024;

const MAX_COMMENT: u64 = 0xffff;
const END: u64 = 22;
const END_64: u64 = 56;
const LOCATOR_64: u64 = 20;
const LOCAL: u64 = 30;

const IS_ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const HAS_DESCRIPTOR: u16 = 1 << 3;
const MADE_BY_UNIX: u8 = 3;

struct Entry {
    name: Vec<u8>,
    made_by: u8,
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u64,
    size: u64,
    attributes: u32,
    offset: u64,
}

/// Where the central directory is.
struct Directory {
    offset: u64,
    size: u64,
    entries: u64,
}

pub(super) fn unpack(mut file: File, length: u64, tree: &mut Tree) -> Result<(), Stop> {
    let directory = find_directory(&mut file, length)?;
    let entries = read_entries(&mut file, &directory)?;
    let mut by_offset: Vec<&Entry> = entries.iter().collect();
    by_offset.sort_by_key(|entry| entry.offset);
    if by_offset
        .first()
        .map_or(directory.offset, |first| first.offset)
        != 0
    {
        return Err(header("bytes before the first entry"));
    }
    let mut end = 0;
    for entry in by_offset {
        if entry.offset < end {
            return Err(header("entries that overlap").at(&entry.name));
        }
        let data = check_local(&mut file, entry).map_err(|stop| stop.at(&entry.name))?;
        end = data.saturating_add(entry.compressed);
        if end > directory.offset {
            return Err(header("entries that overlap").at(&entry.name));
        }
        extract(&mut file, entry, data, tree).map_err(|stop| stop.at(&entry.name))?;
    }
    Ok(())
}

fn header(why: impl Into<String>) -> Stop {
    Stop::breach(Rule::Header, why)
}

/// The last record of the file, and its form for large archives.
fn find_directory(file: &mut File, length: u64) -> Result<Directory, Stop> {
    let tail_length = length.min(END + MAX_COMMENT);
    let tail_start = length - tail_length;
    let tail = read_at(file, tail_start, tail_length)?;
    // Its comment ends where the file ends.
    let at = (0..=tail.len().saturating_sub(END as usize))
        .rev()
        .find(|at| {
            let rest = &tail[*at..];
            rest.starts_with(b"PK\x05\x06")
                && rest.len() as u64 == END + u64::from(u16_at(rest, 20))
        });
    let Some(at) = at else {
        return Err(Stop::incomplete("no end of the central directory"));
    };
    let (end, end_offset) = (&tail[at..], tail_start + at as u64);
    if u16_at(end, 4) != 0 || u16_at(end, 6) != 0 || u16_at(end, 8) != u16_at(end, 10) {
        return Err(header("an archive in several parts"));
    }
    let mut directory = Directory {
        entries: u16_at(end, 10).into(),
        size: u32_at(end, 12).into(),
        offset: u32_at(end, 16).into(),
    };
    let mut directory_end = end_offset;
    let is_large = directory.entries == 0xffff
        || directory.size == 0xffff_ffff
        || directory.offset == 0xffff_ffff;
    if is_large && end_offset >= LOCATOR_64 + END_64 {
        let locator = read_at(file, end_offset - LOCATOR_64, LOCATOR_64)?;
        if locator.starts_with(b"PK\x06\x07") {
            directory_end = u64_at(&locator, 8);
            if directory_end.checked_add(END_64 + LOCATOR_64) != Some(end_offset) {
                return Err(header("a record of a large archive at another place"));
            }
            let end = read_at(file, directory_end, END_64)?;
            if !end.starts_with(b"PK\x06\x06") || u64_at(&end, 24) != u64_at(&end, 32) {
                return Err(header("a record of a large archive that does not parse"));
            }
            directory = Directory {
                entries: u64_at(&end, 32),
                size: u64_at(&end, 40),
                offset: u64_at(&end, 48),
            };
        }
    }
    if directory.offset.checked_add(directory.size) != Some(directory_end) {
        return Err(header("the central directory is not where it should be"));
    }
    if directory.size > MAX_DIRECTORY {
        let why = format!("a central directory of more than {MAX_DIRECTORY} bytes");
        return Err(Stop::breach(Rule::Limit, why));
    }
    Ok(directory)
}

fn read_entries(file: &mut File, directory: &Directory) -> Result<Vec<Entry>, Stop> {
    const FIXED: usize = 46;
    let bytes = read_at(file, directory.offset, directory.size)?;
    let mut rest = &bytes[..];
    let mut entries = Vec::new();
    while !rest.is_empty() {
        if rest.len() < FIXED || !rest.starts_with(b"PK\x01\x02") {
            return Err(header("the central directory does not parse"));
        }
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(rest, at)));
        let whole = FIXED + lengths.iter().sum::<usize>();
        if rest.len() < whole {
            return Err(header("the central directory does not parse"));
        }
        let name = &rest[FIXED..FIXED + lengths[0]];
        let extra = &rest[FIXED + lengths[0]..FIXED + lengths[0] + lengths[1]];
        let mut entry = Entry {
            name: name.to_vec(),
            made_by: rest[5],
            flags: u16_at(rest, 8),
            method: u16_at(rest, 10),
            crc: u32_at(rest, 16),
            compressed: u32_at(rest, 20).into(),
            size: u32_at(rest, 24).into(),
            attributes: u32_at(rest, 38),
            offset: u32_at(rest, 42).into(),
        };
        large_fields(
            extra,
            [&mut entry.size, &mut entry.compressed, &mut entry.offset],
        )
        .map_err(|stop| stop.at(name))?;
        entries.push(entry);
        rest = &rest[whole..];
    }
    if entries.len() as u64 != directory.entries {
        return Err(header(
            "the central directory has another number of entries",
        ));
    }
    Ok(entries)
}

/// Fields that are too large for their place are in an extra field, in this order.
fn large_fields<const N: usize>(extra: &[u8], fields: [&mut u64; N]) -> Result<(), Stop> {
    let invalid = || header("an extra field does not parse");
    let mut rest = extra;
    let mut large = None;
    while !rest.is_empty() {
        if rest.len() < 4 {
            return Err(invalid());
        }
        let (kind, length) = (u16_at(rest, 0), usize::from(u16_at(rest, 2)));
        let field = rest.get(4..4 + length).ok_or_else(invalid)?;
        match kind {
            1 if large.replace(field).is_some() => return Err(invalid()),
            // A second name, which other tools would use.
            0x7075 => return Err(header("an extra field with another name")),
            _ => {}
        }
        rest = &rest[4 + length..];
    }
    let mut large = large.unwrap_or_default();
    for field in fields {
        if *field == 0xffff_ffff {
            let (value, after) = large.split_at_checked(8).ok_or_else(invalid)?;
            *field = u64_at(value, 0);
            large = after;
        }
    }
    Ok(())
}

/// Compares the local header with the central one. Gives the place of the data.
fn check_local(file: &mut File, entry: &Entry) -> Result<u64, Stop> {
    let local = read_at(file, entry.offset, LOCAL)?;
    if !local.starts_with(b"PK\x03\x04") {
        return Err(header("no local header"));
    }
    let lengths = [26, 28].map(|at| u64::from(u16_at(&local, at)));
    let names = read_at(file, entry.offset + LOCAL, lengths[0] + lengths[1])?;
    let (name, extra) = names.split_at(lengths[0] as usize);
    let mut sizes = [u64::from(u32_at(&local, 22)), u64::from(u32_at(&local, 18))];
    let [size, compressed] = &mut sizes;
    large_fields(extra, [size, compressed])?;
    let has_sizes = entry.flags & HAS_DESCRIPTOR == 0;
    let same_sizes = sizes == [entry.size, entry.compressed] && u32_at(&local, 14) == entry.crc;
    let is_same = name == entry.name
        && u16_at(&local, 6) == entry.flags
        && u16_at(&local, 8) == entry.method
        && (!has_sizes || same_sizes);
    if !is_same {
        return Err(header("the local header and the central one differ"));
    }
    if entry.flags & IS_ENCRYPTED != 0 {
        return Err(header("an entry that is encrypted"));
    }
    Ok(entry.offset + LOCAL + lengths[0] + lengths[1])
}

fn extract(file: &mut File, entry: &Entry, data: u64, tree: &mut Tree) -> Result<(), Stop> {
    // Made by another system: there are no types but by the name.
    let mode = match entry.made_by {
        MADE_BY_UNIX => entry.attributes >> 16,
        _ => 0,
    };
    let is_folder = entry.name.ends_with(b"/");
    file.seek(SeekFrom::Start(data)).map_err(Stop::Archive)?;
    let mut compressed = BufReader::new(file.take(entry.compressed));
    let mut content: Box<dyn Read + '_> = match entry.method {
        0 if entry.size != entry.compressed => {
            return Err(header("a stored entry with two sizes"));
        }
        0 => Box::new(&mut compressed),
        8 => Box::new(DeflateDecoder::new(&mut compressed)),
        method => return Err(header(format!("the compression method {method}"))),
    };
    let mut checked = Checked {
        inner: &mut content,
        crc: Crc::new(),
        left: entry.size,
    };
    match mode & 0o170_000 {
        0o040_000 | 0 | 0o100_000 if is_folder => {
            if entry.size != 0 {
                return Err(header("content in a folder"));
            }
            tree.folder(&entry.name)?;
        }
        0 | 0o100_000 => {
            let mut content = Content::exactly(&mut checked, entry.size);
            tree.file(&entry.name, mode & 0o100 != 0, &mut content)?;
        }
        0o120_000 if !is_folder => {
            const MAX_TARGET: u64 = 4096;
            if entry.size > MAX_TARGET {
                return Err(Stop::breach(Rule::Path, "a link with a long target"));
            }
            let mut target = vec![0; entry.size as usize];
            if !read_whole(&mut checked, &mut target)? {
                return Err(Stop::incomplete("a link without a target"));
            }
            tree.symlink(&entry.name, &target)?;
        }
        _ => return Err(Stop::breach(Rule::Type, "a device, or an unknown type")),
    }
    checked.finish(entry.crc)?;
    drop(content);
    if compressed.fill_buf().map_err(Stop::Archive)?.is_empty() {
        return Ok(());
    }
    Err(Stop::incomplete("bytes after the content of an entry"))
}

/// Computes the checksum of what is read.
struct Checked<'a> {
    inner: &'a mut dyn Read,
    crc: Crc,
    left: u64,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.crc.update(&buffer[..read]);
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl Checked<'_> {
    /// After the declared size, there must be no more.
    fn finish(self, crc: u32) -> Result<(), Stop> {
        if self.left > 0 {
            return Err(Stop::incomplete("an entry that is shorter than it says"));
        }
        if self.inner.read(&mut [0]).map_err(Stop::Archive)? != 0 {
            return Err(Stop::incomplete("an entry that is longer than it says"));
        }
        if self.crc.sum() != crc {
            return Err(Stop::incomplete("the checksum of an entry is wrong"));
        }
        Ok(())
    }
}

fn read_at(file: &mut File, offset: u64, length: u64) -> Result<Vec<u8>, Stop> {
    file.seek(SeekFrom::Start(offset)).map_err(Stop::Archive)?;
    let mut bytes = Vec::new();
    file.take(length)
        .read_to_end(&mut bytes)
        .map_err(Stop::Archive)?;
    if bytes.len() as u64 == length {
        return Ok(bytes);
    }
    Err(Stop::incomplete("the archive ends in a header"))
}

/// The callers have checked the lengths.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
