//! From the files to what a handshake uses.

use std::{sync::Arc, time::SystemTime};

use carml_config::model::{ClientAuth, ServerTls};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use crate::{
    certificate,
    files::{Files, Material},
    refusal::{Refusal, Refusals},
};

/// Certificates that can be used, all together.
pub(crate) struct Ready {
    pub(crate) config: Arc<ServerConfig>,
    /// When the server's certificate ends.
    pub(crate) valid_until: SystemTime,
}

/// Checks the files as a whole.
pub(crate) fn ready(config: &ServerTls, files: &Files) -> Result<Ready, Refusals> {
    let certificate = given(&files.certificate, "cert_file").and_then(|material| {
        let file = material.file()?;
        let chain = certificate::certificates(file)?;
        let until = certificate::valid_until(file, &chain[0], SystemTime::now())?;
        Ok((material, chain, until))
    });
    let key = given(&files.key, "key_file")
        .and_then(|material| Ok((material, certificate::key(material.file()?)?)));
    let clients = client_verifier(config, files);
    let (certificate, key, clients) = match (certificate, key, clients) {
        (Ok(certificate), Ok(key), Ok(clients)) => (certificate, key, clients),
        (certificate, key, clients) => {
            let refusals = [certificate.err(), key.err(), clients.err()];
            return Err(Refusals(refusals.into_iter().flatten().collect()));
        }
    };
    let (certificate, chain, valid_until) = certificate;
    let server = server_config((certificate, chain), key, clients);
    let server = server.map_err(|one| Refusals(vec![one]))?;
    Ok(Ready {
        config: Arc::new(server),
        valid_until,
    })
}

/// What the config must have.
fn given<'a>(material: &'a Option<Material>, key: &'static str) -> Result<&'a Material, Refusal> {
    material.as_ref().ok_or_else(|| Refusal {
        key,
        message: format!("`{key}` is missing"),
        help: "a server has a certificate and its private key".to_owned(),
    })
}

fn server_config(
    (certificate, chain): (&Material, Vec<CertificateDer<'static>>),
    (key, private_key): (&Material, PrivateKeyDer<'static>),
    clients: Arc<dyn ClientCertVerifier>,
) -> Result<ServerConfig, Refusal> {
    let refusal = |message, help: &str| Refusal {
        key: key.key(),
        message,
        help: help.to_owned(),
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        // TLS 1.2 and 1.3.
        .with_safe_default_protocol_versions()
        .map_err(|error| refusal(error.to_string(), "this is an error of the build"))?;
    let made = builder
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, private_key);
    let mut server = made.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => refusal(
            format!(
                "the key in `{}` does not belong to the certificate in `{}`",
                key.name(),
                certificate.name()
            ),
            "name the files of one pair; the server's own certificate is the first of its file",
        ),
        error => refusal(
            format!("the key in `{}` cannot be used: {error}", key.name()),
            "use a key of ECDSA (P-256, P-384), Ed25519, or RSA with at least 2048 bits",
        ),
    })?;
    server.alpn_protocols = vec![b"h2".to_vec()];
    Ok(server)
}

/// What checks the certificates of clients.
fn client_verifier(
    config: &ServerTls,
    files: &Files,
) -> Result<Arc<dyn ClientCertVerifier>, Refusal> {
    let is_off = matches!(config.client_auth, ClientAuth::Off);
    let Some(authority) = &files.authority else {
        if is_off {
            return Ok(WebPkiClientVerifier::no_client_auth());
        }
        return Err(Refusal {
            key: "client_auth",
            message: "client certificates are asked for, and no authority signs them".to_owned(),
            help: "add `client_ca_file`, the certificate of the authority".to_owned(),
        });
    };
    if is_off {
        return Err(Refusal {
            key: authority.key(),
            message: format!(
                "`{}` has no effect: `client_auth` is `off`",
                authority.key()
            ),
            help: format!(
                "add `client_auth: required`, or `optional`, or remove `{}`",
                authority.key()
            ),
        });
    }
    let file = authority.file()?;
    let cannot = |error: &dyn std::fmt::Display| {
        let message = format!("the authority in `{}` cannot be used: {error}", file.name);
        file.refusal(
            message,
            "name the certificate of the authority that signs those of clients",
        )
    };
    let mut roots = RootCertStore::empty();
    for authority in certificate::certificates(file)? {
        roots.add(authority).map_err(|error| cannot(&error))?;
    }
    let provider = Arc::new(ring::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match config.client_auth {
        ClientAuth::Optional => builder.allow_unauthenticated(),
        _ => builder,
    };
    builder.build().map_err(|error| cannot(&error))
}
