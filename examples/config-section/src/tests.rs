use carml_runtime::{App, testing};
use tonic::Code;

use crate::{configure, proto::notes::v1::*};

#[tokio::test]
async fn the_section_sets_the_limits() {
    let app = configure(App::new().config_file("carml.yml"));
    let server = testing::start(app).await.unwrap();
    let mut client = NotesClient::new(server.channel().await.unwrap());

    let text = "x".repeat(16_000);
    let reply = client.add(AddRequest { text }).await.unwrap();
    assert_eq!(reply.into_inner().bytes, 16_000);

    let text = "x".repeat(16_001);
    let error = client.add(AddRequest { text }).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_wrong_value_is_refused_at_its_line() {
    let yaml = "notes:\n  deadline: 2 sec\n  writers: 0\n  max_sise: 1kb\n";
    let app = configure(App::new().config_text("carml.yml", yaml));
    let report = app.serve().await.unwrap_err().to_string();
    for place in ["carml.yml:2:13", "carml.yml:3:12", "carml.yml:4:3"] {
        assert!(report.contains(place), "{place}: {report}");
    }
}
