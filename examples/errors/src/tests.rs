use std::time::Duration;

use carml_runtime::{App, testing};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{configure, proto::accounts::v1::*};

fn open(email: &str, age: u32) -> OpenRequest {
    let email = email.to_owned();
    OpenRequest { email, age }
}

#[tokio::test]
async fn a_client_reads_the_details() {
    let app = configure(App::new().config_file("carml.yml"));
    let server = testing::start(app).await.unwrap();
    let mut client = AccountsClient::new(server.channel().await.unwrap());

    let status = client.open(open("ada", 7)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_details_bad_request().unwrap();
    let fields: Vec<_> = details.field_violations.iter().map(|v| &*v.field).collect();
    assert_eq!(fields, ["email", "age"]);

    client.open(open("ada@example.com", 36)).await.unwrap();
    let status = client.open(open("ada@example.com", 36)).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    let info = status.get_details_error_info().unwrap();
    assert_eq!(
        (&*info.reason, &*info.domain),
        ("EMAIL_TAKEN", "accounts.example.com")
    );

    client.open(open("grace@example.com", 85)).await.unwrap();
    let status = client.open(open("alan@example.com", 41)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let retry = status.get_details_retry_info().unwrap();
    assert_eq!(retry.retry_delay, Some(Duration::from_secs(60)));
}
