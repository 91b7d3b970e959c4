//! Services with awkward names are implemented and called.
#![allow(clippy::unwrap_used)]

use carml_runtime::{
    carml_service,
    prost_types::Timestamp,
    tonic::{Code, Request, Response, Status, Streaming, codegen::tokio_stream},
};
use carml_test_proto::{
    proto::names::{bom, groups, messages, modules, options, prelude, services::v1 as api},
    shared::Owner,
};

struct Disks;
struct Cart;
struct Shelf;
struct Myself;
struct Plan;
struct Clone;
struct Boxed;
struct T;
struct Purses;
struct Wrappers;
struct Numbered;

#[carml_service]
impl api::Disks for Disks {
    async fn clone_(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }

    async fn clone_into_(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }

    async fn into_(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }

    async fn to_owned_(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }

    async fn try_into_(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }

    async fn new_(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }

    async fn connect_(
        &self,
        a: api::A,
    ) -> Result<impl tokio_stream::Stream<Item = Result<api::A, Status>> + Send + use<>, Status>
    {
        Ok(tokio_stream::once(Ok(a)))
    }

    async fn self_(
        &self,
        a: api::A,
    ) -> Result<impl tokio_stream::Stream<Item = Result<api::A, Status>> + Send + use<>, Status>
    {
        Ok(tokio_stream::once(Ok(a)))
    }

    async fn r#match(
        &self,
        all: Streaming<api::A>,
    ) -> Result<impl tokio_stream::Stream<Item = Result<api::A, Status>> + Send + use<>, Status>
    {
        Ok(all)
    }

    async fn default(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }

    async fn drop(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }

    async fn borrow(&self, (): ()) -> Result<Timestamp, Status> {
        Ok(Timestamp::default())
    }
}

#[carml_service]
impl api::cart_server::Cart for Cart {
    async fn attach(&self, client: api::CartClient) -> Result<api::CartServer, Status> {
        Ok(api::CartServer {
            name: client.name,
            inner: Some(api::cart_server::Inner { a: 1 }),
        })
    }
}

#[carml_service]
impl api::shelf_server::Shelf for Shelf {
    async fn get(
        &self,
        shelf: api::Shelf,
    ) -> Result<impl tokio_stream::Stream<Item = Result<api::Shelf, Status>> + Send + use<>, Status>
    {
        Ok(tokio_stream::once(Ok(shelf)))
    }
}

#[carml_service]
impl api::Self_ for Myself {
    async fn r#do(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }
}

#[carml_service]
impl api::PlanAB for Plan {
    async fn r#do(&self, a: api::A) -> Result<api::A, Status> {
        Ok(a)
    }
}

#[carml_service]
impl prelude::v1::Clone for Clone {
    async fn call(&self, m: prelude::v1::M) -> Result<prelude::v1::M, Status> {
        Ok(m)
    }
}

#[carml_service]
impl prelude::v1::Box_ for Boxed {
    async fn call(&self, m: prelude::v1::M) -> Result<prelude::v1::M, Status> {
        Ok(m)
    }
}

#[carml_service]
impl prelude::v1::T for T {
    async fn call(
        &self,
        m: prelude::v1::M,
    ) -> Result<
        impl tokio_stream::Stream<Item = Result<prelude::v1::M, Status>> + Send + use<>,
        Status,
    > {
        Ok(tokio_stream::once(Ok(m)))
    }
}

#[carml_service]
impl options::v1::Purses for Purses {
    async fn get(&self, request: Request<Owner>) -> Result<Response<options::v1::Purse>, Status> {
        let owner = Some(request.into_inner());
        Ok(Response::new(options::v1::Purse {
            owner,
            ..Default::default()
        }))
    }
}

#[carml_service]
impl api::Wrappers for Wrappers {
    async fn not(&self, value: bool) -> Result<bool, Status> {
        Ok(!value)
    }

    async fn add(&self, mut all: Streaming<i64>) -> Result<u32, Status> {
        let mut sum = 0;
        while let Some(value) = all.message().await? {
            sum += value;
        }
        u32::try_from(sum).map_err(|e| Status::out_of_range(e.to_string()))
    }

    async fn split(
        &self,
        value: f64,
    ) -> Result<impl tokio_stream::Stream<Item = Result<f32, Status>> + Send + use<>, Status> {
        Ok(tokio_stream::once(Ok(value as f32)))
    }

    async fn join(&self, value: String) -> Result<Vec<u8>, Status> {
        Ok(value.into_bytes())
    }

    async fn keep(&self, value: api::Xbool) -> Result<api::Xbool, Status> {
        Ok(value)
    }
}

