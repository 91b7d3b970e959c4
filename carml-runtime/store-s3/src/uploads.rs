//! Uploads that have not ended. OpenDAL has no calls for them.

use carml_store::{Error, ErrorKind, Events, Upload};
use http::{Method, Request, Response};
use opendal_core::{
    Buffer, HttpBody,
    raw::{Timestamp, oio::ReadStream as _, percent_encode_path},
};
use serde::Deserialize;

use crate::{error::Context, service::Service, transport::Failure};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    upload: Vec<Listed>,
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_key_marker: String,
    #[serde(default)]
    next_upload_id_marker: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    key: String,
    upload_id: String,
    initiated: Option<String>,
}

pub(crate) async fn list(service: &Service, prefix: &str) -> Result<Vec<Upload>, Error> {
    let context = Context::new("uploads", prefix);
    let mut all = Vec::new();
    let mut markers = String::new();
    loop {
        let url = format!(
            "{}?uploads&prefix={}{markers}",
            service.url,
            encoded(prefix)
        );
        let answer = send(service, &context, "ListMultipartUploads", Method::GET, &url).await?;
        let body = answer.into_body().read_all().await;
        let body = body.map_err(|error| context.error(error))?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        let page: Page = quick_xml::de::from_str(&text).map_err(|error| {
            let message = format!("the list of uploads cannot be read: {error}");
            Error::new(ErrorKind::Io, "uploads", message).with_source(error)
        })?;
        all.extend(page.upload.into_iter().map(|upload| {
            let started = upload
                .initiated
                .and_then(|text| text.parse::<Timestamp>().ok());
            Upload {
                name: upload.key,
                id: upload.upload_id,
                started: started.map(Into::into),
            }
        }));
        if !page.is_truncated {
            return Ok(all);
        }
        markers = format!(
            "&key-marker={}&upload-id-marker={}",
            encoded(&page.next_key_marker),
            encoded(&page.next_upload_id_marker)
        );
    }
}

pub(crate) async fn abort(service: &Service, upload: &Upload) -> Result<(), Error> {
    let context = Context::new("abort_upload", &upload.name);
    let url = format!(
        "{}/{}?uploadId={}",
        service.url,
        percent_encode_path(&upload.name),
        encoded(&upload.id)
    );
    let ended = send(
        service,
        &context,
        "AbortMultipartUpload",
        Method::DELETE,
        &url,
    )
    .await;
    match ended {
        // It has ended in between.
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        ended => ended.map(drop),
    }
}

/// Signs and sends a request.
async fn send(
    service: &Service,
    context: &Context<'_>,
    op: &'static str,
    method: Method,
    url: &str,
) -> Result<Response<HttpBody>, Error> {
    let refused = |error: String| Error::new(ErrorKind::Io, "uploads", error);
    let request = Request::builder()
        .method(method)
        .uri(url)
        .body(Buffer::new());
    let request = request.map_err(|error| refused(error.to_string()))?;
    let (mut parts, body) = request.into_parts();
    if let Some(signer) = &service.signer {
        let signed = signer.sign(&mut parts, None).await;
        signed.map_err(|error| {
            let message = format!("the request cannot be signed: {error}");
            Error::new(ErrorKind::Unauthenticated, "uploads", message)
        })?;
        parts.headers.remove(http::header::HOST);
    }
    let transport = service.transport(&Events::default());
    let sent = transport.send(op, Request::from_parts(parts, body)).await;
    sent.map_err(|failure: Failure| context.failure(&failure).with_source(failure))
}

/// As a value in a query.
fn encoded(text: &str) -> String {
    percent_encode_path(text).replace('/', "%2F")
}
