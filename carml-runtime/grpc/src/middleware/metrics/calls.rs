//! The numbers: made at start, one set per method.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use carml_telemetry::metrics::{Exposition, Histogram, Kind, Reading};
use tonic::Code;

use super::Call;
use crate::{Methods, code};

/// How many codes gRPC has.
pub(super) const CODES: usize = 17;

/// Where the calls are that the drain ended: UNAVAILABLE, and not an error.
const DRAINED: usize = CODES;

/// What calls a server has answered, by method and status.
#[derive(Debug)]
pub struct Calls {
    methods: Methods,
    /// By their places in `methods`; the last one is for methods that no service has.
    series: Vec<Series>,
}

#[derive(Debug, Default)]
struct Series {
    started: AtomicU64,
    by_code: [Histogram; CODES + 1],
}

/// The calls of one method.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MethodCalls {
    /// `package.Service/Method`, or `_OTHER`.
    pub name: String,
    /// How many have begun.
    pub started: u64,
    /// All that have ended.
    pub ended: Reading,
    /// Those that ended with an error of the server.
    pub errors: u64,
}

impl Calls {
    pub(super) fn new(methods: Methods) -> Self {
        let series = (0..=methods.all().len()).map(|_| Series::default());
        Self {
            series: series.collect(),
            methods,
        }
    }

    /// What is counted of each method that is served, and of all others together.
    pub fn read(&self) -> Vec<MethodCalls> {
        let each = self.named().map(|(name, series)| {
            let mut calls = MethodCalls {
                name: name.to_owned(),
                started: series.started.load(Relaxed),
                ended: Reading::default(),
                errors: 0,
            };
            for (at, histogram) in series.by_code.iter().enumerate() {
                let reading = histogram.read();
                calls.ended = calls.ended.plus(&reading);
                if error_type(at).is_some() {
                    calls.errors += reading.count();
                }
            }
            calls
        });
        each.collect()
    }

    pub(super) fn started(&self, call: &Call) {
        self.series(call).started.fetch_add(1, Relaxed);
    }

    pub(super) fn ended(&self, call: &Call, code: Code) {
        let at = if call.is_drained {
            DRAINED
        } else {
            code as usize
        };
        self.series(call).by_code[at].observe(call.started.elapsed());
    }

    fn series(&self, call: &Call) -> &Series {
        let other = self.series.len() - 1;
        &self.series[call.index_in(&self.methods).unwrap_or(other)]
    }

    fn named(&self) -> impl Iterator<Item = (&str, &Series)> {
        let names = self.methods.all().iter().map(|method| method.name.as_str());
        names.chain(["_OTHER"]).zip(&self.series)
    }

    /// Writes the series of OK, and those of other codes that have occurred: most never do.
    pub(super) fn write(&self, out: &mut Exposition) {
        let mut family = out.family(
            "rpc_server_call_duration_seconds",
            Kind::Histogram,
            "How long calls took, from their arrival to the end of the answer.",
        );
        for (name, series) in self.named() {
            for (at, histogram) in series.by_code.iter().enumerate() {
                let reading = histogram.read();
                if reading.count() == 0 && (at != Code::Ok as usize || name == "_OTHER") {
                    continue;
                }
                let labels = [
                    ("rpc_system_name", "grpc"),
                    ("rpc_method", name),
                    ("rpc_status_code", code::name(code(at))),
                    ("error_type", error_type(at).unwrap_or_default()),
                ];
                let len = labels.len() - usize::from(error_type(at).is_none());
                family.histogram(&labels[..len], &reading);
            }
        }
        let mut family = out.family(
            "grpc_server_call_started_total",
            Kind::Counter,
            "How many calls have begun.",
        );
        for (name, series) in self.named() {
            let started = series.started.load(Relaxed);
            family.value(&[("grpc_method", name)], started as f64);
        }
    }
}

fn code(at: usize) -> Code {
    match at {
        DRAINED => Code::Unavailable,
        at => Code::from_i32(i32::try_from(at).unwrap_or_default()),
    }
}

/// The code as OpenTelemetry's `error.type`, if it is an error of the server.
fn error_type(at: usize) -> Option<&'static str> {
    let code = code(at);
    (at != DRAINED && code::is_server_error(code)).then(|| code::name(code))
}
