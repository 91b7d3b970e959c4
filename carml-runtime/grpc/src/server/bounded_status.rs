//! How large a status may be when it leaves.
//!
//! Clients accept headers of 8 to 16 KiB. Larger ones end the call without its status, and with some
//! clients the connection with all of its calls.

use http::{HeaderMap, HeaderValue};
use tonic::Status;

/// The text, as it is sent: percent-encoded.
const MAX_TEXT: usize = 4 << 10;

/// The text and the details together.
const MAX_STATUS: usize = 8 << 10;

/// What stands for the rest of a text: `…`, percent-encoded.
const MARK: &[u8] = b"%E2%80%A6";

const DETAILS: &str = "grpc-status-details-bin";

/// Cuts a text that is too long, and removes details for which there is no room. They cannot be cut.
pub(super) fn bound(headers: &mut HeaderMap) {
    let text = headers.get(Status::GRPC_MESSAGE).map(HeaderValue::as_bytes);
    let mut len = text.map_or(0, <[u8]>::len);
    if let Some(text) = text
        && len > MAX_TEXT
    {
        let cut = [&text[..end_of_text(text, MAX_TEXT - MARK.len())], MARK].concat();
        len = cut.len();
        match HeaderValue::from_bytes(&cut) {
            Ok(cut) => headers.insert(Status::GRPC_MESSAGE, cut),
            Err(_) => headers.remove(Status::GRPC_MESSAGE),
        };
    }
    let details = headers.get(DETAILS).map_or(0, HeaderValue::len);
    if details > 0 && len + details > MAX_STATUS {
        headers.remove(DETAILS);
        tracing::warn!(
            bytes = details,
            "the details of a status are not sent: a status may have {MAX_STATUS} bytes"
        );
    }
}

/// Where a text can be cut, at `max` or before it: not in an escape, and not in a character.
fn end_of_text(text: &[u8], max: usize) -> usize {
    let begins_escape = |at: &usize| text[*at] == b'%';
    let mut end = (max.saturating_sub(2)..max)
        .find(begins_escape)
        .unwrap_or(max);
    // `%80` to `%BF` continue a character of UTF-8.
    while end > 2
        && text[end] == b'%'
        && matches!(text[end + 1], b'8' | b'9' | b'A'..=b'B' | b'a'..=b'b')
    {
        end -= 3;
    }
    end
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn bounded(status: &Status) -> Status {
        let mut headers = HeaderMap::new();
        status.add_header(&mut headers).unwrap();
        bound(&mut headers);
        Status::from_header_map(&headers).unwrap()
    }

    #[test]
    fn a_text_is_cut_at_a_character_with_a_mark() {
        let short = Status::internal("x".repeat(MAX_TEXT));
        assert_eq!(bounded(&short).message(), short.message());
        // Characters of one byte, and of two to four, which are three times as long when encoded.
        for character in ["x", "ä", "€", "🦀"] {
            for shift in 0..12 {
                let text = "y".repeat(shift) + &character.repeat(2 * MAX_TEXT);
                let cut = bounded(&Status::internal(&*text));
                let kept = cut.message().strip_suffix('…').unwrap();
                assert!(text.starts_with(kept), "{character} {shift}");
                assert!(kept.len() > MAX_TEXT / 4, "{character} {shift}");
            }
        }
    }

    #[test]
    fn details_for_which_there_is_no_room_are_not_sent() {
        let with = |text: usize, details: usize| {
            let details = vec![7; details].into();
            let status = Status::with_details(tonic::Code::Internal, "x".repeat(text), details);
            bounded(&status).details().len()
        };
        assert_eq!(with(100, 3_000), 3_000);
        assert_eq!(with(4_000, 3_000), 3_000);
        assert_eq!(with(100, 7_000), 0);
        assert_eq!(with(9_000, 4_000), 0);
    }
}
