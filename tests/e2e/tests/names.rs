//! Names that are keywords of Rust or names of tonic or the macro; a service that is generic, has
//! handlers behind `cfg`, and answers that are coerced as in a function.
#![allow(clippy::unwrap_used)]

use std::pin::Pin;

use carml_runtime::{App, carml_service, testing};
use carml_test_e2e::{
    config::AppConfig,
    proto::carml::test::names::v1::{self as api, NamesClient},
};
use futures_util::{Stream, StreamExt as _, stream};
use prost_types::Timestamp;
use tonic::{Status, Streaming};

struct Named<T>(T);

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn named(text: &str) -> api::Response {
    api::Response {
        self_: text.to_owned(),
    }
}

#[carml_service]
impl<T> api::Names for Named<T>
where
    T: Into<i64> + Copy + Send + Sync + 'static,
{
    type ConnectStream = Boxed<api::Response>;

    /// The documentation of a handler is kept.
    async fn r#type(&self, (): ()) -> Result<Timestamp, Status> {
        Ok(Timestamp {
            seconds: self.0.into(),
            nanos: 0,
        })
    }

    #[cfg(not(test))]
    async fn r#match(
        &self,
        _: api::Request,
    ) -> Result<impl Stream<Item = Result<api::Response, Status>> + Send + use<T>, Status> {
        Ok(stream::empty())
    }

    #[cfg(test)]
    async fn r#match(
        &self,
        api::Request { r#type }: api::Request,
    ) -> Result<impl Stream<Item = Result<api::Response, Status>> + Send + use<T>, Status> {
        Ok(stream::iter([Ok(named(&r#type)), Ok(named("again"))]))
    }

    async fn self_(&self, request: tonic::Request<api::Request>) -> tonic::Result<api::Response> {
        Ok(named(&request.into_inner().r#type))
    }

    async fn get_http_status(
        &self,
        requests: Streaming<api::Request>,
    ) -> Result<impl Stream<Item = Result<(), Status>> + Send + use<T>, Status> {
        Ok(requests.map(|request| request.map(drop)))
    }

    async fn new_(&self, _: api::Request) -> Result<api::Response, Status> {
        Ok(named("new"))
    }

    async fn connect_(&self, request: api::Request) -> Result<Boxed<api::Response>, Status> {
        if request.r#type.is_empty() {
            return Ok(Box::pin(stream::empty()));
        }
        Ok(Box::pin(stream::iter([Ok(named("connected"))])))
    }
}

fn request(text: &str) -> api::Request {
    api::Request {
        r#type: text.to_owned(),
    }
}

#[tokio::test]
async fn every_method_is_called_by_its_name() {
    let app = App::<AppConfig>::new().config_text("carml.yml", "");
    let server = testing::start(app.service(|_| Ok(Named(7_i32)))).await;
    let server = server.unwrap();
    let mut client = NamesClient::new(server.channel().await.unwrap());

    assert_eq!(client.r#type(()).await.unwrap().into_inner().seconds, 7);
    let matched = client.r#match(request("a")).await.unwrap().into_inner();
    let matched: Vec<String> = matched.map(|name| name.unwrap().self_).collect().await;
    assert_eq!(matched, ["a", "again"]);
    let answer = client.self_(request("b")).await.unwrap().into_inner();
    assert_eq!(answer.self_, "b");
    let requests = stream::iter([request("c"), request("d")]);
    let statuses = client.get_http_status(requests).await.unwrap();
    assert_eq!(statuses.into_inner().count().await, 2);
    let answer = client.new_(request("")).await.unwrap().into_inner();
    assert_eq!(answer.self_, "new");
    for (text, count) in [("", 0), ("e", 1)] {
        let connected = client.connect_(request(text)).await.unwrap();
        assert_eq!(connected.into_inner().count().await, count);
    }
    drop(client);
    server.stop().await.unwrap();
}
