//! A watch that outlives its connection.

use std::time::Duration;

use carml_runtime::kv::{
    Batch, Error, ErrorKind, From, Key, Reason, Revision, WatchStatus, WatchStream, contract::*,
};
use futures_util::stream;
use tokio::sync::watch;
use tonic::{Status, Streaming};

use super::{Remote, calls::answer};
use crate::{
    api::{self, WatchResponse, watch_response},
    convert,
};

/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_secs(2);
const SHORTEST: Duration = Duration::from_millis(50);

impl Watch for Remote {
    fn watch(&self, key: Key, from: From) -> Answer<'_, WatchStream> {
        Box::pin(Followed::begin(self.clone(), Subject::Key(key), from))
    }
}

impl WatchTree for Remote {
    fn watch_tree(&self, dir: Option<Key>, from: From) -> Answer<'_, WatchStream> {
        Box::pin(Followed::begin(self.clone(), Subject::Tree(dir), from))
    }
}

enum Subject {
    Key(Key),
    Tree(Option<Key>),
}

struct Followed {
    remote: Remote,
    subject: Subject,
    /// Where to go on: the last complete batch.
    from: From,
    messages: Option<Streaming<WatchResponse>>,
    pause: Duration,
    status: watch::Sender<WatchStatus>,
}

impl Followed {
    async fn begin(remote: Remote, subject: Subject, from: From) -> Result<WatchStream, Error> {
        let (status, states) = watch::channel(WatchStatus::Live);
        let mut followed = Followed {
            remote,
            subject,
            from,
            messages: None,
            pause: SHORTEST,
            status,
        };
        followed.messages = Some(followed.open().await?);
        let next = |mut followed: Followed| async move {
            let batch = followed.next().await?;
            Ok(Some((batch, followed)))
        };
        Ok(WatchStream::new(stream::try_unfold(followed, next), states))
    }

    async fn open(&self) -> Result<Streaming<WatchResponse>, Error> {
        let mut client = self.remote.client.clone();
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

    /// The next whole batch, over as many connections as it takes.
    async fn next(&mut self) -> Result<Batch, Error> {
        loop {
            let error = match self.whole().await {
                Ok(Some(batch)) => {
                    self.pause = SHORTEST;
                    self.from = From::Revision(revision(&batch));
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
            let broken = WatchStatus::Resyncing(Reason::Disconnected);
            self.status.send_replace(broken);
            tokio::time::sleep(self.pause.mul_f64(0.5 + rand::random::<f64>() / 2.0)).await;
            self.pause = LONGEST.min(self.pause * 2);
        }
    }

    /// A batch, put together from its messages; `None`: the server ended the call.
    async fn whole(&mut self) -> Result<Option<Batch>, Error> {
        if self.messages.is_none() {
            self.messages = Some(self.open().await?);
        }
        let Some(messages) = &mut self.messages else {
            return Ok(None);
        };
        let (mut entries, mut events) = (Vec::new(), Vec::new());
        loop {
            let message = messages.message().await.map(tonic::Response::new);
            let Some(message) = answer("watch", message)? else {
                return Ok(None);
            };
            match message.batch {
                Some(watch_response::Batch::Snapshot(part)) => {
                    let reason = convert::to_reason(part.reason());
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
