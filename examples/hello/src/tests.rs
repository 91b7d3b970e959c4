use carml_runtime::{App, testing};
use tonic::Code;

use crate::{configure, proto::hello::v1::*};

#[tokio::test]
async fn greets_by_name() {
    let app = configure(App::new().config_file("carml.yml"));
    let server = testing::start(app).await.unwrap();
    let mut client = GreeterClient::new(server.channel().await.unwrap());

    let name = "Ada".to_owned();
    let reply = client.say_hello(HelloRequest { name }).await.unwrap();
    assert_eq!(reply.into_inner().text, "Hello, Ada!");

    let error = client.say_hello(HelloRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);

    drop(client);
    server.stop().await.unwrap();
}
