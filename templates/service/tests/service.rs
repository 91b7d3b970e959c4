//! The service, started as it is in production and called over gRPC.

use carml_runtime::App;
use tokio::sync::oneshot;
use tonic::Code;

use {{snake}}::{Service, config::AppConfig, proto::{{snake}}::v1 as api};

#[tokio::test]
async fn people_are_greeted_and_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = format!(
        "grpc:\n  server:\n    listen: 127.0.0.1:0\nregistry:\n  path: {}\n{{snake}}:\n  greeting: Good day\n",
        directory.path().join("test.redb").display()
    );
    let (ready, bound) = oneshot::channel();
    let (stop, stopped) = oneshot::channel();
    let app = App::<AppConfig>::new()
        .config_text("test.yml", &config)
        .service(Service::new)
        .ready(ready)
        .stop(stopped);
    let running = tokio::spawn(app.serve());
    let address = bound.await.expect("it starts");

    let url = format!("http://{address}");
    let client = api::{{Pascal}}Client::connect(url).await;
    let mut client = client.expect("it accepts");
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
    stop.send(()).expect("it runs");
    running.await.expect("no panic").expect("a clean end");
}
