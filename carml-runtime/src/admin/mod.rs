//! The admin port: HTTP for operators.
//!
//! - `http`: connections; each step has a limit, because any client may connect.
//! - `routes`: what is at which path.
//! - `facts`: what the routes show; `recent`: the calls of the last minute; `page`: the status
//!   page.

mod facts;
mod http;
mod page;
mod recent;
mod routes;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use facts::{Expiry, Facts, Readiness};
use recent::Recent;
use routes::Routes;

/// A running admin port. Dropping it closes it.
pub(crate) struct Admin {
    _tasks: [AbortOnDropHandle<()>; 2],
}

impl Admin {
    /// Serves these facts.
    pub(crate) fn start(listener: TcpListener, facts: Facts) -> Self {
        facts.measure();
        let recent = Arc::new(Recent::default());
        let follow = Arc::clone(&recent).follow(facts.calls.clone());
        let routes = Arc::new(Routes::new(facts, recent));
        Self {
            _tasks: [
                AbortOnDropHandle::new(tokio::spawn(http::serve(listener, routes))),
                AbortOnDropHandle::new(tokio::spawn(follow)),
            ],
        }
    }
}
