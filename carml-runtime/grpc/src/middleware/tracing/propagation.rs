//! The trace a client began: W3C `traceparent`, then B3 single, then B3 multi; and the one that this
//! process sends on.

use carml_config::model::Propagation;
use carml_telemetry::Decision;
use http::{HeaderMap, HeaderValue};
use opentelemetry::{
    SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceState},
};

/// W3C Trace Context, level 2: the trace's id is random.
const RANDOM: u8 = 2;

/// What a client says of its trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parent {
    /// The client's span; none if it only says whether a new trace is to be recorded.
    pub(super) span: Option<SpanContext>,
    /// Absent if the span's own flag says it.
    pub(super) decision: Option<Decision>,
}

/// What the first header that is valid says.
pub(super) fn extract(headers: &HeaderMap) -> Option<Parent> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text("traceparent")
        .and_then(|parent| traceparent(parent, headers))
        .or_else(|| text("b3").and_then(b3))
        .or_else(|| {
            let decision = match (text("x-b3-flags"), text("x-b3-sampled")) {
                (Some("1"), _) => Some(Decision::Debug),
                (_, sampled) => sampled.and_then(decision),
            };
            match (text("x-b3-traceid"), text("x-b3-spanid")) {
                (Some(trace), Some(span)) => of_b3(trace, span, decision),
                (None, None) => of_decision(decision?),
                _ => None,
            }
        })
}

/// Writes the span of a call that is sent. `is_debug` is B3's flag, which W3C does not have.
pub(super) fn inject(
    form: Propagation,
    span: &SpanContext,
    is_debug: bool,
    headers: &mut HeaderMap,
) {
    let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
    let mut put = |name: &'static str, value: String| {
        match HeaderValue::try_from(value) {
            Ok(value) if !value.is_empty() => headers.insert(name, value),
            _ => headers.remove(name),
        };
    };
    let decision = match (is_debug, span.is_sampled()) {
        (true, _) => "d",
        (false, true) => "1",
        (false, false) => "0",
    };
    match form {
        Propagation::W3c => {
            put("traceparent", format!("00-{trace}-{id}-{flags:02x}"));
            put("tracestate", span.trace_state().header());
        }
        Propagation::B3 => put("b3", format!("{trace}-{id}-{decision}")),
        Propagation::B3multi => {
            put("x-b3-traceid", trace.to_string());
            put("x-b3-spanid", id.to_string());
            // The flag has a header of its own, and says that the trace is recorded.
            let (sampled, flags) = match is_debug {
                true => ("", "1"),
                false => (decision, ""),
            };
            put("x-b3-sampled", sampled.to_owned());
            put("x-b3-flags", flags.to_owned());
        }
    }
}

/// `version-trace-parent-flags`; a later version may have more parts.
fn traceparent(text: &str, headers: &HeaderMap) -> Option<Parent> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_valid = version.len() == 2
        && is_hex(version)
        && version != "ff"
        && trace.len() == 32
        && flags.len() == 2
        && is_hex(flags)
        && (version != "00" || parts.next().is_none());
    if !is_valid {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    // Of a version that is not known, only the sampled flag is.
    let known = if version == "00" {
        TraceFlags::SAMPLED.to_u8() | RANDOM
    } else {
        1
    };
    let flags = TraceFlags::new(flags & known);
    Some(Parent {
        span: Some(context(trace, span, flags, tracestate(headers))?),
        decision: None,
    })
}

/// One list of all headers; an invalid one is dropped, and the trace goes on (W3C, 3.3.1.2).
fn tracestate(headers: &HeaderMap) -> TraceState {
    let values = headers.get_all("tracestate").iter();
    let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let members = values.join(",");
    let members = members
        .split(',')
        .map(str::trim)
        .filter(|member| !member.is_empty());
    let list: Vec<&str> = members.take(32).collect();
    if list.is_empty() {
        return TraceState::default();
    }
    list.join(",").parse().unwrap_or_default()
}

