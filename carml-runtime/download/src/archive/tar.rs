//! Tar: headers, and the end of the archive.

use std::{borrow::Cow, io::Read};

use tar::{EntryType, Header};

use super::{
    breach::Stop,
    numbers::tar_field,
    pax::{self, Extended},
    read_whole,
    tree::{Content, Tree},
};
use crate::Rule;

const BLOCK: usize = 512;

/// The largest extended header and long name.
const MAX_META: u64 = 64 * 1024;

pub(super) fn unpack(mut stream: impl Read, tree: &mut Tree) -> Result<(), Stop> {
    let mut extended = Extended::default();
    let mut block = [0; BLOCK];
    loop {
        if !read_block(&mut stream, &mut block, tree)? {
            return Err(Stop::incomplete("the archive ends without its last blocks"));
        }
        if is_zero(&block) {
            break;
        }
        let header = Header::from_byte_slice(&block);
        check_sum(header)?;
        let size = tar_field(&header.as_old().size)?;
        match header.entry_type() {
            EntryType::XHeader => extended.add(&meta(&mut stream, size, tree)?)?,
            EntryType::XGlobalHeader => pax::check_global(&meta(&mut stream, size, tree)?)?,
            EntryType::GNULongName => {
                extended.set_path(long_name(meta(&mut stream, size, tree)?)?)?;
            }
            EntryType::GNULongLink => {
                extended.set_link(long_name(meta(&mut stream, size, tree)?)?)?;
            }
            kind => {
                let extended = std::mem::take(&mut extended);
                let name = extended
                    .path
                    .clone()
                    .unwrap_or_else(|| header.path_bytes().into());
                entry(&mut stream, header, kind, &name, &extended, tree)
                    .map_err(|stop| stop.at(&name))?;
            }
        }
    }
    if !extended.is_empty() {
        return Err(Stop::breach(
            Rule::Header,
            "an extended header without its file",
        ));
    }
    end(&mut stream, tree)
}

fn entry(
    stream: &mut impl Read,
    header: &Header,
    kind: EntryType,
    name: &[u8],
    extended: &Extended,
    tree: &mut Tree,
) -> Result<(), Stop> {
    let declared = tar_field(&header.as_old().size)?;
    let size = extended.size.unwrap_or(declared);
    let mode = tar_field(&header.as_old().mode)?;
    let link = || {
        let short = || header.link_name_bytes().map(Cow::into_owned);
        let link = extended.link.clone().or_else(short);
        link.ok_or_else(|| Stop::breach(Rule::Header, "a link without a target"))
    };
    if !matches!(kind, EntryType::Regular) && size != 0 {
        return Err(Stop::breach(
            Rule::Header,
            "content in an entry that is not a file",
        ));
    }
    match kind {
        // Before POSIX, a folder was a file whose name ends with a slash.
        EntryType::Regular if name.ends_with(b"/") => {
            if size != 0 {
                return Err(Stop::breach(Rule::Header, "content in a folder"));
            }
            tree.folder(name)
        }
        EntryType::Regular => {
            let mut content = Content::exactly(stream, size);
            tree.file(name, mode & 0o100 != 0, &mut content)?;
            padding(content.into_inner(), size, tree)
        }
        EntryType::Directory => tree.folder(name),
        EntryType::Symlink => tree.symlink(name, &link()?),
        EntryType::Link => tree.hard_link(name, &link()?),
        other => Err(Stop::breach(
            Rule::Type,
            format!("an entry of the type {:?}", char::from(other.as_byte())),
        )),
    }
}

fn read_block(stream: &mut impl Read, block: &mut [u8], tree: &mut Tree) -> Result<bool, Stop> {
    tree.count_read(block.len() as u64)?;
    read_whole(stream, block)
}

/// What fills the last block of an entry.
fn padding(stream: &mut impl Read, size: u64, tree: &mut Tree) -> Result<(), Stop> {
    let used = (size % BLOCK as u64) as usize;
    let mut block = [0; BLOCK];
    if used > 0 && !read_block(stream, &mut block[used..], tree)? {
        return Err(Stop::incomplete(
            "the archive ends in the middle of an entry",
        ));
    }
    Ok(())
}

/// The content of an entry that describes the next one.
fn meta(stream: &mut impl Read, size: u64, tree: &mut Tree) -> Result<Vec<u8>, Stop> {
    if size > MAX_META {
        let why = format!("an extended header of more than {MAX_META} bytes");
        return Err(Stop::breach(Rule::Header, why));
    }
    tree.count_entry()?;
    let mut content = vec![0; size as usize];
    if !read_block(stream, &mut content, tree)? && size > 0 {
        return Err(Stop::incomplete("the archive ends in an extended header"));
    }
    padding(stream, size, tree)?;
    Ok(content)
}

/// A long name ends with one NUL.
fn long_name(mut name: Vec<u8>) -> Result<Vec<u8>, Stop> {
    if name.last() == Some(&0) {
        name.pop();
    }
    if name.is_empty() {
        return Err(Stop::breach(Rule::Header, "a long name that is empty"));
    }
    Ok(name)
}

fn check_sum(header: &Header) -> Result<(), Stop> {
    let bytes = header.as_bytes();
    let field = 148..156;
    let sum: u64 = bytes
        .iter()
        .enumerate()
        .map(|(n, byte)| u64::from(if field.contains(&n) { b' ' } else { *byte }))
        .sum();
    if tar_field(&header.as_old().cksum)? == sum {
        return Ok(());
    }
    Err(Stop::incomplete("the checksum of a header is wrong"))
}

/// A second block of zeros, then only zeros, and a stream that ends as it should.
fn end(stream: &mut impl Read, tree: &mut Tree) -> Result<(), Stop> {
    let mut block = [0; BLOCK];
    if !read_block(stream, &mut block, tree)? {
        return Err(Stop::incomplete("the archive ends with one block of zeros"));
    }
    loop {
        if !is_zero(&block) {
            return Err(Stop::incomplete("bytes after the end of the archive"));
        }
        match stream.read(&mut block).map_err(Stop::Archive)? {
            0 => return Ok(()),
            read => {
                tree.count_read(read as u64)?;
                block[read..].fill(0);
            }
        }
    }
}

fn is_zero(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0)
}
