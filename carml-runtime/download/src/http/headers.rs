//! What the headers of a response say about the file.

use std::time::{Duration, SystemTime};

use http::{
    HeaderMap, HeaderName,
    header::{CONTENT_ENCODING, CONTENT_RANGE, DATE, ETAG, LAST_MODIFIED, RETRY_AFTER},
};

/// `Last-Modified` is a strong validator if it is this much older than `Date`.
const MODIFIED_BEFORE: Duration = Duration::from_secs(60);

/// `ETag` and `Last-Modified`, as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// The strong one of both, for `If-Range`: RFC 9110, 8.8.
    pub(crate) strong: Option<String>,
}

impl Validators {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let etag = text(headers, &ETAG).filter(|etag| is_etag(etag));
        let last_modified = text(headers, &LAST_MODIFIED);
        let strong = match etag {
            Some(etag) if !etag.starts_with("W/") => Some(etag),
            _ => last_modified.filter(|modified| is_long_past(modified, text(headers, &DATE))),
        };
        Self {
            etag: etag.map(str::to_owned),
            last_modified: last_modified.map(str::to_owned),
            strong: strong.map(str::to_owned),
        }
    }

    /// Whether a response with these is of the version that `validator` names.
    pub(crate) fn is_version(&self, validator: &str) -> bool {
        if validator.starts_with('"') {
            self.etag.as_deref() == Some(validator)
        } else {
            self.last_modified.as_deref() == Some(validator)
        }
    }
}

fn is_etag(text: &str) -> bool {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"')
}

fn is_long_past(modified: &str, date: Option<&str>) -> bool {
    let at = |text: &str| httpdate::parse_http_date(text).ok();
    let age = date.and_then(at).zip(at(modified));
    age.is_some_and(|(date, modified)| {
        date.duration_since(modified)
            .is_ok_and(|age| age >= MODIFIED_BEFORE)
    })
}

/// `Content-Range: bytes START-END/TOTAL`, with an exclusive end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) total: Option<u64>,
}

impl ContentRange {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let (range, total) = text(headers, &CONTENT_RANGE)?
            .strip_prefix("bytes ")?
            .split_once('/')?;
        let (start, last) = range.split_once('-')?;
        let (start, last): (u64, u64) = (number(start)?, number(last)?);
        let total = match total {
            "*" => None,
            total => Some(number(total)?),
        };
        let end = last.checked_add(1)?;
        let is_valid = start < end && total.is_none_or(|total| end <= total);
        is_valid.then_some(Self { start, end, total })
    }

    /// The total of `Content-Range: bytes */TOTAL`, which goes with 416.
    pub(crate) fn unsatisfied_total(headers: &HeaderMap) -> Option<u64> {
        number(text(headers, &CONTENT_RANGE)?.strip_prefix("bytes */")?)
    }
}

/// Digits alone: `parse` would take a sign.
fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// How long the server asks to wait: seconds, or a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, &RETRY_AFTER)?;
    if let Some(seconds) = number(text) {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    // By the clock of the server, if it shows one: ours may be wrong.
    let now = self::text(headers, &DATE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

/// Whether the body is compressed although it was not asked for.
pub(crate) fn is_coded(headers: &HeaderMap) -> bool {
    let coding = text(headers, &CONTENT_ENCODING);
    coding.is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| {
            let value = value.parse().expect("a value");
            (HeaderName::from_static(name), value)
        });
        lines.collect()
    }

    #[test]
    fn a_validator_is_a_strong_etag_or_an_old_date() {
        let date = "Thu, 26 Nov 2026 12:00:00 GMT";
        let strong = |lines: &[(&'static str, &str)]| Validators::of(&headers(lines)).strong;
        assert_eq!(strong(&[("etag", "\"a\"")]).as_deref(), Some("\"a\""));
        assert_eq!(strong(&[("etag", "W/\"a\"")]), None);
        assert_eq!(strong(&[("etag", "a")]), None);
        let modified = ("last-modified", "Thu, 26 Nov 2026 11:58:59 GMT");
        assert!(strong(&[modified, ("date", date)]).is_some());
        assert_eq!(strong(&[modified]), None);
        let recent = ("last-modified", "Thu, 26 Nov 2026 11:59:30 GMT");
        assert_eq!(strong(&[recent, ("date", date)]), None);
    }

    #[test]
    fn content_ranges_are_read_strictly() {
        let range = |text| ContentRange::of(&headers(&[("content-range", text)]));
        assert_eq!(
            range("bytes 5-9/10"),
            Some(ContentRange {
                start: 5,
                end: 10,
                total: Some(10)
            })
        );
        assert_eq!(range("bytes 0-0/*").and_then(|range| range.total), None);
        for text in [
            "bytes 5-9/9",
            "bytes 9-5/10",
            "bytes -5/10",
            "items 0-1/2",
            "bytes +1-2/9",
            "",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
        let headers = headers(&[("content-range", "bytes */77")]);
        assert_eq!(ContentRange::unsatisfied_total(&headers), Some(77));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_of_the_servers_clock() {
        let wait = |lines: &[(&'static str, &str)]| retry_after(&headers(lines));
        assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        let date = ("date", "Thu, 26 Nov 2026 12:00:00 GMT");
        let until = ("retry-after", "Thu, 26 Nov 2026 12:00:09 GMT");
        assert_eq!(wait(&[until, date]), Some(Duration::from_secs(9)));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[]), None);
    }
}