/// `trace-span[-decision[-parent]]`, or the decision alone.
fn b3(text: &str) -> Option<Parent> {
    let mut parts = text.split('-');
    let first = parts.next()?;
    let Some(span) = parts.next() else {
        return of_decision(decision(first)?);
    };
    let decision = match parts.next() {
        Some(text) => Some(decision(text)?),
        None => None,
    };
    of_b3(first, span, decision)
}

fn decision(text: &str) -> Option<Decision> {
    match text {
        "0" | "false" => Some(Decision::Drop),
        "1" | "true" => Some(Decision::Record),
        "d" => Some(Decision::Debug),
        _ => None,
    }
}

fn of_decision(decision: Decision) -> Option<Parent> {
    Some(Parent {
        span: None,
        decision: Some(decision),
    })
}

/// Without a decision of the caller, the trace is recorded.
fn of_b3(trace: &str, span: &str, decision: Option<Decision>) -> Option<Parent> {
    let flags = match decision {
        Some(Decision::Drop) => TraceFlags::default(),
        Some(Decision::Record | Decision::Debug) | None => TraceFlags::SAMPLED,
    };
    Some(Parent {
        span: Some(context(trace, span, flags, TraceState::default())?),
        decision: decision.filter(|decision| *decision == Decision::Debug),
    })
}

fn context(trace: &str, span: &str, flags: TraceFlags, state: TraceState) -> Option<SpanContext> {
    let is_valid =
        matches!(trace.len(), 16 | 32) && span.len() == 16 && is_hex(trace) && is_hex(span);
    if !is_valid {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        flags,
        true,
        state,
    );
    context.is_valid().then_some(context)
}

