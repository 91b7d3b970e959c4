//! What ends a service, and what ends the process if the service does not end.

use std::{future::pending, io, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

use super::AppError;
use crate::config::model::ShutdownSettings;

/// How long after its deadline a drain may take to end by itself.
const GRACE: Duration = Duration::from_millis(500);

/// SIGTERM, SIGINT, and a request of the program that embeds the app.
pub(super) struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    request: Option<oneshot::Receiver<()>>,
}

impl Stop {
    pub(super) fn new(request: Option<oneshot::Receiver<()>>) -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            request,
        })
    }

    /// Waits for the next of them.
    pub(super) async fn asked(&mut self) {
        let request = async {
            match &mut self.request {
                Some(request) => {
                    let _ = request.await;
                }
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = request => self.request = None,
        }
    }
}

/// Ends the process when the drain has not, from a thread of its own.
///
/// A handler that keeps its thread can hold up every timer and signal of the runtime, and the
/// runtime's own end: a deadline that is kept there alone would not be a hard one.
pub(super) fn spawn_watchdog(shutdown: &ShutdownSettings) -> io::Result<()> {
    let (settle, deadline) = (shutdown.settle.get(), shutdown.deadline.get());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let watch = async move {
        let mut stop = Stop::new(None)?;
        stop.asked().await;
        let error = tokio::select! {
            () = tokio::time::sleep(settle + deadline) => AppError::Deadline(deadline),
            () = stop.asked() => AppError::ForcedShutdown,
        };
        tokio::time::sleep(GRACE).await;
        carml_telemetry::flush();
        error.print();
        std::process::exit(1)
    };
    let thread = std::thread::Builder::new().name("carml-end".to_owned());
    thread
        .spawn(move || -> io::Result<()> { runtime.block_on(watch) })
        .map(drop)
}
