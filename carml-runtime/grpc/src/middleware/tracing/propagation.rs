//! The trace a client began: W3C `traceparent`, then B3 single, then B3 multi.

use http::HeaderMap;
use opentelemetry::{
    SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceState},
};

/// The client's span, from the first header that is valid.
pub(super) fn extract(headers: &HeaderMap) -> Option<SpanContext> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text("traceparent")
        .and_then(traceparent)
        .or_else(|| text("b3").and_then(b3))
        .or_else(|| {
            let sampled = text("x-b3-sampled").or_else(|| text("x-b3-flags"));
            context(
                text("x-b3-traceid")?,
                text("x-b3-spanid")?,
                sampled_b3(sampled),
            )
        })
}

fn traceparent(text: &str) -> Option<SpanContext> {
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let well_made = version.len() == 2
        && version != "ff"
        && trace.len() == 32
        && flags.len() == 2
        && (version != "00" || parts.next().is_none());
    let flags = u8::from_str_radix(flags, 16).ok()?;
    well_made.then(|| context(trace, span, flags & 1 == 1))?
}

fn b3(text: &str) -> Option<SpanContext> {
    let mut parts = text.trim().split('-');
    let (trace, span) = (parts.next()?, parts.next()?);
    context(trace, span, sampled_b3(parts.next()))
}

/// Without a decision of the caller, the trace is recorded.
fn sampled_b3(text: Option<&str>) -> bool {
    matches!(text, None | Some("1" | "d" | "true"))
}

fn context(trace: &str, span: &str, sampled: bool) -> Option<SpanContext> {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    if !(matches!(trace.len(), 16 | 32) && span.len() == 16 && hex(trace) && hex(span)) {
        return None;
    }
    let flags = if sampled {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        flags,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extracted(pairs: &[(&'static str, &str)]) -> Option<(String, bool)> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("a header"));
        }
        extract(&headers).map(|c| (c.trace_id().to_string(), c.is_sampled()))
    }

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn every_form_is_read_and_traceparent_wins() {
        let w3c = format!("00-{TRACE}-{SPAN}-01");
        let other = format!("80f198ee56343ba864fe8b2a57d3eff7-{SPAN}-0");
        let found = Some((TRACE.to_owned(), true));
        assert_eq!(extracted(&[("traceparent", &w3c), ("b3", &other)]), found);
        assert_eq!(extracted(&[("b3", &format!("{TRACE}-{SPAN}-1"))]), found);
        assert_eq!(
            extracted(&[
                ("x-b3-traceid", TRACE),
                ("x-b3-spanid", SPAN),
                ("x-b3-sampled", "1")
            ]),
            found
        );
    }

    #[test]
    fn an_invalid_header_begins_no_trace() {
        let zero = format!("00-{}-{SPAN}-01", "0".repeat(32));
        for wrong in ["", "00-1-2-01", &zero, &format!("00-{TRACE}-{SPAN}-01-x")] {
            assert_eq!(extracted(&[("traceparent", wrong)]), None, "{wrong:?}");
        }
    }
}