#[carml_service]
impl api::Numbered for Numbered {
    async fn _1(
        &self,
        a: api::A,
    ) -> Result<impl tokio_stream::Stream<Item = Result<api::A, Status>> + Send + use<>, Status>
    {
        Ok(tokio_stream::once(Ok(a)))
    }
}

#[tokio::test]
async fn wrappers_are_the_types_that_they_wrap() {
    let mut client = api::WrappersClient::new(api::WrappersServer::new(Wrappers));
    assert!(client.not(false).await.unwrap().into_inner());
    let numbers = tokio_stream::iter([1, 2, 3]);
    assert_eq!(client.add(numbers).await.unwrap().into_inner(), 6);
    let mut stream = client.split(0.5).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap(), Some(0.5));

    let mut client = api::NumberedClient::new(api::NumberedServer::new(Numbered));
    let mut stream = client._1(api::A {}).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
}

#[tokio::test]
async fn calls_named_like_a_clients_own_methods_get_an_underscore() {
    let mut client = api::DisksClient::new(api::DisksServer::new(Disks));
    client.clone_(api::A {}).await.unwrap();
    client.clone_into_(api::A {}).await.unwrap();
    client.into_(api::A {}).await.unwrap();
    client.to_owned_(api::A {}).await.unwrap();
    client.try_into_(api::A {}).await.unwrap();
    client.new_(api::A {}).await.unwrap();
    client.default(api::A {}).await.unwrap();
    client.drop(api::A {}).await.unwrap();
    client.borrow(()).await.unwrap();
    for mut stream in [
        client.connect_(api::A {}).await.unwrap().into_inner(),
        client.self_(api::A {}).await.unwrap().into_inner(),
        client
            .r#match(tokio_stream::once(api::A {}))
            .await
            .unwrap()
            .into_inner(),
    ] {
        assert!(stream.message().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_service_beside_messages_of_its_clients_name_is_in_its_modules() {
    let server = api::cart_server::CartServer::new(Cart);
    let mut client = api::cart_client::CartClient::new(server);
    let name = "basket".to_owned();
    let answer = client.attach(api::CartClient { name }).await.unwrap();
    assert_eq!(answer.into_inner().name, "basket");

    let mut client = api::ShelfClient::new(api::shelf_server::ShelfServer::new(Shelf));
    let mut stream = client.get(api::Shelf { a: 7 }).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().a, 7);
}

#[tokio::test]
async fn services_named_like_types_of_the_prelude_are_called() {
    let mut client = prelude::v1::CloneClient::new(prelude::v1::CloneServer::new(Clone));
    client.call(prelude::v1::M {}).await.unwrap();
    let mut client = prelude::v1::TClient::new(prelude::v1::TServer::new(T));
    client.call(prelude::v1::M {}).await.unwrap();
    let mut client = api::PlanABClient::new(api::PlanABServer::new(Plan));
    client.r#do(api::A {}).await.unwrap();

    let mut client = api::Self_Client::new(api::Self_Server::new(Myself));
    client.r#do(api::A {}).await.unwrap();
    let mut client = prelude::v1::Box_Client::new(prelude::v1::Box_Server::new(Boxed));
    client.call(prelude::v1::M {}).await.unwrap();

    let mut other = prelude::v1::VecClient::new(prelude::v1::CloneServer::new(Clone));
    let error = other.call(prelude::v1::M {}).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_type_of_another_crate_is_an_argument() {
    let mut client = options::v1::PursesClient::new(options::v1::PursesServer::new(Purses));
    let name = "Ada".to_owned();
    let purse = client.get(Owner { name }).await.unwrap().into_inner();
    assert_eq!(purse.owner.unwrap().name, "Ada");
}

#[test]
fn messages_keep_their_values() {
    assert_eq!(bom::v1::Mark { s: "a".to_owned() }.s, "a");
    let mut maps = messages::v1::Maps::default();
    maps.insert_type_("a".to_owned(), messages::v1::Kind::Self_);
    assert_eq!(maps.get_type_("a"), Some(messages::v1::Kind::Self_));

    let m = groups::v1::M::default();
    assert_eq!(m.alias(), groups::v1::E::B);
    assert!(m.nan().is_nan() && m.infinite() == f64::NEG_INFINITY);
    assert!(m.large_double() == f64::NEG_INFINITY && m.large_float() == f32::INFINITY);
    assert_eq!((m.text(), m.least()), ("a\"b\\c\n\t{}", i64::MIN));
    assert_eq!(m.bytes(), b"\x01\"\\x");

    let inside = modules::v1::shop::Inside::default();
    assert_eq!(inside.kind(), modules::v1::shop::Kind::None);

    let small = options::v1::Money {
        cents: 1,
        ..Default::default()
    };
    let large = options::v1::Money {
        cents: 2,
        ..Default::default()
    };
    assert!(small < large && large.seal.is_empty());
}
