//! The bucket: its addresses, its credentials, and what requests are sent with.

use std::{fmt, sync::Arc};

use carml_store::{Error, ErrorKind, Events};
use opendal_core::{Executor, HttpTransporter, OperationContext, Operator};
use opendal_service_s3::S3 as Builder;
use reqsign_aws_v4::{
    Credential, DefaultCredentialProvider, RequestSigner, StaticCredentialProvider,
};
use reqsign_core::{OsEnv, ProvideCredentialChain, Signer};
use reqsign_file_read_tokio::TokioFileRead;

use crate::{
    Credentials, Options,
    transport::{Client, Transport},
};

/// The bucket.
pub(crate) struct Service {
    pub(crate) options: Options,
    /// The address of the bucket, without a `/` at its end.
    pub(crate) url: String,
    /// `None`: requests are not signed.
    pub(crate) signer: Option<Signer<Credential>>,
    client: Arc<Client>,
    operator: Operator,
    /// Without checksums: that of a content which is not known yet would be wrong.
    presigner: Operator,
}

impl Service {
    pub(crate) fn new(options: Options) -> Result<Self, Error> {
        let refuse = |message: String| Error::new(ErrorKind::InvalidArgument, "open", message);
        if options.bucket.is_empty() {
            return Err(refuse("the provider `s3` needs a `bucket`".to_owned()));
        }
        let endpoint = match &options.endpoint {
            Some(endpoint) if endpoint.contains("://") => endpoint.clone(),
            Some(endpoint) => format!("https://{endpoint}"),
            None => format!("https://s3.{}.amazonaws.com", options.region),
        };
        let endpoint = endpoint.trim_end_matches('/');
        let url = match (options.virtual_host, endpoint.split_once("://")) {
            (true, Some((scheme, host))) => format!("{scheme}://{}.{host}", options.bucket),
            _ => format!("{endpoint}/{}", options.bucket),
        };
        let build = |checksum: bool| {
            let mut builder = Builder::default()
                .bucket(&options.bucket)
                .region(&options.region)
                .endpoint(endpoint)
                .disable_config_load();
            if options.virtual_host {
                builder = builder.enable_virtual_host_style();
            }
            if checksum {
                builder = builder.checksum_algorithm("crc32c");
            }
            builder = match credentials(&options.credentials) {
                Some(chain) => builder.credential_provider_chain(chain),
                None => builder.skip_signature(),
            };
            Operator::new(builder).map_err(|error| refuse(error.to_string()))
        };
        let operator = build(options.checksum)?;
        let presigner = build(false)?;
        let client = Arc::new(Client::new(&options)?);
        let transport = Transport::new(Arc::clone(&client), Events::default());
        let signer = credentials(&options.credentials).map(|chain| {
            let context = reqsign_core::Context::new()
                .with_file_read(TokioFileRead)
                .with_http_send(HttpTransporter::new(transport))
                .with_env(OsEnv);
            Signer::new(context, chain, RequestSigner::new("s3", &options.region))
        });
        Ok(Self {
            options,
            url,
            signer,
            client,
            operator,
            presigner,
        })
    }

    /// OpenDAL's handle, which reports repeated requests.
    pub(crate) fn operator(&self, events: &Events) -> Operator {
        self.operator.clone().with_context(self.context(events))
    }

    /// OpenDAL's handle for presigned addresses.
    pub(crate) fn presigner(&self) -> Operator {
        let context = self.context(&Events::default());
        self.presigner.clone().with_context(context)
    }

    fn context(&self, events: &Events) -> OperationContext {
        let transport = HttpTransporter::new(self.transport(events));
        OperationContext::from_parts(transport, Executor::new())
    }

    pub(crate) fn transport(&self, events: &Events) -> Transport {
        Transport::new(Arc::clone(&self.client), events.clone())
    }
}

/// Where credentials come from. `None`: requests are not signed.
fn credentials(credentials: &Credentials) -> Option<ProvideCredentialChain<Credential>> {
    let chain = ProvideCredentialChain::new();
    match credentials {
        Credentials::Keys {
            access_key,
            secret_key,
            session_token,
        } => {
            let keys = StaticCredentialProvider::new(access_key, secret_key);
            Some(chain.push(match session_token {
                Some(token) => keys.with_session_token(token),
                None => keys,
            }))
        }
        Credentials::Environment => Some(chain.push(DefaultCredentialProvider::builder().build())),
        Credentials::Anonymous => None,
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
