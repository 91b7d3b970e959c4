use carml_runtime::{App, testing};
use tonic::{Code, Request};

use crate::{configure, proto::orders::v1::*};

fn request(key: &'static str) -> Request<PlaceRequest> {
    let item = "tea".to_owned();
    let mut request = Request::new(PlaceRequest { item });
    request
        .metadata_mut()
        .insert("x-api-key", key.parse().unwrap());
    request
}

#[tokio::test]
async fn only_known_callers_reach_the_handler() {
    let yaml = include_str!("../carml.yml").replace("${WEB_SHOP_KEY}", "sesame");
    let app = configure(App::new().config_text("carml.yml", &yaml));
    let server = testing::start(app).await.unwrap();
    let mut client = OrdersClient::new(server.channel().await.unwrap());

    let reply = client.place(request("sesame")).await.unwrap();
    assert_eq!(reply.into_inner().text, "tea for web-shop");
    let error = client.place(request("guess")).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn its_options_are_checked_like_every_other_key() {
    let yaml = "grpc:\n  server:\n    middleware:\n      - api_key: { clients: [] }\n";
    let app = configure(App::new().config_text("carml.yml", yaml));
    let report = app.serve().await.unwrap_err().to_string();
    assert!(report.contains("carml.yml:4:29"), "{report}");
}
