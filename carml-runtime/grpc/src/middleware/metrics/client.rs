//! The numbers of a client, by target and method: made when a method is first called.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use carml_telemetry::metrics::{Exposition, Histogram, Kind};
use tonic::Code;

use super::{Call, Place, calls::CODES};
use crate::{ByMethod, code};

/// What calls a service has made, of all its targets.
#[derive(Debug, Default)]
pub(crate) struct ClientCalls {
    targets: Mutex<Vec<Arc<TargetCalls>>>,
    is_registered: OnceLock<()>,
}

/// The calls of one target.
#[derive(Debug, Default)]
pub(crate) struct TargetCalls {
    address: String,
    port: String,
    methods: ByMethod<Series>,
}

/// The calls of one method.
#[derive(Debug, Default)]
pub(crate) struct Series {
    by_code: [Histogram; CODES],
}

impl Series {
    pub(super) fn ended(&self, call: &Call, code: Code) {
        self.by_code[code as usize].observe(call.started.elapsed());
    }
}

impl TargetCalls {
    pub(super) fn of_method(&self, method: &str) -> Arc<Series> {
        self.methods.of(method)
    }
}

impl ClientCalls {
    /// Those of the target of a chain.
    pub(super) fn of_target(self: &Arc<Self>, place: &Place) -> Arc<TargetCalls> {
        let Some(target) = place.target() else {
            // The list is only checked.
            return Arc::default();
        };
        self.is_registered.get_or_init(|| {
            let calls = Arc::clone(self);
            place.metrics.register(move |out: &mut _| calls.write(out));
        });
        let address = target.authority.host();
        let port = target.authority.port();
        let port = port.map_or_else(String::new, |port| port.to_string());
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        // Two targets with one address have the same labels.
        let is_same = |known: &&Arc<TargetCalls>| known.address == address && known.port == port;
        if let Some(known) = targets.iter().find(is_same) {
            return Arc::clone(known);
        }
        let calls = Arc::new(TargetCalls {
            address: address.to_owned(),
            port,
            methods: ByMethod::default(),
        });
        targets.push(Arc::clone(&calls));
        calls
    }

    fn write(&self, out: &mut Exposition) {
        let mut family = out.family(
            "rpc_client_call_duration_seconds",
            Kind::Histogram,
            "How long calls took, from their beginning to the end of the answer.",
        );
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        for target in &*targets {
            for (method, series) in target.methods.all() {
                for (at, histogram) in series.by_code.iter().enumerate() {
                    let reading = histogram.read();
                    if reading.count() == 0 {
                        continue;
                    }
                    let code = Code::from_i32(i32::try_from(at).unwrap_or_default());
                    let name = code::name(code);
                    let mut labels = vec![
                        ("rpc_system_name", "grpc"),
                        ("rpc_method", &*method),
                        ("rpc_status_code", name),
                        ("server_address", &*target.address),
                    ];
                    if !target.port.is_empty() {
                        labels.push(("server_port", &target.port));
                    }
                    if code != Code::Ok {
                        labels.push(("error_type", name));
                    }
                    family.histogram(&labels, &reading);
                }
            }
        }
    }
}
