//! Certificates and keys that do not decode.

use super::Rules;
use crate::schema::{Marked, Marks};
use crate::{Base64, Pem};
use carml_diagnostic::Code;

pub(super) fn check(rules: &mut Rules<'_>, marked: &[Marked<'_>]) {
    let any = Marks::PEM.and(Marks::BASE64);
    for Marked {
        pointer,
        marks,
        value,
    } in marked.iter().filter(|m| m.marks.has(any))
    {
        let Some(text) = value.as_str() else {
            continue;
        };
        let (wrong, help) = if marks.has(Marks::PEM) {
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
        let what = if marks.has(Marks::PEM) {
            "is neither PEM text nor PEM text in base64"
        } else {
            "is not base64"
        };
        let fault = rules.placeholder(Code::Material, format!("`{key}` {what}"));
        let help = help.replace("KEY", key);
        rules.add(fault.help(help), pointer);
    }
}
