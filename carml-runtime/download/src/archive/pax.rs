//! Rule 6: extended headers of tar.

use super::{breach::Stop, numbers::decimal};
use crate::Rule;

/// What extended headers say of the next file.
#[derive(Debug, Default)]
pub(super) struct Extended {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
}

impl Extended {
    pub(super) fn is_empty(&self) -> bool {
        self.path.is_none() && self.link.is_none() && self.size.is_none()
    }

    /// Adds the records of a header for one file.
    pub(super) fn add(&mut self, records: &[u8]) -> Result<(), Stop> {
        for_each(records, |key, value| match key {
            b"path" => set(&mut self.path, value.to_vec(), "path"),
            b"linkpath" => set(&mut self.link, value.to_vec(), "linkpath"),
            b"size" => {
                let size = decimal(value).ok_or_else(|| refused("`size` is not a number"))?;
                set(&mut self.size, size, "size")
            }
            key if key.starts_with(b"GNU.sparse.") => {
                Err(Stop::breach(Rule::Type, "a sparse file"))
            }
            // Times, owners and attributes are not used.
            _ => Ok(()),
        })
    }

    /// A name of GNU's long form.
    pub(super) fn set_path(&mut self, name: Vec<u8>) -> Result<(), Stop> {
        set(&mut self.path, name, "path")
    }

    /// A link of GNU's long form.
    pub(super) fn set_link(&mut self, name: Vec<u8>) -> Result<(), Stop> {
        set(&mut self.link, name, "linkpath")
    }
}

/// Checks a header for all files: it may not say what differs from file to file.
pub(super) fn check_global(records: &[u8]) -> Result<(), Stop> {
    for_each(records, |key, _| match key {
        b"path" | b"linkpath" | b"size" => Err(refused("a global header with a name or a size")),
        key if key.starts_with(b"GNU.sparse.") => Err(Stop::breach(Rule::Type, "a sparse file")),
        _ => Ok(()),
    })
}

/// Two headers that say the same thing would mean different files to different tools.
fn set<T>(field: &mut Option<T>, value: T, key: &str) -> Result<(), Stop> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(refused(format!("`{key}` is given twice"))),
    }
}

/// Records are `LENGTH KEY=VALUE\n`, where the length counts all of it.
fn for_each(
    mut records: &[u8],
    mut each: impl FnMut(&[u8], &[u8]) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let invalid = || refused("an extended header does not parse");
    while !records.is_empty() {
        let space = records
            .iter()
            .position(|byte| *byte == b' ')
            .ok_or_else(invalid)?;
        let length = decimal(&records[..space]).and_then(|length| usize::try_from(length).ok());
        let length = length.filter(|length| *length > space && *length <= records.len());
        let (record, rest) = records.split_at(length.ok_or_else(invalid)?);
        let record = record[space + 1..]
            .strip_suffix(b"\n")
            .ok_or_else(invalid)?;
        let equals = record
            .iter()
            .position(|byte| *byte == b'=')
            .ok_or_else(invalid)?;
        if equals == 0 {
            return Err(invalid());
        }
        each(&record[..equals], &record[equals + 1..])?;
        records = rest;
    }
    Ok(())
}

fn refused(why: impl Into<String>) -> Stop {
    Stop::breach(Rule::Header, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_strictly() {
        let mut extended = Extended::default();
        extended.add(b"12 path=abc\n10 size=7\n").expect("records");
        assert_eq!(extended.path.as_deref(), Some(&b"abc"[..]));
        assert_eq!(extended.size, Some(7));
        for records in [
            &b"13 path=abc\n"[..],
            b"11 path=abc\n",
            b"12 path=abc ",
            b"x path=abc\n",
            b"+12 path=abc\n",
            b"7 =abc\n",
            b"8 pathab\n",
            b"11 size=-7\n",
            b"12 size=0x7\n",
            b"12 path=abc\n12 path=abd\n",
            b"99999999999999999999 a=b\n",
            b"2 \n",
            b"0 ",
        ] {
            assert!(Extended::default().add(records).is_err(), "{records:?}");
        }
        assert!(check_global(b"10 size=7\n").is_err());
        assert!(check_global(b"14 comment=abc\n").is_err());
        assert!(check_global(b"15 comment=abc\n").is_ok());
    }
}
