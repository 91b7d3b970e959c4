//! Watches that survive a broken connection.

use std::time::Duration;

use carml_runtime::kv::{
    Batch, Error, ErrorKind, Key, Revision, SnapshotReason, WatchStart, WatchStatus, WatchStream,
    contract::*,
};
use futures_util::stream;
use tokio::sync::watch;
use tonic::{Status, Streaming};

use super::{KvClient, calls::answer};
use crate::{
    api::{self, WatchResponse, watch_response},
    convert,
};

/// The pause between two attempts to reconnect.
const MAX_BACKOFF: Duration = Duration::from_secs(2);
const MIN_BACKOFF: Duration = Duration::from_millis(50);

impl Watch for KvClient {
    fn watch(&self, key: Key, from: WatchStart) -> Answer<'_, WatchStream> {
        Box::pin(ReconnectingWatch::begin(
            self.clone(),
            Subject::Key(key),
            from,
        ))
    }
}

impl WatchTree for KvClient {
    fn watch_tree(&self, dir: Option<Key>, from: WatchStart) -> Answer<'_, WatchStream> {
        Box::pin(ReconnectingWatch::begin(
            self.clone(),
            Subject::Tree(dir),
            from,
        ))
    }
}

enum Subject {
    Key(Key),
    Tree(Option<Key>),
}

struct ReconnectingWatch {
    kv: KvClient,
    subject: Subject,
    /// Where to resume: after the last complete batch.
    from: WatchStart,
    messages: Option<Streaming<WatchResponse>>,
    pause: Duration,
    status: watch::Sender<WatchStatus>,
}

impl ReconnectingWatch {
    async fn begin(kv: KvClient, subject: Subject, from: WatchStart) -> Result<WatchStream, Error> {
        let (status, states) = watch::channel(WatchStatus::Live);
        let mut this = ReconnectingWatch {
            kv,
            subject,
            from,
            messages: None,
            pause: MIN_BACKOFF,
            status,
        };
        this.messages = Some(this.open().await?);
        let next = |mut this: ReconnectingWatch| async move {
            let batch = this.next().await?;
            Ok(Some((batch, this)))
        };
        Ok(WatchStream::new(stream::try_unfold(this, next), states))
    }

    async fn open(&self) -> Result<Streaming<WatchResponse>, Error> {
        let mut client = self.kv.client.clone();
        let after_revision = convert::to_after(self.from);
        match &self.subject {
            Subject::Key(key) => {
                let key = key.to_string();
                let request = api::WatchRequest {
                    key,
                    after_revision,
                };
                answer("watch", client.watch(request).await)
            }
            Subject::Tree(dir) => {
                let request = api::WatchTreeRequest {
                    directory: dir.as_ref().map_or_else(String::new, Key::to_string),
                    after_revision,
                };
                answer("watch_tree", client.watch_tree(request).await)
            }
        }
    }

    /// The next complete batch; reconnects as often as needed.
    async fn next(&mut self) -> Result<Batch, Error> {
        loop {
            let error = match self.next_on_connection().await {
                Ok(Some(batch)) => {
                    self.pause = MIN_BACKOFF;
                    self.from = WatchStart::Revision(revision(&batch));
                    self.status.send_if_modified(|status| {
                        std::mem::replace(status, WatchStatus::Live) != WatchStatus::Live
                    });
                    return Ok(batch);
                }
                Ok(None) => Error::from(Status::unavailable("the server ended the watch")),
                Err(error) => error,
            };
            if !matches!(
                error.kind,
                ErrorKind::Unavailable | ErrorKind::Indeterminate | ErrorKind::Closed
            ) {
                return Err(error);
            }
            self.messages = None;
            let broken = WatchStatus::Resyncing(SnapshotReason::Disconnected);
            self.status.send_replace(broken);
            tokio::time::sleep(self.pause.mul_f64(0.5 + rand::random::<f64>() / 2.0)).await;
            self.pause = MAX_BACKOFF.min(self.pause * 2);
        }
    }

    /// A batch, assembled from its messages; `None`: the server ended the call.
    async fn next_on_connection(&mut self) -> Result<Option<Batch>, Error> {
        if self.messages.is_none() {
            self.messages = Some(self.open().await?);
        }
        let Some(messages) = &mut self.messages else {
            return Ok(None);
        };
        let (mut entries, mut events) = (Vec::new(), Vec::new());
        let mut begun = 0;
        loop {
            let message = messages.message().await.map(tonic::Response::new);
            let Some(message) = answer("watch", message)? else {
                return Ok(None);
            };
            match message.batch {
                Some(watch_response::Batch::Snapshot(part)) => {
                    let reason = convert::to_reason(part.reason());
                    // A snapshot that was read too slowly begins again.
                    if std::mem::replace(&mut begun, part.revision) != part.revision {
                        entries.clear();
                    }
                    for entry in part.entries {
                        entries.push(convert::to_entry(entry)?);
                    }
                    if !part.partial {
                        return Ok(Some(Batch::Snapshot {
                            entries,
                            revision: Revision(part.revision),
                            reason,
                        }));
                    }
                }
                Some(watch_response::Batch::Events(part)) => {
                    for event in part.events {
                        events.extend(convert::to_event(event)?);
                    }
                    if !part.partial {
                        return Ok(Some(Batch::Events {
                            revision: Revision(part.revision),
                            events,
                        }));
                    }
                }
                Some(watch_response::Batch::Progress(progress)) => {
                    let revision = Revision(progress.revision);
                    return Ok(Some(Batch::Progress { revision }));
                }
                None => {}
            }
        }
    }
}

fn revision(batch: &Batch) -> Revision {
    match batch {
        Batch::Snapshot { revision, .. }
        | Batch::Events { revision, .. }
        | Batch::Progress { revision } => *revision,
        _ => Revision::default(),
    }
}
