//! The hook `syslog`.

mod format;
mod transport;

use std::time::Duration;

use carml_config::Config;

use self::{
    format::{Format, Sender},
    transport::Transport,
};
use super::run::{Failure, Refused, Sink};
use crate::{Error, line::Line, queue::Batch};

/// How many bytes are formatted before they are written.
const CHUNK: usize = 64 << 10;

pub(super) struct Syslog {
    sender: Sender,
    format: Format,
    transport: Transport,
}

impl Syslog {
    pub(super) fn new(config: &Config) -> Result<Self, Error> {
        let settings = config.logger.syslog.clone().unwrap_or_default();
        let transport = Transport::new(&settings)?;
        Ok(Self {
            sender: Sender::new(&crate::app_name(&config.app), settings.facility),
            format: transport.format(),
            transport,
        })
    }
}

impl Sink for Syslog {
    const NAME: &'static str = "the log hook `syslog`";
    const LINGER: Duration = Duration::from_millis(5);

    async fn send(&mut self, batch: &mut Batch, _: &mut Refused) -> Result<(), Failure> {
        self.transport.connect().await.map_err(Failure::new)?;
        let mut sent = 0;
        let mut frames = Vec::new();
        let mut message = Vec::new();
        let mut waiting = 0;
        let mut outcome = Ok(());
        for line in batch.lines() {
            if let Some(line) = Line::read(line) {
                message.clear();
                self.sender.write(&mut message, self.format, &line);
                self.transport.frame(&mut frames, &message);
            }
            waiting += 1;
            if self.transport.is_datagram() || frames.len() >= CHUNK {
                outcome = self.transport.write(&frames).await;
                if outcome.is_err() {
                    break;
                }
                frames.clear();
                sent += std::mem::take(&mut waiting);
            }
        }
        if outcome.is_ok() && !frames.is_empty() {
            outcome = self.transport.write(&frames).await;
        }
        if outcome.is_ok() {
            sent += waiting;
        }
        batch.remove_first(sent);
        outcome.map_err(Failure::new)
    }
}
