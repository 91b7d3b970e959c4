//! The service, started as it is in production and called over gRPC.

use carml_runtime::{App, testing};
use tonic::Code;

use {{snake}}::{Service, config::AppConfig, proto::{{snake}}::v1 as api};

#[tokio::test]
async fn people_are_greeted_and_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = format!(
        "registry:\n  path: {}\n{{snake}}:\n  greeting: Good day\n",
        directory.path().join("test.redb").display()
    );
    let app = App::<AppConfig>::new()
        .config_text("test.yml", &config)
        .service(Service::new);
    let server = testing::start(app).await.expect("it starts");
    let channel = server.channel().await.expect("it accepts");
    let mut client = api::{{Pascal}}Client::new(channel);
    for times in 1..=3 {
        let request = api::GreetRequest {
            name: "Ada".to_owned(),
        };
        let reply = client.greet(request).await.expect("an answer").into_inner();
        assert_eq!(reply.text, "Good day, Ada!");
        assert_eq!(reply.times, times);
    }
    let nobody = client.greet(api::GreetRequest::default()).await;
    assert_eq!(nobody.expect_err("no name").code(), Code::InvalidArgument);

    drop(client);
    server.stop().await.expect("a clean end");
}
