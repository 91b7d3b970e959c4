use carml_runtime::{App, testing};
use tonic::Code;

use crate::{configure, proto::jobs::v1::*};

fn run(job: &str) -> RunRequest {
    let job = job.to_owned();
    RunRequest { job }
}

#[tokio::test]
async fn a_job_runs_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.redb");
    let app = App::new()
        .config_file("carml.yml")
        .set(format!("registry.path={}", file.display()));
    let server = testing::start(configure(app)).await.unwrap();
    let client = JobsClient::new(server.channel().await.unwrap());
    let (mut one, mut two, mut three) = (client.clone(), client.clone(), client);

    let (first, second, other) = tokio::join!(
        one.run(run("backup")),
        two.run(run("backup")),
        three.run(run("report")),
    );
    let refused = match (first, second) {
        (Ok(reply), Err(error)) | (Err(error), Ok(reply)) => {
            assert_eq!(reply.into_inner().runs, 1);
            error
        }
        both => panic!("one of them must be refused: {both:?}"),
    };
    assert_eq!(refused.code(), Code::Aborted);
    assert_eq!(other.unwrap().into_inner().runs, 1);

    let again = one.run(run("backup")).await.unwrap();
    assert_eq!(again.into_inner().runs, 2);
}
