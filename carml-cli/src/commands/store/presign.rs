//! `carml store presign`.

use carml_runtime::{
    config::Duration,
    store::{PresignMethod, Store},
};

use super::{Done, print};

/// Print a URL that anyone can use until it expires
///
/// Anyone who has the URL can get or put the object, without other credentials:
///
///   curl -o model.bin "$(carml store presign get models/small.bin)"
///   curl -T model.bin "$(carml store presign put models/small.bin)"
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// What it allows
    #[arg(value_enum)]
    method: Method,

    /// The name of the object
    key: String,

    /// How long it is valid, at most 7d
    #[arg(long, value_name = "TIME", default_value = "15m")]
    expires: Duration,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Method {
    Get,
    Put,
}

impl Args {
    pub(super) async fn run(self, store: &Store) -> Done {
        let method = match self.method {
            Method::Get => PresignMethod::Get,
            Method::Put => PresignMethod::Put,
        };
        let key = self.key.parse()?;
        let presigned = store.presign(method, &key, self.expires.get()).await?;
        Ok(print(&[presigned.url]))
    }
}
