//! Whether an answer has the range that was asked for.

use http::{
    HeaderMap, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE},
};
use opendal_core::Buffer;

use super::Cause;

/// Refuses an answer with another range: a server that ignores it would repeat bytes.
pub(super) fn check(
    request: &Request<Buffer>,
    answer: &Response<reqwest::Body>,
) -> Result<(), Cause> {
    let Some(asked) = request.headers().get(RANGE) else {
        return Ok(());
    };
    let asked = asked.to_str().unwrap_or_default();
    let (start, end) = parse(asked.strip_prefix("bytes=").unwrap_or_default(), '-');
    let start = start.unwrap_or_default();
    let length = end.and_then(|end| (end + 1).checked_sub(start));
    if answer.status() == StatusCode::PARTIAL_CONTENT {
        let found = answer.headers().get(CONTENT_RANGE);
        let found = found
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let range = found.strip_prefix("bytes ").unwrap_or_default();
        let range = range.split('/').next().unwrap_or_default();
        let (first, last) = parse(range, '-');
        let is_asked = first == Some(start) && end.is_none_or(|end| last == Some(end));
        if is_asked {
            return Ok(());
        }
        return Err(Cause::Range(format!(
            "asked for `{asked}`, found `{found}`"
        )));
    }
    // The whole is right if the whole was asked for.
    if start == 0 && length.is_none_or(|asked| self::length(answer.headers()) == Some(asked)) {
        return Ok(());
    }
    Err(Cause::Range(format!(
        "asked for `{asked}`, found the whole object"
    )))
}

/// `Content-Length`.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn parse(text: &str, separator: char) -> (Option<u64>, Option<u64>) {
    let (first, last) = text.split_once(separator).unwrap_or((text, ""));
    (first.parse().ok(), last.parse().ok())
}
