//! The statuses of a client's own errors, and what gRPC makes of those of HTTP. No other module
//! makes a [`Status`] of such an error.

use h2::Reason;
use http::StatusCode;
use tonic::{Code, Status};

/// No instance can be connected to.
pub(crate) fn unavailable(target: &str, why: &str) -> Status {
    Status::unavailable(format!("{target}: {why}"))
}

/// A connection ended, or refused a call, before its answer was complete.
pub(crate) fn of_h2(target: &str, address: &impl std::fmt::Display, error: &h2::Error) -> Status {
    let code = match error.reason() {
        Some(reason) if error.is_reset() => of_reset(reason),
        _ => Code::Unavailable,
    };
    let what = match error.is_reset() {
        true => "reset the call",
        false => "lost the connection",
    };
    Status::new(code, format!("{target}: {address} {what}: {error}"))
}

/// The table of "Errors" in gRPC's PROTOCOL-HTTP2.md.
fn of_reset(reason: Reason) -> Code {
    match reason {
        Reason::REFUSED_STREAM => Code::Unavailable,
        Reason::CANCEL => Code::Cancelled,
        Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
        _ => Code::Internal,
    }
}

/// gRPC's http-grpc-status-mapping.md: an answer without a status of gRPC.
pub(crate) fn of_http(target: &str, status: StatusCode) -> Status {
    let code = match status.as_u16() {
        400 | 431 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    let message = format!("{target}: the answer is HTTP {status}, without a status of gRPC");
    Status::new(code, message)
}

/// The answer ended, and its status is missing.
pub(crate) fn no_status(target: &str) -> Status {
    Status::unknown(format!("{target}: the answer ended without a status"))
}

/// An attempt that cannot go on, because another one has what was not kept of the request.
pub(crate) fn superseded() -> Status {
    Status::cancelled("the request went on in another attempt")
}

/// A request that HTTP/2 does not allow.
pub(crate) fn malformed(target: &str, error: &dyn std::fmt::Display) -> Status {
    Status::internal(format!("{target}: the request cannot be sent: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_and_reset_codes_are_those_of_grpc() {
        let of = |status: u16| of_http("t", StatusCode::from_u16(status).expect("a status")).code();
        for (status, code) in [
            (200, Code::Unknown),
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (418, Code::Unknown),
            (429, Code::Unavailable),
            (431, Code::Internal),
            (500, Code::Unknown),
            (502, Code::Unavailable),
            (503, Code::Unavailable),
            (504, Code::Unavailable),
        ] {
            assert_eq!(of(status), code, "{status}");
        }
        for (reason, code) in [
            (Reason::REFUSED_STREAM, Code::Unavailable),
            (Reason::CANCEL, Code::Cancelled),
            (Reason::ENHANCE_YOUR_CALM, Code::ResourceExhausted),
            (Reason::INADEQUATE_SECURITY, Code::PermissionDenied),
            (Reason::NO_ERROR, Code::Internal),
            (Reason::INTERNAL_ERROR, Code::Internal),
        ] {
            assert_eq!(of_reset(reason), code, "{reason}");
        }
    }
}
