//! Server, client and bidirectional streaming. No stream holds up a drain.

use std::{process::ExitCode, time::Duration};

use carml_runtime::{App, Shutdown, carml_service, config::Config};
use futures_util::{Stream, StreamExt as _};
use tokio_stream::wrappers::IntervalStream;
use tonic::{Status, Streaming};

carml_runtime::include_generated!();

use proto::readings::v1::{Reading, Readings, ReadingsServer, Summary, WatchRequest};

struct Sensors {
    shutdown: Shutdown,
}

#[carml_service]
impl Readings for Sensors {
    async fn watch(
        &self,
        request: WatchRequest,
    ) -> Result<impl Stream<Item = Result<Reading, Status>> + Send + use<>, Status> {
        if request.interval_ms == 0 {
            return Err(Status::invalid_argument("`interval_ms` must be positive"));
        }
        let interval = Duration::from_millis(request.interval_ms.into());
        let ticks = IntervalStream::new(tokio::time::interval(interval));
        let readings = ticks.map(|_| Ok(Reading { celsius: 21.5 }));
        // This stream has no end of its own: end it with UNAVAILABLE when the drain begins.
        Ok(self.shutdown.end(readings))
    }

    async fn upload(&self, mut readings: Streaming<Reading>) -> Result<Summary, Status> {
        let mut summary = Summary::default();
        loop {
            tokio::select! {
                reading = readings.message() => match reading? {
                    Some(reading) => summary.add(&reading),
                    None => return Ok(summary),
                },
                // The client decides when it ends: a drain must not wait for it.
                () = self.shutdown.begun() => {
                    return Err(Status::unavailable("the server is draining"));
                }
            }
        }
    }

    async fn average(
        &self,
        readings: Streaming<Reading>,
    ) -> Result<impl Stream<Item = Result<Summary, Status>> + Send + use<>, Status> {
        let mut summary = Summary::default();
        // The next reading is read when the client has taken the last answer.
        let answers = readings.map(move |reading| {
            summary.add(&reading?);
            Ok(summary)
        });
        Ok(self.shutdown.end(answers))
    }
}

impl Summary {
    /// Readings are not kept: a client may send any number of them.
    fn add(&mut self, reading: &Reading) {
        self.count += 1;
        self.mean += (reading.celsius - self.mean) / self.count as f64;
    }
}

fn configure(app: App<Config>) -> App<Config> {
    app.service(|context| {
        let shutdown = context.shutdown().clone();
        Ok(Sensors { shutdown })
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    configure(App::from_args()).run().await
}

#[cfg(test)]
mod tests;
