/// Whether a trace is recorded, as its caller decided without naming a trace, or beyond that.
///
/// It is a value of the OpenTelemetry context that is a span's parent, where the tracer finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// B3's `1`.
    Record,
    /// B3's `0`.
    Drop,
    /// B3's `d`: it is recorded, and the collector keeps it.
    Debug,
}
