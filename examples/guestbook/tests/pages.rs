//! A book of more guests than fit into one page of the store.
#![allow(clippy::unwrap_used, missing_docs)]

use carml_runtime::{App, kv, testing};
use guestbook::{
    Book,
    config::AppConfig,
    proto::guestbook::v1::{Entry, GuestbookClient, ReadRequest, SignRequest},
};
use tonic::Code;

#[tokio::test]
async fn every_guest_is_read_whatever_their_number() {
    let folder = tempfile::tempdir().unwrap();
    let yaml = format!(
        "registry: {{ path: {}/book.redb }}",
        folder.path().display()
    );
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let app = App::<AppConfig>::new()
        .config_text("carml.yml", &yaml)
        .service(move |context| {
            let _ = sender.send(context.kv()?.clone());
            Book::new(context)
        });
    let server = testing::start(app).await.unwrap();
    let kv = receiver.await.unwrap();
    for batch in 0..25 {
        let mut txn = kv::Txn::new();
        for guest in 0..100 {
            let key = format!("guests/{batch:02}-{guest:02}").parse().unwrap();
            txn = txn.put(key, "hello");
        }
        kv.commit(txn).await.unwrap();
    }

    let mut client = GuestbookClient::new(server.channel().await.unwrap());
    let mut entries = client.read(ReadRequest {}).await.unwrap().into_inner();
    let mut names = Vec::new();
    while let Some(entry) = entries.message().await.unwrap() {
        names.push(entry.name);
    }
    assert_eq!(names.len(), 2_500);
    assert!(names.is_sorted());

    for name in ["", "a/b"] {
        let (name, text) = (name.to_owned(), String::new());
        let entry = Some(Entry { name, text });
        let error = client.sign(SignRequest { entry }).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{error}");
    }
}
