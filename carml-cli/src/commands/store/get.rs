//! `carml store get`.

use std::{path::PathBuf, process::ExitCode, str::FromStr};

use carml_runtime::store::{ByteRange, GetOptions, Store};
use futures_util::TryStreamExt as _;

use super::{super::output, Done, progress::observed};

/// Read an object into a file, or to standard output
///
/// The file is written atomically. If a SHA-256 was recorded with the object, it is checked.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The name of the object
    key: String,

    /// The file; `-` for standard output. Without it, the last part of the key
    file: Option<PathBuf>,

    /// Read these bytes only, as in HTTP: `0-99` are the first 100, `100-` is what follows, `-100`
    /// are the last 100
    #[arg(long, value_name = "A-B", allow_hyphen_values = true)]
    range: Option<Bytes>,

    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy)]
struct Bytes(ByteRange);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected `A-B`, `A-` or `-N`, in bytes from 0".to_owned();
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        let (first, last) = text.split_once('-').ok_or_else(wrong)?;
        Ok(Self(match (first, last) {
            ("", count) => ByteRange::Last(number(count)?),
            (first, "") => ByteRange::From(number(first)?),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if last < first {
                    return Err(wrong());
                }
                ByteRange::Bounded(first, last.saturating_add(1))
            }
        }))
    }
}

impl Args {
    pub(super) async fn run(self, store: &Store) -> Done {
        let key = self.key.parse()?;
        let last = self.key.rsplit('/').next().unwrap_or_default();
        let file = self.file.unwrap_or_else(|| last.into());
        let is_stdout = file.as_os_str() == "-";
        // A bar would be between the lines of the content.
        let (events, shown) = observed(&self.key, self.quiet || is_stdout);
        let options = GetOptions {
            range: self.range.map(|range| range.0),
            events,
            ..GetOptions::default()
        };
        if !is_stdout {
            let save = async { store.get(&key, options).await?.save(file).await };
            let (saved, ()) = tokio::join!(save, shown);
            return saved.map(|_| ExitCode::SUCCESS);
        }
        let mut object = store.get(&key, options).await?;
        while let Some(chunk) = object.stream.try_next().await? {
            if let Err(code) = output::write(&chunk) {
                return Ok(code);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_in_http() {
        for (text, expected) in [
            ("0-99", ByteRange::Bounded(0, 100)),
            ("5-5", ByteRange::Bounded(5, 6)),
            ("100-", ByteRange::From(100)),
            ("-7", ByteRange::Last(7)),
        ] {
            assert_eq!(text.parse::<Bytes>().unwrap().0, expected);
        }
        for text in ["", "-", "5", "5-2", "a-b", "1-2-3"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }
}
