//! What is in a file of certificates or keys.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject as _},
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _, time::ASN1Time};

use crate::{files::File, refusal::Refusal};

/// The certificates of a file; at least one, and each can be parsed.
pub(crate) fn certificates(file: File<'_>) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(file.bytes).collect();
    let all = all.map_err(|error| malformed(file, &error))?;
    if all.is_empty() {
        let help = match PrivateKeyDer::from_pem_slice(file.bytes) {
            Ok(_) => "it has a private key: are the two files exchanged?",
            Err(_) => {
                "expected PEM: `-----BEGIN CERTIFICATE-----`, base64, `-----END CERTIFICATE-----`"
            }
        };
        let message = format!("`{}` has no certificate", file.name);
        return Err(file.refusal(message, help));
    }
    for certificate in &all {
        parse(file, certificate)?;
    }
    Ok(all)
}

/// The private key of a file.
pub(crate) fn key(file: File<'_>) -> Result<PrivateKeyDer<'static>, Refusal> {
    PrivateKeyDer::from_pem_slice(file.bytes).map_err(|error| {
        let has = |text: &str| {
            let mut windows = file.bytes.windows(text.len());
            windows.any(|window| window == text.as_bytes())
        };
        let none = format!("`{}` has no private key", file.name);
        if has("ENCRYPTED") {
            let message = format!("the private key in `{}` is encrypted", file.name);
            let help = format!("decrypt it: `openssl pkey -in {} -out FILE`", file.name);
            file.refusal(message, help)
        } else if has("BEGIN CERTIFICATE") {
            file.refusal(none, "it has a certificate: are the two files exchanged?")
        } else if let pem::Error::NoItemsFound = error {
            let help =
                "expected PEM: `-----BEGIN PRIVATE KEY-----`, base64, `-----END PRIVATE KEY-----`";
            file.refusal(none, help)
        } else {
            malformed(file, &error)
        }
    })
}

/// When the certificate ends, if it is valid now.
pub(crate) fn valid_until(
    file: File<'_>,
    certificate: &CertificateDer<'_>,
    now: SystemTime,
) -> Result<SystemTime, Refusal> {
    let parsed = parse(file, certificate)?;
    let (begin, end) = (parsed.validity().not_before, parsed.validity().not_after);
    if now > time(end) {
        let message = format!(
            "the certificate in `{}` expired on {}",
            file.name,
            shown(end)
        );
        return Err(file.refusal(message, "replace it with one that is renewed"));
    }
    if now < time(begin) {
        let message = format!(
            "the certificate in `{}` is not valid before {}",
            file.name,
            shown(begin)
        );
        return Err(file.refusal(message, "check the clock of this machine"));
    }
    Ok(time(end))
}

fn parse<'a>(
    file: File<'_>,
    certificate: &'a CertificateDer<'_>,
) -> Result<X509Certificate<'a>, Refusal> {
    match X509Certificate::from_der(certificate) {
        Ok((_, parsed)) => Ok(parsed),
        Err(error) => {
            let message = format!("a certificate in `{}` cannot be parsed: {error}", file.name);
            let help = format!("see what it has: `openssl x509 -in {} -text`", file.name);
            Err(file.refusal(message, help))
        }
    }
}

fn malformed(file: File<'_>, error: &pem::Error) -> Refusal {
    // The error may quote the line, which may be one of a key.
    let what = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no `-----END …-----`",
        pem::Error::IllegalSectionStart { .. } => "a line with `-----BEGIN` is malformed",
        pem::Error::Base64Decode(_) => "it is not base64 between `-----BEGIN …` and `-----END …`",
        pem::Error::SectionTooLarge => "a section is too large",
        _ => "it is malformed",
    };
    let message = format!("`{}` is not PEM: {what}", file.name);
    file.refusal(message, "the file may be incomplete: write it again")
}

fn time(time: ASN1Time) -> SystemTime {
    match u64::try_from(time.timestamp()) {
        Ok(seconds) => UNIX_EPOCH + Duration::from_secs(seconds),
        Err(_) => UNIX_EPOCH,
    }
}

fn shown(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!(
        "{}, {:02}:{:02} UTC",
        time.date(),
        time.hour(),
        time.minute()
    )
}
