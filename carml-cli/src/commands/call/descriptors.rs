//! The types of a service: from its server, or from a file.

use std::{collections::HashSet, fs, path::Path, time::Duration};

use carml_runtime::client::Channel;
use futures_util::stream;
use prost_reflect::{
    DescriptorPool,
    prost::Message as _,
    prost_types::{FileDescriptorProto, FileDescriptorSet},
};
use tonic::{Code, Request, Status};

/// No service has more files.
const MAX_FILES: usize = 10_000;

/// The descriptors in a file.
pub(in crate::commands) fn read(file: &Path) -> Result<DescriptorPool, String> {
    let shown = file.display();
    let bytes = fs::read(file).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    DescriptorPool::decode(&*bytes)
        .map_err(|error| format!("`{shown}` is not an encoded FileDescriptorSet: {error}"))
}

/// The descriptors that the server has of a service: gRPC server reflection.
pub(super) async fn ask(
    channel: &Channel,
    service: &str,
    timeout: Duration,
) -> Result<DescriptorPool, String> {
    let ended = |status: Status| match status.code() {
        Code::Unimplemented => {
            "the server has no reflection: give its messages by `--descriptor-set FILE`".to_owned()
        }
        Code::NotFound => format!("the server has no service `{service}`"),
        _ => format!(
            "cannot ask the server for `{service}`: {}",
            super::shown(&status)
        ),
    };
    let mut files = Vec::<FileDescriptorProto>::new();
    let mut known = HashSet::new();
    let mut wanted = vec![Wanted::Symbol(service.to_owned())];
    let mut is_alpha = false;
    while let Some(next) = wanted.pop() {
        if matches!(&next, Wanted::File(name) if known.contains(name)) {
            continue;
        }
        let mut found = match is_alpha {
            true => v1alpha(channel, &next, timeout).await,
            false => v1(channel, &next, timeout).await,
        };
        if !is_alpha && matches!(&found, Err(status) if status.code() == Code::Unimplemented) {
            is_alpha = true;
            found = v1alpha(channel, &next, timeout).await;
        }
        for bytes in found.map_err(ended)? {
            let file = FileDescriptorProto::decode(&*bytes)
                .map_err(|error| format!("a descriptor of the server does not parse: {error}"))?;
            if known.insert(file.name().to_owned()) {
                wanted.extend(file.dependency.iter().cloned().map(Wanted::File));
                files.push(file);
            }
        }
        if files.len() > MAX_FILES {
            return Err(format!(
                "the server has more than {MAX_FILES} files for `{service}`"
            ));
        }
    }
    DescriptorPool::from_file_descriptor_set(FileDescriptorSet { file: files })
        .map_err(|error| format!("the descriptors of the server are not complete: {error}"))
}

enum Wanted {
    Symbol(String),
    File(String),
}

/// The two versions of the service differ in their names alone.
macro_rules! version {
    ($version:ident) => {
        async fn $version(
            channel: &Channel,
            wanted: &Wanted,
            timeout: Duration,
        ) -> Result<Vec<Vec<u8>>, Status> {
            use tonic_reflection::pb::$version::{
                ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
                server_reflection_request::MessageRequest,
                server_reflection_response::MessageResponse,
            };

            let wanted = match wanted {
                Wanted::Symbol(name) => MessageRequest::FileContainingSymbol(name.clone()),
                Wanted::File(name) => MessageRequest::FileByFilename(name.clone()),
            };
            let request = ServerReflectionRequest {
                host: String::new(),
                message_request: Some(wanted),
            };
            let mut request = Request::new(stream::iter([request]));
            request.set_timeout(timeout);
            let mut client =
                ServerReflectionClient::new(channel.clone()).max_decoding_message_size(usize::MAX);
            let mut answers = client.server_reflection_info(request).await?.into_inner();
            let answer = answers.message().await?;
            match answer.and_then(|answer| answer.message_response) {
                Some(MessageResponse::FileDescriptorResponse(found)) => {
                    Ok(found.file_descriptor_proto)
                }
                Some(MessageResponse::ErrorResponse(error)) => Err(Status::new(
                    Code::from(error.error_code),
                    error.error_message,
                )),
                _ => Err(Status::internal("the server answers something else")),
            }
        }
    };
}

version!(v1);
version!(v1alpha);
