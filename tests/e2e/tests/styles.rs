//! The four kinds of calls, with plain handlers and with tonic's types.
#![allow(clippy::unwrap_used)]

use carml_runtime::Service as _;
use carml_test_e2e::{Parrot, line, proto::carml::test::v1::EchoClient};
use futures_util::{StreamExt as _, stream};

#[tokio::test]
async fn all_four_kinds_of_calls_answer_over_a_socket() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(Parrot.into_server())
            .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener)),
    );
    let mut client = EchoClient::connect(url).await.unwrap();

    let said = client.say(line("hello", 0)).await.unwrap().into_inner();
    assert_eq!(said.text, "hello");
    let refused = client.say(line("", 0)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);

    let repeated = client.repeat(line("again", 3)).await.unwrap().into_inner();
    let counts: Vec<u32> = repeated.map(|line| line.unwrap().count).collect().await;
    assert_eq!(counts, [0, 1, 2]);

    let joined = client
        .join(stream::iter([line("a", 0), line("b", 0)]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(joined.text, "ab");

    let chat = client
        .chat(stream::iter([line("x", 0), line("y", 0)]))
        .await
        .unwrap()
        .into_inner();
    let texts: Vec<String> = chat.map(|line| line.unwrap().text).collect().await;
    assert_eq!(texts, ["x", "y"]);
}
