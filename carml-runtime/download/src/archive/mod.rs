//! Unpacking by strict rules: an archive that breaks one is refused, and nothing of it is kept.
//!
//! Libraries decompress and lay out headers; which entry may become which file is decided here.
//! Each [`Rule`] has one place: names in `name`, duplicates, links and limits in `tree`, headers
//! and completeness in `tar` and `zip`.

mod breach;
mod folder;
mod format;
mod name;
mod numbers;
mod pax;
mod tar;
mod tree;
mod zip;

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use carml_files::Durability;

pub(crate) use self::format::Format;
use self::{breach::Stop, name::Name, tree::Tree};
use crate::{Error, UnpackLimits};

const BUFFER: usize = 128 * 1024;

/// Windows of zstd, as a power of 2: 128 MiB.
const ZSTD_WINDOW: u32 = 27;

/// Memory of xz, in KiB.
const XZ_MEMORY: u32 = 256 * 1024;

/// Unpacks a whole, verified file into an empty folder. Blocks.
pub(crate) fn unpack(
    archive: &Path,
    format: Format,
    into: &Path,
    limits: UnpackLimits,
    durability: Durability,
) -> Result<(), Error> {
    let unpacked = run(archive, format, into, limits, durability);
    unpacked.map_err(|stop| stop.into_error(archive).with_op("unpack"))
}

fn run(
    archive: &Path,
    format: Format,
    into: &Path,
    limits: UnpackLimits,
    durability: Durability,
) -> Result<(), Stop> {
    let file = File::open(archive).map_err(Stop::Archive)?;
    let length = file.metadata().map_err(Stop::Archive)?.len();
    let mut tree = Tree::new(into, limits, length)?;
    let file = BufReader::with_capacity(BUFFER, file);
    match format {
        Format::Zip => zip::unpack(file.into_inner(), length, &mut tree)?,
        Format::Tar => tar::unpack(file, &mut tree)?,
        Format::TarGz => tar::unpack(flate2::bufread::MultiGzDecoder::new(file), &mut tree)?,
        Format::TarZst => {
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(file).map_err(Stop::Archive)?;
            decoder.window_log_max(ZSTD_WINDOW).map_err(Stop::Archive)?;
            tar::unpack(decoder, &mut tree)?;
        }
        Format::TarXz => {
            let decoder = lzma_rust2::XzReader::new_mem_limit(file, true, XZ_MEMORY);
            tar::unpack(decoder, &mut tree)?;
        }
    }
    tree.finish(durability)
}

/// Whether a name is one segment that is safe on all systems.
pub(crate) fn is_safe_name(name: &str) -> bool {
    Name::parse(name.as_bytes()).is_ok_and(|parsed| parsed.segments == [name])
}

/// Reads all of `buffer`. `false`: the stream was at its end.
fn read_whole(from: &mut impl Read, buffer: &mut [u8]) -> Result<bool, Stop> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => {
                return Err(Stop::incomplete(
                    "the archive ends in the middle of an entry",
                ));
            }
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Stop::Archive(error)),
        }
    }
    Ok(true)
}
