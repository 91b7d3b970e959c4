//! A socket in the file system as the address.

use std::{path::Path, time::Duration};

use carml_test_e2e::{line, proto::carml::test::v1::EchoClient};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Endpoint, Uri};

use crate::server::{Server, run};

async fn say(socket: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let socket = socket.to_owned();
    let connect = tower::service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_static("http://localhost");
    let channel = endpoint.connect_with_connector(connect).await?;
    let said = EchoClient::new(channel).say(line("hello", 0)).await?;
    Ok(said.into_inner().text)
}

#[tokio::test]
async fn a_socket_is_served_and_removed_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("parrot.sock");
    let address = format!("unix://{}", socket.display());
    let server = Server::listen(&address, "");
    assert_eq!(server.address(), address);
    assert_eq!(say(&socket).await.unwrap(), "hello");

    // Another process does not take it over.
    let yaml = format!("grpc:\n  server:\n    listen: {address}\n");
    let end = run(&yaml, &[]);
    assert_eq!(end.code, Some(1), "{end:?}");
    for expected in [
        "cannot listen on unix:///",
        "--> carml.yml:3:13",
        "no process listens",
    ] {
        assert!(end.stderr.contains(expected), "{expected}: {}", end.stderr);
    }
    assert_eq!(say(&socket).await.unwrap(), "hello");

    server.signal("TERM");
    let end = server.end().await;
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_socket_that_was_left_behind_is_replaced_and_a_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("parrot.sock");
    let address = format!("unix://{}", socket.display());
    let server = Server::listen(&address, "");
    server.signal("KILL");
    server.end().await;
    assert!(socket.exists());
    let server = Server::listen(&address, "");
    assert_eq!(say(&socket).await.unwrap(), "hello");
    drop(server);
    tokio::time::sleep(Duration::from_millis(10)).await;

    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    let end = run(
        &format!("grpc:\n  server:\n    listen: unix://{}\n", file.display()),
        &[],
    );
    assert_eq!(end.code, Some(1), "{end:?}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn a_socket_is_not_registered_without_an_address_for_others() {
    let yaml = "grpc:\n  server:\n    listen: unix:///tmp/x.sock\nregistry:\n  provider: redb\n  path: x.redb\n  discovery:\n    register: true\n";
    let end = run(yaml, &["--check"]);
    assert_eq!(end.code, Some(1), "{end:?}");
    assert!(end.stderr.contains("carml.yml:3:13"), "{}", end.stderr);
    assert!(
        end.stderr.contains("grpc.server.advertise"),
        "{}",
        end.stderr
    );
}
