//! The bytes that the config names, or has.

use std::{env, fs, path::Path};

use carml_config::{
    Pem,
    model::{ClientTls, ServerTls},
};

use crate::refusal::Refusal;

/// A file with more is not one of certificates.
const MAX_BYTES: u64 = 1 << 20;

/// Bytes as they were read, or why they could not be.
pub(crate) type Read = Result<Vec<u8>, String>;

/// What was read for one certificate or key: from the file, or the text, that is given.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Material {
    key: &'static str,
    /// The path of the file, or the key of the text.
    name: String,
    read: Read,
}

/// What was read. Two that are equal make the same certificates.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) certificate: Option<Material>,
    pub(crate) key: Option<Material>,
    /// Whom the other side is to be signed by.
    pub(crate) authority: Option<Material>,
}

impl Files {
    /// Those of a server.
    pub(crate) fn of_server(tls: &ServerTls) -> Self {
        Self {
            certificate: material(("cert_file", &tls.cert_file), ("cert", &tls.cert)),
            key: material(("key_file", &tls.key_file), ("key", &tls.key)),
            authority: material(
                ("client_ca_file", &tls.client_ca_file),
                ("client_ca", &tls.client_ca),
            ),
        }
    }

    /// Those of a client.
    pub(crate) fn of_client(tls: &ClientTls) -> Self {
        Self {
            certificate: material(("cert_file", &tls.cert_file), ("cert", &tls.cert)),
            key: material(("key_file", &tls.key_file), ("key", &tls.key)),
            authority: material(("ca_file", &tls.ca_file), ("ca", &tls.ca)),
        }
    }
}

fn material(
    (file_key, path): (&'static str, &Option<String>),
    (text_key, pem): (&'static str, &Option<Pem>),
) -> Option<Material> {
    match (path, pem) {
        (Some(path), _) => Some(Material {
            key: file_key,
            name: path.clone(),
            read: read(path),
        }),
        (None, Some(pem)) => Some(Material {
            key: text_key,
            name: text_key.to_owned(),
            read: pem.decode().map(String::into_bytes),
        }),
        (None, None) => None,
    }
}

/// A file, or a text, that was read.
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

impl Material {
    /// The key of the config that it is from.
    pub(crate) fn key(&self) -> &'static str {
        self.key
    }

    /// The path of the file, or the key of the text.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn file(&self) -> Result<File<'_>, Refusal> {
        let Self { key, name, read } = self;
        match read {
            Ok(bytes) => Ok(File { key, name, bytes }),
            Err(why) => {
                let help = match env::current_dir() {
                    _ if name == key => {
                        "give PEM text (`-----BEGIN …`), or the same in base64".to_owned()
                    }
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
}

/// Reads a regular file: a pipe could make the start wait for its writer.
fn read(name: &str) -> Read {
    let about = fs::metadata(name).map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if about.len() > MAX_BYTES {
        return Err(format!("it has {} bytes, more than 1 MiB", about.len()));
    }
    fs::read(name).map_err(|error| error.to_string())
}
