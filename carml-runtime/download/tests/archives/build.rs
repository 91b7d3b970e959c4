//! Archives, right or wrong in any field.

use std::io::Write as _;

/// A tar archive that is written block by block.
#[derive(Clone, Default)]
pub(crate) struct Tar(pub(crate) Vec<u8>);

/// One header, with all that can be wrong in it.
#[derive(Clone)]
pub(crate) struct Header<'a> {
    pub(crate) kind: u8,
    pub(crate) name: &'a [u8],
    pub(crate) link: &'a [u8],
    pub(crate) mode: u32,
    pub(crate) size: &'a [u8],
    pub(crate) sum: Option<u32>,
}

impl Tar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn header(mut self, header: &Header<'_>) -> Self {
        let mut block = [0u8; 512];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, header.name);
        put(100, format!("{:07o}", header.mode).as_bytes());
        put(124, header.size);
        put(156, &[header.kind]);
        put(157, header.link);
        put(257, b"ustar\x0000");
        put(148, b"        ");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        let sum = header.sum.unwrap_or(sum);
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.extend(block);
        self
    }

    pub(crate) fn entry(self, kind: u8, name: &[u8], link: &[u8], content: &[u8]) -> Self {
        self.with_mode(kind, name, link, content, 0o644)
    }

    pub(crate) fn with_mode(
        self,
        kind: u8,
        name: &[u8],
        link: &[u8],
        content: &[u8],
        mode: u32,
    ) -> Self {
        let size = format!("{:011o}", content.len());
        let (size, sum) = (size.as_bytes(), None);
        self.header(&Header {
            kind,
            name,
            link,
            mode,
            size,
            sum,
        })
        .content(content)
    }

    pub(crate) fn content(mut self, content: &[u8]) -> Self {
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        self.entry(b'0', name.as_bytes(), b"", content.as_bytes())
    }

    pub(crate) fn folder(self, name: &str) -> Self {
        self.entry(b'5', name.as_bytes(), b"", b"")
    }

    pub(crate) fn symlink(self, name: &str, target: &str) -> Self {
        self.entry(b'2', name.as_bytes(), target.as_bytes(), b"")
    }

    pub(crate) fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(b'1', name.as_bytes(), target.as_bytes(), b"")
    }

    pub(crate) fn pax(self, records: &[(&str, &str)]) -> Self {
        let records: String = records
            .iter()
            .map(|(key, value)| record(key, value))
            .collect();
        self.entry(b'x', b"pax", b"", records.as_bytes())
    }

    /// With its last two blocks.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }
}

pub(crate) fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len() + 1;
    while length != rest.len() + length.to_string().len() {
        length += 1;
    }
    format!("{length}{rest}")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).expect("memory");
    encoder.include_checksum(true).expect("a parameter");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("memory");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// One entry of a zip archive. Fields of the local header and of the central one may differ.
#[derive(Clone)]
pub(crate) struct ZipEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) local_name: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) crc: u32,
    pub(crate) size: u32,
    pub(crate) mode: u32,
    /// The index of another entry whose data this one claims.
    pub(crate) same_as: Option<usize>,
}

impl ZipEntry {
    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.into(),
            local_name: name.into(),
            data: content.to_vec(),
            method: 0,
            flags: 0,
            crc: crc.sum(),
            size: content.len() as u32,
            mode: 0o100_644,
            same_as: None,
        }
    }

    pub(crate) fn deflated(name: &str, content: &[u8]) -> Self {
        let compression = flate2::Compression::fast();
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), compression);
        encoder.write_all(content).expect("memory");
        Self {
            data: encoder.finish().expect("memory"),
            method: 8,
            ..Self::stored(name, content)
        }
    }

    pub(crate) fn with_mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }
}

pub(crate) fn zip(entries: &[ZipEntry]) -> Vec<u8> {
    zip_with(entries, entries.len() as u16, b"")
}

pub(crate) fn zip_with(entries: &[ZipEntry], count: u16, comment: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut offsets = Vec::new();
    for entry in entries {
        if let Some(same) = entry.same_as {
            offsets.push(offsets[same]);
            continue;
        }
        offsets.push(bytes.len() as u32);
        let has_sizes = entry.flags & 8 == 0;
        let or_zero = |number: u32| if has_sizes { number } else { 0 };
        bytes.extend(b"PK\x03\x04\x14\x00");
        for short in [entry.flags, entry.method, 0, 0] {
            bytes.extend(short.to_le_bytes());
        }
        for long in [
            or_zero(entry.crc),
            or_zero(entry.data.len() as u32),
            or_zero(entry.size),
        ] {
            bytes.extend(long.to_le_bytes());
        }
        bytes.extend((entry.local_name.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(&entry.local_name);
        bytes.extend(&entry.data);
        if !has_sizes {
            bytes.extend(b"PK\x07\x08");
            for long in [entry.crc, entry.data.len() as u32, entry.size] {
                bytes.extend(long.to_le_bytes());
            }
        }
    }
    let start = bytes.len() as u32;
    for (entry, offset) in entries.iter().zip(offsets) {
        bytes.extend(b"PK\x01\x02\x14\x03\x14\x00");
        for short in [entry.flags, entry.method, 0, 0] {
            bytes.extend(short.to_le_bytes());
        }
        for long in [entry.crc, entry.data.len() as u32, entry.size] {
            bytes.extend(long.to_le_bytes());
        }
        bytes.extend((entry.name.len() as u16).to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend((entry.mode << 16).to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        bytes.extend(&entry.name);
    }
    let size = bytes.len() as u32 - start;
    bytes.extend(b"PK\x05\x06\x00\x00\x00\x00");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend((comment.len() as u16).to_le_bytes());
    bytes.extend(comment);
    bytes
}
