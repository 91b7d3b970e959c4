//! What is counted of calls and connections, with the names that gRPC gives: its proposals A66, A91,
//! A94 and A96.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use carml_grpc::{ByMethod, code};
use carml_telemetry::metrics::{Exposition, Histogram, Kind, Metrics};
use tonic::Code;

use crate::{
    connection::{Lease, Stats},
    target::Instances,
};

/// How many codes gRPC has.
const CODES: usize = 17;

/// What is counted of all targets of a service.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Vec<(Arc<Counters>, Weak<Instances>)>>);

/// What is counted of one target.
#[derive(Debug)]
pub(crate) struct Counters {
    target: String,
    methods: ByMethod<MethodCounters>,
}

/// What is counted of one method of a target.
#[derive(Debug, Default)]
pub(crate) struct MethodCounters {
    started: AtomicU64,
    ended: [Histogram; CODES],
    retries: AtomicU64,
    transparent: AtomicU64,
    hedges: AtomicU64,
    delay_nanos: AtomicU64,
}

/// An attempt that has not ended.
#[derive(Debug)]
pub(crate) struct Attempt {
    method: Option<Arc<MethodCounters>>,
    /// None when the end is counted.
    stats: Option<Arc<Stats>>,
    begun: Instant,
}

impl Registry {
    /// A registry whose numbers are in these metrics.
    pub(crate) fn of(metrics: &Metrics) -> Arc<Self> {
        let registry = Arc::<Self>::default();
        let source = Arc::clone(&registry);
        metrics.register(move |out: &mut _| source.write(out));
        registry
    }

    /// Begins to count a target.
    pub(crate) fn add(&self, target: &str, instances: &Arc<Instances>) -> Arc<Counters> {
        let counters = Arc::new(Counters {
            target: target.to_owned(),
            methods: ByMethod::default(),
        });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((Arc::clone(&counters), Arc::downgrade(instances)));
        counters
    }

    fn write(&self, out: &mut Exposition) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        methods(out, &all);
        connections(out, &all);
    }
}

fn methods(out: &mut Exposition, all: &[(Arc<Counters>, Weak<Instances>)]) {
    let each: Vec<_> = all
        .iter()
        .flat_map(|(counters, _)| {
            let methods = counters.methods.all().into_iter();
            methods.map(|(name, counted)| (&*counters.target, name, counted))
        })
        .collect();
    let mut family = out.family(
        "grpc_client_attempt_duration_seconds",
        Kind::Histogram,
        "How long attempts took, from the choice of an instance to the end of the answer.",
    );
    for (target, method, counted) in &each {
        for (at, histogram) in counted.ended.iter().enumerate() {
            let reading = histogram.read();
            if reading.count() > 0 {
                let code = Code::from_i32(i32::try_from(at).unwrap_or_default());
                let labels = [
                    ("grpc_target", *target),
                    ("grpc_method", method),
                    ("grpc_status", code::name(code)),
                ];
                family.histogram(&labels, &reading);
            }
        }
    }
    type Read = fn(&MethodCounters) -> f64;
    let counters: [(&str, &str, Read); 5] = [
        (
            "grpc_client_attempt_started_total",
            "How many attempts have begun.",
            |counted| counted.started.load(Relaxed) as f64,
        ),
        (
            "grpc_client_call_retries_total",
            "How many attempts a retry policy added.",
            |counted| counted.retries.load(Relaxed) as f64,
        ),
        (
            "grpc_client_call_transparent_retries_total",
            "How many attempts were added because no server had looked at the one before.",
            |counted| counted.transparent.load(Relaxed) as f64,
        ),
        (
            "grpc_client_call_hedges_total",
            "How many attempts a hedging policy added.",
            |counted| counted.hedges.load(Relaxed) as f64,
        ),
        (
            "grpc_client_call_retry_delay_seconds_total",
            "How long calls waited for retries.",
            |counted| counted.delay_nanos.load(Relaxed) as f64 / 1e9,
        ),
    ];
    for (name, help, read) in counters {
        let mut family = out.family(name, Kind::Counter, help);
        for (target, method, counted) in &each {
            let labels = [("grpc_target", *target), ("grpc_method", method)];
            family.value(&labels, read(counted));
        }
    }
}

fn connections(out: &mut Exposition, all: &[(Arc<Counters>, Weak<Instances>)]) {
    let each: Vec<_> = all
        .iter()
        .filter_map(|(counters, instances)| {
            let counts = instances.upgrade()?.counts().read();
            Some((&*counters.target, counts))
        })
        .collect();
    let families = [
        (
            "grpc_subchannel_open_connections",
            Kind::Gauge,
            "How many connections are open.",
        ),
        (
            "grpc_subchannel_disconnections_total",
            Kind::Counter,
            "How many connections have ended.",
        ),
        (
            "grpc_subchannel_connection_attempts_failed_total",
            Kind::Counter,
            "How many attempts to connect have failed.",
        ),
        (
            "grpc_lb_outlier_detection_ejections_enforced_total",
            Kind::Counter,
            "How often an instance was ejected because more of its calls failed.",
        ),
    ];
    for (at, (name, kind, help)) in families.into_iter().enumerate() {
        let mut family = out.family(name, kind, help);
        for (target, counts) in &each {
            family.value(&[("grpc_target", target)], counts[at] as f64);
        }
    }
}

impl Counters {
    /// Those of `/package.Service/Method`.
    pub(crate) fn of_path(&self, path: &str) -> Arc<MethodCounters> {
        self.methods.of(path.trim_start_matches('/'))
    }
}

impl MethodCounters {
    pub(crate) fn retried(&self, pause: Duration) {
        self.retries.fetch_add(1, Relaxed);
        let nanos = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        self.delay_nanos.fetch_add(nanos, Relaxed);
    }

    pub(crate) fn transparent(&self) {
        self.transparent.fetch_add(1, Relaxed);
    }

    pub(crate) fn hedged(&self) {
        self.hedges.fetch_add(1, Relaxed);
    }
}

impl Attempt {
    /// An attempt that begins now, on this instance.
    pub(crate) fn begin(counters: Option<&Arc<Counters>>, path: &str, lease: &Lease) -> Self {
        let method = counters.map(|counters| counters.of_path(path));
        if let Some(method) = &method {
            method.started.fetch_add(1, Relaxed);
        }
        let stats = Arc::clone(lease.link().stats());
        stats.begun();
        Self {
            method,
            stats: Some(stats),
            begun: Instant::now(),
        }
    }

    /// It has ended with this code.
    pub(crate) fn end(&mut self, code: Code) {
        if let Some(stats) = self.stats.take() {
            stats.ended(code == Code::Ok);
            self.observe(code);
        }
    }

    /// It says nothing about its instance.
    pub(crate) fn forget(&mut self) {
        self.stats = None;
    }

    fn observe(&self, code: Code) {
        if let Some(method) = &self.method {
            method.ended[code as usize].observe(self.begun.elapsed());
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        // The caller cancelled it.
        if self.stats.is_some() {
            self.observe(Code::Cancelled);
        }
    }
}
