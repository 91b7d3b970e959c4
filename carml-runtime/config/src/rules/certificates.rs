//! Certificates and keys that do not decode.

use super::Rules;
use crate::{Base64, Pem};
use carml_diagnostic::{Encoding, Rule};
use carml_schema::{Annotated, Annotations};

pub(super) fn check(rules: &mut Rules<'_>, marked: &[Annotated<'_>]) {
    let any = Annotations::PEM.and(Annotations::BASE64);
    for Annotated {
        pointer,
        annotations,
        value,
    } in marked.iter().filter(|m| m.annotations.has(any))
    {
        let Some(text) = value.as_str() else {
            continue;
        };
        let is_pem = annotations.has(Annotations::PEM);
        let (wrong, help) = if is_pem {
            let pem = text.parse::<Pem>().unwrap_or_else(|never| match never {});
            (
                pem.decode().is_err(),
                "give PEM text (`-----BEGIN …`), the same in base64, or name its file with `KEY_file`",
            )
        } else {
            let bytes = text
                .parse::<Base64>()
                .unwrap_or_else(|never| match never {});
            (bytes.decode().is_err(), "encode it with `base64 -w0 FILE`")
        };
        if !wrong {
            continue;
        }
        let key = pointer.rsplit('/').next().unwrap_or_default();
        let fault = rules.placeholder(Rule::NotDecodable {
            at: pointer.clone(),
            encoding: if is_pem {
                Encoding::Pem
            } else {
                Encoding::Base64
            },
        });
        let help = help.replace("KEY", key);
        rules.add(fault.help(help), pointer);
    }
}
