//! What the head of a request must be like, before anything is made of it.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use tonic::Status;

use crate::{deadline, status};

/// The suffix of metadata that is in base64.
const BINARY: &str = "-bin";

/// The answer to a head that is not one of gRPC.
pub(super) fn refusal(head: &Parts) -> Option<Response<()>> {
    if head.method != Method::POST {
        let mut response = http_error(StatusCode::METHOD_NOT_ALLOWED);
        let post = HeaderValue::from_static("POST");
        response.headers_mut().insert(header::ALLOW, post);
        return Some(response);
    }
    if !has_grpc_content_type(&head.headers) {
        return Some(http_error(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let malformed = if deadline::timeout(&head.headers).is_err() {
        let expected = "up to eight digits and a unit: H, M, S, m, u or n";
        status::malformed(deadline::HEADER, expected)
    } else if let Some(name) = invalid_binary(&head.headers) {
        status::malformed(name, "base64")
    } else {
        return None;
    };
    Some(answer(&malformed))
}

/// A status without a call.
pub(super) fn answer(status: &Status) -> Response<()> {
    let response: Response<tonic::body::Body> = status.clone().into_http();
    response.map(drop)
}

fn http_error(status: StatusCode) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    response
}

/// `application/grpc`, alone or with `+` and a codec, or with `;` and parameters.
fn has_grpc_content_type(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    value
        .and_then(|value| value.split_at_checked("application/grpc".len()))
        .is_some_and(|(name, rest)| {
            name.eq_ignore_ascii_case(b"application/grpc")
                && matches!(rest.first(), None | Some(b'+' | b';'))
        })
}

/// The first name of binary metadata that does not decode.
fn invalid_binary(headers: &HeaderMap) -> Option<&str> {
    let binary = headers
        .iter()
        .filter(|(name, _)| name.as_str().ends_with(BINARY));
    // Values of one name may be joined by commas.
    let mut invalid = binary.filter(|(_, value)| {
        let mut values = value.as_bytes().split(|byte| *byte == b',');
        !values.all(|value| is_base64(value.trim_ascii()))
    });
    invalid.next().map(|(name, _)| name.as_str())
}

/// Base64 with or without padding, as gRPC has it.
fn is_base64(value: &[u8]) -> bool {
    let padding = value.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = &value[..value.len() - padding];
    let is_length_possible = match padding {
        0 => digits.len() % 4 != 1,
        padding => padding <= 2 && value.len().is_multiple_of(4),
    };
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    is_length_possible && digits.iter().all(is_digit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::Request;

    use super::*;

    fn refused(method: &str, headers: &[(&str, &str)]) -> Option<(u16, String)> {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        refusal(&head).map(|response| {
            let code = response.headers().get("grpc-status");
            let code = code.map(|code| code.to_str().unwrap().to_owned());
            (response.status().as_u16(), code.unwrap_or_default())
        })
    }

    #[test]
    fn what_is_not_grpc_gets_an_http_error() {
        let grpc = ("content-type", "application/grpc");
        assert_eq!(refused("GET", &[grpc]), Some((405, String::new())));
        assert_eq!(refused("POST", &[]), Some((415, String::new())));
        for wrong in ["text/plain", "application/grpcx", "application/grpc-web"] {
            let refused = refused("POST", &[("content-type", wrong)]);
            assert_eq!(refused, Some((415, String::new())), "{wrong}");
        }
        for right in [
            "application/grpc",
            "application/grpc+proto",
            "Application/gRPC;charset=utf-8",
        ] {
            assert_eq!(refused("POST", &[("content-type", right)]), None, "{right}");
        }
    }

    #[test]
    fn malformed_timeouts_and_binary_metadata_are_refused() {
        let with = |name, value| {
            let grpc = ("content-type", "application/grpc");
            refused("POST", &[grpc, (name, value)])
        };
        let internal = Some((200, "13".to_owned()));
        for wrong in ["", "1", "S", "-1S", "123456789S", "1x", "1.5S"] {
            assert_eq!(with("grpc-timeout", wrong), internal, "{wrong:?}");
        }
        assert_eq!(with("grpc-timeout", "99999999H"), None);
        for wrong in ["a", "????", "AA=A", "AA===", "AAA==", "AAAA,b"] {
            assert_eq!(with("x-bin", wrong), internal, "{wrong:?}");
        }
        for right in ["", "AA", "AA==", "AAA", "AAA=", "AAAA", "+/+/,AA==, AAA"] {
            assert_eq!(with("x-bin", right), None, "{right:?}");
        }
        assert_eq!(with("x-bind", "????"), None);
    }
}
