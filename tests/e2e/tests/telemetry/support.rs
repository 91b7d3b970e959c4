//! What the tests share: configs, and calls of the service.

use carml_test_e2e::line;
pub(crate) use carml_test_servers::{ask, until};

use crate::server::Server;

/// The trace that [`say`] is part of, and its span there.
pub(crate) const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
pub(crate) const PARENT: &str = "b7ad6b7169203331";

/// The config of a service on a free port, with these sections.
pub(crate) fn config(sections: &str) -> String {
    config_of("parrot", sections)
}

/// The same for a service of this name.
pub(crate) fn config_of(name: &str, sections: &str) -> String {
    format!(
        "app:\n  name: {name}\ngrpc:\n  server:\n    listen: 127.0.0.1:0\n    \
         middleware: [recover, logging, tracing]\n{sections}"
    )
}

/// A call in the trace of the client.
pub(crate) async fn say(server: &Server, text: &str) {
    let mut request = tonic::Request::new(line(text, 0));
    let parent = format!("00-{TRACE}-{PARENT}-01").parse().unwrap();
    request.metadata_mut().insert("traceparent", parent);
    let _ = server.echo().await.say(request).await;
}

/// This many calls of eight clients.
pub(crate) async fn load(server: &Server, calls: usize) {
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut client = server.echo().await;
        clients.spawn(async move {
            for _ in 0..calls / 8 {
                client.say(line("hello", 0)).await.unwrap();
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
}
