//! The bytes of the files that the config names.

use std::{env, fs, path::Path};

use carml_config::model::ServerTls;

use crate::refusal::Refusal;

/// A file with more is not one of certificates.
const MAX_BYTES: u64 = 1 << 20;

/// A file as it was read, or why it could not be.
pub(crate) type Read = Result<Vec<u8>, String>;

/// What was read. Two that are equal make the same certificates.
#[derive(PartialEq, Eq)]
pub(crate) struct Files {
    certificate: Read,
    key: Read,
    authority: Option<Read>,
}

impl Files {
    pub(crate) fn read(config: &ServerTls) -> Self {
        Self {
            certificate: read(&config.cert_file),
            key: read(&config.key_file),
            authority: config.client_ca_file.as_deref().map(read),
        }
    }

    pub(crate) fn certificate<'a>(&'a self, config: &'a ServerTls) -> Result<File<'a>, Refusal> {
        file("cert_file", &config.cert_file, &self.certificate)
    }

    pub(crate) fn key<'a>(&'a self, config: &'a ServerTls) -> Result<File<'a>, Refusal> {
        file("key_file", &config.key_file, &self.key)
    }

    pub(crate) fn authority<'a>(
        &'a self,
        config: &'a ServerTls,
    ) -> Option<Result<File<'a>, Refusal>> {
        let (name, read) = config
            .client_ca_file
            .as_deref()
            .zip(self.authority.as_ref())?;
        Some(file("client_ca_file", name, read))
    }
}

/// A file that was read.
#[derive(Clone, Copy)]
pub(crate) struct File<'a> {
    pub(crate) key: &'static str,
    pub(crate) name: &'a str,
    pub(crate) bytes: &'a [u8],
}

impl File<'_> {
    pub(crate) fn refusal(&self, message: String, help: impl Into<String>) -> Refusal {
        Refusal {
            key: self.key,
            message,
            help: help.into(),
        }
    }
}

pub(crate) fn file<'a>(
    key: &'static str,
    name: &'a str,
    read: &'a Read,
) -> Result<File<'a>, Refusal> {
    match read {
        Ok(bytes) => Ok(File { key, name, bytes }),
        Err(why) => {
            let help = match env::current_dir() {
                Ok(folder) if Path::new(name).is_relative() => format!(
                    "relative paths start at the folder of the process, {}",
                    folder.display()
                ),
                _ => "check that the file exists, and that the process may read it".to_owned(),
            };
            Err(Refusal {
                key,
                message: format!("cannot read `{name}`: {why}"),
                help,
            })
        }
    }
}

/// Reads a regular file: a pipe could make the start wait for its writer.
pub(crate) fn read(name: &str) -> Read {
    let about = fs::metadata(name).map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if about.len() > MAX_BYTES {
        return Err(format!("it has {} bytes, more than 1 MiB", about.len()));
    }
    fs::read(name).map_err(|error| error.to_string())
}