/// In lower case, as both formats want it.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extracted(pairs: &[(&'static str, &str)]) -> Option<Parent> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header"));
        }
        extract(&headers)
    }

    fn span(pairs: &[(&'static str, &str)]) -> Option<SpanContext> {
        extracted(pairs).and_then(|parent| parent.span)
    }

    fn trace(pairs: &[(&'static str, &str)]) -> Option<(String, u8)> {
        span(pairs).map(|c| (c.trace_id().to_string(), c.trace_flags().to_u8()))
    }

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn every_form_is_read_and_traceparent_wins() {
        let w3c = format!("00-{TRACE}-{SPAN}-01");
        let other = format!("80f198ee56343ba864fe8b2a57d3eff7-{SPAN}-0");
        let found = Some((TRACE.to_owned(), 1));
        assert_eq!(trace(&[("traceparent", &w3c), ("b3", &other)]), found);
        assert_eq!(
            trace(&[("traceparent", "wrong"), ("b3", &format!("{TRACE}-{SPAN}"))]),
            found
        );
        assert_eq!(trace(&[("b3", &format!("{TRACE}-{SPAN}-1"))]), found);
        assert_eq!(trace(&[("b3", &format!("{TRACE}-{SPAN}-1-{SPAN}"))]), found);
        let multi = [
            ("x-b3-traceid", TRACE),
            ("x-b3-spanid", SPAN),
            ("x-b3-sampled", "1"),
        ];
        assert_eq!(trace(&multi), found);
        let short = ("80f198ee56343ba8".to_owned(), 1);
        let (id, flags) = trace(&[("b3", &format!("{}-{SPAN}-1", short.0))]).expect("a trace");
        assert_eq!((id.trim_start_matches('0'), flags), (&*short.0, short.1));
    }

    #[test]
    fn an_invalid_header_begins_no_trace() {
        let zero = format!("00-{}-{SPAN}-01", "0".repeat(32));
        for wrong in [
            "",
            "00-1-2-01",
            &zero,
            &format!("00-{TRACE}-{}-01", "0".repeat(16)),
            &format!("00-{TRACE}-{SPAN}-01-x"),
            &format!("ff-{TRACE}-{SPAN}-01"),
            &format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            &format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
            &format!("00-{TRACE}-{SPAN}-0A"),
            &format!("00-{TRACE}-{SPAN}-+1"),
            &format!("0-{TRACE}-{SPAN}-01"),
        ] {
            assert_eq!(extracted(&[("traceparent", wrong)]), None, "{wrong:?}");
        }
        for wrong in [
            "",
            "2",
            "x",
            &format!("{TRACE}-{SPAN}-x"),
            &format!("{TRACE}-1-1"),
        ] {
            assert_eq!(extracted(&[("b3", wrong)]), None, "{wrong:?}");
        }
        assert_eq!(
            extracted(&[("x-b3-traceid", TRACE), ("x-b3-sampled", "1")]),
            None
        );
    }

    #[test]
    fn a_later_version_is_read_by_its_first_four_parts() {
        let later = format!("cc-{TRACE}-{SPAN}-03-what-comes-later");
        assert_eq!(
            trace(&[("traceparent", &later)]),
            Some((TRACE.to_owned(), 1))
        );
    }

    #[test]
    fn the_random_flag_and_the_tracestate_are_kept() {
        let w3c = format!("00-{TRACE}-{SPAN}-03");
        let parent = span(&[
            ("traceparent", &w3c),
            ("tracestate", "a=1"),
            ("tracestate", "b=2"),
        ]);
        let parent = parent.expect("a trace");
        assert_eq!(parent.trace_flags().to_u8(), 3);
        assert_eq!(parent.trace_state().header(), "a=1,b=2");
        let parent = span(&[("traceparent", &w3c), ("tracestate", "not a state")]);
        assert_eq!(parent.expect("a trace").trace_state().header(), "");
    }

    fn written(form: Propagation, span: &SpanContext, is_debug: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        inject(form, span, is_debug, &mut headers);
        headers
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let w3c = format!("00-{TRACE}-{SPAN}-03");
        let read = span(&[("traceparent", &w3c), ("tracestate", "a=1,b=2")]).expect("a trace");
        let headers = written(Propagation::W3c, &read, false);
        assert_eq!(headers["traceparent"], w3c);
        assert_eq!(headers["tracestate"], "a=1,b=2");
        assert_eq!(extract(&headers).and_then(|parent| parent.span), Some(read));
    }

    #[test]
    fn every_form_carries_the_trace_and_its_decision() {
        for form in [Propagation::W3c, Propagation::B3, Propagation::B3multi] {
            for flags in ["00", "01"] {
                let w3c = format!("00-{TRACE}-{SPAN}-{flags}");
                let read = span(&[("traceparent", &w3c)]).expect("a trace");
                let parent = extract(&written(form, &read, false)).expect("a trace");
                assert_eq!(parent.span, Some(read), "{form:?} {flags}");
                assert_eq!(parent.decision, None, "{form:?} {flags}");
            }
        }
        let read = span(&[("b3", &format!("{TRACE}-{SPAN}-d"))]).expect("a trace");
        let single = written(Propagation::B3, &read, true);
        assert_eq!(single["b3"], format!("{TRACE}-{SPAN}-d"));
        let multi = written(Propagation::B3multi, &read, true);
        assert_eq!(multi["x-b3-flags"], "1");
        for headers in [single, multi] {
            let parent = extract(&headers).expect("a trace");
            assert_eq!(parent.decision, Some(Decision::Debug));
        }
    }

    #[test]
    fn a_decision_is_kept_with_a_trace_and_without() {
        let deny = format!("{TRACE}-{SPAN}-0");
        assert_eq!(trace(&[("b3", &deny)]), Some((TRACE.to_owned(), 0)));
        let w3c = format!("00-{TRACE}-{SPAN}-00");
        assert_eq!(trace(&[("traceparent", &w3c)]), Some((TRACE.to_owned(), 0)));
        for (name, value, decision) in [
            ("b3", "0", Decision::Drop),
            ("b3", "1", Decision::Record),
            ("b3", "d", Decision::Debug),
            ("x-b3-sampled", "0", Decision::Drop),
            ("x-b3-sampled", "1", Decision::Record),
            ("x-b3-flags", "1", Decision::Debug),
        ] {
            let parent = extracted(&[(name, value)]).expect("a decision");
            assert_eq!(
                (parent.span, parent.decision),
                (None, Some(decision)),
                "{name}: {value}"
            );
        }
        let debug = extracted(&[("b3", &format!("{TRACE}-{SPAN}-d"))]).expect("a trace");
        assert_eq!(debug.decision, Some(Decision::Debug));
        assert!(debug.span.is_some_and(|span| span.is_sampled()));
    }
}
