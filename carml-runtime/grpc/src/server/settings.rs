//! What the config says of connections.

use std::time::Duration;

use carml_config::{ByteSize, model};

/// The limits and times of a server's connections.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) handshake_timeout: Duration,
    pub(super) max_connections: usize,
    pub(super) max_concurrent_streams: u32,
    pub(super) max_header_list_size: u32,
    pub(super) max_local_error_resets: usize,
    pub(super) connection_window: u32,
    pub(super) stream_window: u32,
    pub(super) message_budget: u64,
    pub(super) keepalive: Option<Keepalive>,
    pub(super) max_age: Option<Duration>,
    pub(super) age_grace: Duration,
    pub(super) max_idle: Option<Duration>,
}

/// PINGs of the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keepalive {
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
}

impl Settings {
    pub(super) fn of(config: &model::GrpcServer) -> Self {
        let interval = config.keepalive.interval.get();
        Self {
            handshake_timeout: config.handshake_timeout.get(),
            max_connections: saturated(config.max_connections),
            max_concurrent_streams: saturated(config.max_concurrent_streams),
            max_header_list_size: saturated(config.max_header_list_size.bytes()),
            max_local_error_resets: saturated(config.max_local_error_resets),
            connection_window: window(config.window.connection),
            stream_window: window(config.window.stream),
            message_budget: config.message_budget.bytes(),
            keepalive: (!interval.is_zero()).then(|| Keepalive {
                interval,
                timeout: config.keepalive.timeout.get(),
            }),
            max_age: config.max_connection_age.map(carml_config::Duration::get),
            age_grace: config.max_connection_age_grace.get(),
            max_idle: config.max_connection_idle.map(carml_config::Duration::get),
        }
    }

    /// h2's builder with these limits.
    pub(super) fn http2(&self) -> h2::server::Builder {
        let mut builder = h2::server::Builder::new();
        builder
            .initial_window_size(self.stream_window)
            .initial_connection_window_size(self.connection_window)
            .max_concurrent_streams(self.max_concurrent_streams)
            .max_header_list_size(self.max_header_list_size)
            .max_local_error_reset_streams(Some(self.max_local_error_resets))
            // Small frames wait in h2 only until the task of their call runs. This is for a handler
            // that blocks its thread meanwhile.
            .data_frame_budget(saturated(u64::from(self.connection_window) * 4));
        builder
    }
}

/// HTTP/2's largest window is 2 GiB - 1, and its smallest one for a connection 64 KiB - 1.
fn window(size: ByteSize) -> u32 {
    saturated::<u32>(size.bytes()).clamp(65_535, (1 << 31) - 1)
}

fn saturated<T: TryFrom<u64> + Bounded>(value: u64) -> T {
    T::try_from(value).unwrap_or(T::MAX)
}

trait Bounded {
    const MAX: Self;
}

impl Bounded for u32 {
    const MAX: Self = Self::MAX;
}

impl Bounded for usize {
    const MAX: Self = Self::MAX;
}
