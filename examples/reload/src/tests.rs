use std::{fs, time::Duration};

use carml_runtime::{App, testing};
use tonic::transport::Channel;

use crate::{configure, proto::prices::v1::*};

async fn price(client: &mut PricesClient<Channel>) -> u64 {
    let quote = client.quote(QuoteRequest { cents: 1000 }).await.unwrap();
    quote.into_inner().cents
}

async fn wait_for(client: &mut PricesClient<Channel>, cents: u64) {
    let seen = async {
        while price(client).await != cents {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_valid_change_takes_effect_and_an_invalid_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carml.yml");
    fs::copy("carml.yml", &file).unwrap();
    let write = |discount| {
        let yaml = fs::read_to_string("carml.yml").unwrap();
        let yaml = yaml.replace("discount: 10", &format!("discount: {discount}"));
        fs::write(&file, yaml).unwrap();
    };
    let app = configure(App::new().config_file(&file));
    let server = testing::start(app).await.unwrap();
    let mut client = PricesClient::new(server.channel().await.unwrap());
    assert_eq!(price(&mut client).await, 900);

    write(20);
    wait_for(&mut client, 800).await;

    write(200); // over the limit of 90
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(price(&mut client).await, 800);

    write(50);
    wait_for(&mut client, 500).await;
}
