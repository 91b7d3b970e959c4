//! The clients below the backends, called as their documentation shows, with the same guarantees.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

/// Two calls on keys that exist.
pub(crate) trait Raw {
    /// A linearizable read: the length of the value.
    async fn get(&self, key: &str) -> usize;

    /// A write.
    async fn put(&self, key: &str, value: Vec<u8>);
}

pub(crate) struct Etcd(etcd_client::Client);

impl Etcd {
    pub(crate) async fn connect(endpoint: &str) -> Etcd {
        let client = etcd_client::Client::connect([format!("http://{endpoint}")], None);
        Etcd(client.await.unwrap())
    }
}

impl Raw for Etcd {
    async fn get(&self, key: &str) -> usize {
        let answer = self.0.kv_client().get(key, None).await.unwrap();
        answer.kvs()[0].value().to_vec().len()
    }

    async fn put(&self, key: &str, value: Vec<u8>) {
        let answer = self.0.kv_client().put(key, value, None).await.unwrap();
        assert!(answer.header().unwrap().revision() > 0);
    }
}

/// Consul has no client in Rust that is maintained: this is its HTTP API, with hyper.
pub(crate) struct Consul {
    client: HttpClient<HttpConnector, Full<Bytes>>,
    endpoint: String,
}

impl Consul {
    pub(crate) fn new(endpoint: &str) -> Consul {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        Consul {
            client: HttpClient::builder(TokioExecutor::new()).build(tcp),
            endpoint: endpoint.to_owned(),
        }
    }

    async fn send(&self, method: &str, path: &str, body: String) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.endpoint))
            .body(Full::from(body))
            .unwrap();
        let answer = self.client.request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }
}

impl Raw for Consul {
    async fn get(&self, key: &str) -> usize {
        let path = format!("/v1/kv/{key}?consistent");
        let answer = self.send("GET", &path, String::new()).await;
        let value = answer[0]["Value"].as_str().unwrap();
        BASE64_STANDARD.decode(value).unwrap().len()
    }

    /// A plain `PUT` of the same value would change nothing, and would not say the index.
    async fn put(&self, key: &str, value: Vec<u8>) {
        let value = BASE64_STANDARD.encode(value);
        let body = json!([
            {"KV": {"Verb": "delete", "Key": key}},
            {"KV": {"Verb": "set", "Key": key, "Value": value}},
        ]);
        let answer = self.send("PUT", "/v1/txn", body.to_string()).await;
        let index = &answer["Results"][0]["KV"]["ModifyIndex"];
        assert!(index.as_u64().unwrap() > 0);
    }
}

pub(crate) struct Zookeeper(zookeeper_client::Client);

impl Zookeeper {
    pub(crate) async fn connect(endpoint: &str) -> Zookeeper {
        Zookeeper(zookeeper_client::Client::connect(endpoint).await.unwrap())
    }
}

impl Raw for Zookeeper {
    async fn get(&self, key: &str) -> usize {
        let path = format!("/{key}");
        let (synced, read) = (self.0.sync(&path), self.0.get_data(&path));
        let (_, (data, _)) = futures_util::future::try_join(synced, read).await.unwrap();
        data.len()
    }

    async fn put(&self, key: &str, value: Vec<u8>) {
        let stat = self.0.set_data(&format!("/{key}"), &value, None).await;
        assert!(stat.unwrap().mzxid > 0);
    }
}
