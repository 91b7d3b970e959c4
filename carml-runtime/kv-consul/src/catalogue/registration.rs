//! The entries of one process, and the checks that keep them.

use std::time::Duration;

use bytes::Bytes;
use carml_discovery::Registration;
use carml_kv::{BoxFuture, Error, ErrorKind, client::Call, contract::Answer};
use futures_util::future;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::{sync::watch, time::Instant};
use tokio_util::task::AbortOnDropHandle;

use crate::Consul;

/// Entries whose checks are renewed until this is dropped.
pub(super) struct CatalogueRegistration {
    consul: Consul,
    ids: Vec<String>,
    lost: watch::Receiver<Option<String>>,
    _renewals: AbortOnDropHandle<()>,
}

impl CatalogueRegistration {
    pub(super) fn start(consul: Consul, ids: Vec<String>, ttl: Duration) -> Self {
        let (reason, lost) = watch::channel(None);
        let (renewing, names) = (consul.clone(), ids.clone());
        let renewals = tokio::spawn(async move {
            let why = renew(&renewing, &names, ttl).await;
            reason.send_replace(Some(why));
        });
        Self {
            consul,
            ids,
            lost,
            _renewals: AbortOnDropHandle::new(renewals),
        }
    }

    pub(super) async fn remove_all(self) -> Result<(), Error> {
        let call = Call::cleanup("deregister");
        let removed = self.ids.iter().map(|id| {
            let path = format!("/v1/agent/service/deregister/{}", encoded(id));
            self.consul.ask_agent(&call, path, Bytes::new())
        });
        let removed = future::join_all(removed).await;
        removed.into_iter().find(Result::is_err).unwrap_or(Ok(()))
    }
}

/// Renews the checks until one of them cannot be; the reason.
async fn renew(consul: &Consul, ids: &[String], ttl: Duration) -> String {
    let (mut last, mut pause) = (Instant::now(), ttl / 3);
    // An agent that does not answer must not use up the ttl.
    let call = Call::read("renew").within(ttl / 4);
    loop {
        tokio::time::sleep(pause).await;
        let sent = Instant::now();
        let renewed = ids.iter().map(|id| {
            // As Consul names the check of a service.
            let path = format!("/v1/agent/check/pass/service:{}", encoded(id));
            consul.ask_agent(&call, path, Bytes::new())
        });
        pause = match future::try_join_all(renewed).await {
            Ok(_) => {
                last = sent;
                ttl / 3
            }
            Err(error) if error.kind == ErrorKind::LeaseLost => {
                return "the agent does not know its entry".to_owned();
            }
            Err(error) if last.elapsed() > ttl * 9 / 10 => return error.to_string(),
            Err(_) => ttl / 12,
        };
    }
}

fn encoded(id: &str) -> impl std::fmt::Display {
    utf8_percent_encode(id, NON_ALPHANUMERIC)
}

impl Registration for CatalogueRegistration {
    fn lost(&mut self) -> BoxFuture<'_, String> {
        Box::pin(async move {
            let reason = self.lost.wait_for(Option::is_some).await;
            let reason = reason.ok().and_then(|reason| reason.clone());
            reason.unwrap_or_else(|| "its renewals have ended".to_owned())
        })
    }

    fn remove(self: Box<Self>) -> Answer<'static, ()> {
        Box::pin(self.remove_all())
    }

    /// The new entries have the same ids.
    fn replaced(self: Box<Self>) {}
}
