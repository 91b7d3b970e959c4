//! The connections of the admin port.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::routes::{Answer, Routes};

/// Connections at the same time. Others are closed at once.
const MAX_CONNECTIONS: usize = 64;

/// How long a connection may take, for its one request.
const MAX_TIME: Duration = Duration::from_secs(10);

/// The longest body of a request.
const MAX_BODY: usize = 4 << 10;

/// The longest head of a request.
const MAX_HEAD: usize = 16 << 10;

/// How long the loop waits after an error.
const BACKOFF: Duration = Duration::from_secs(1);

/// Accepts connections without end.
pub(super) async fn serve(listener: TcpListener, routes: Arc<Routes>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!(%error, "the admin port cannot accept a connection");
                sleep(BACKOFF).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            continue;
        };
        let routes = Arc::clone(&routes);
        tokio::spawn(async move {
            connection(stream, routes).await;
            drop(permit);
        });
    }
}

async fn connection(stream: TcpStream, routes: Arc<Routes>) {
    let answer = service_fn(move |request| {
        let routes = Arc::clone(&routes);
        async move { Ok::<_, Infallible>(answer(&routes, request).await) }
    });
    let served = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(MAX_HEAD)
        .timer(TokioTimer::new())
        .header_read_timeout(MAX_TIME)
        .serve_connection(TokioIo::new(stream), answer);
    if let Ok(Err(error)) = timeout(MAX_TIME, served).await {
        tracing::debug!(%error, "a connection of the admin port broke");
    }
}

async fn answer(routes: &Routes, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let answer = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => routes.answer(&head, &body.to_bytes()),
        Err(_) => Answer::text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"),
    };
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, answer.content_type);
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    if let Some(allow) = answer.allow {
        headers.insert(header::ALLOW, header::HeaderValue::from_static(allow));
    }
    if answer.status == StatusCode::UNAUTHORIZED {
        let bearer = header::HeaderValue::from_static("Bearer");
        headers.insert(header::WWW_AUTHENTICATE, bearer);
    }
    response
}
