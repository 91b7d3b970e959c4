//! What the config layer adds to serde_yaml and a bare validator, interleaved in one process:
//! parse, validate, typed. Before that, what a start takes. Ratios are printed, never asserted:
//! they depend on the machine too.
//!
//! `cargo bench -p carml-bench-config`
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    hint::black_box,
    time::{Duration, Instant},
};

use carml_diagnostic::{Format, Source};
use carml_runtime::config::{Loader, Schema};
use serde::Deserialize;

const SCHEMA: &str = include_str!("schema.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Inventory {
    version: u32,
    hosts: Vec<Host>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Host {
    name: String,
    address: String,
    port: u16,
    weight: f64,
    enabled: bool,
    tags: Vec<String>,
    labels: BTreeMap<String, String>,
    timeout: Option<String>,
    role: Role,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Primary,
    Replica,
}

/// A config of about so many bytes, as people write them.
fn yaml(bytes: usize) -> String {
    let mut text = String::from("version: 3\nhosts:\n");
    let mut n = 0;
    while text.len() < bytes {
        n += 1;
        let (a, b, port) = (n / 250 % 250, n % 250, 1 + n % 60_000);
        text.push_str(&format!(
            "  - name: host-{n}
    address: 10.0.{a}.{b}
    port: {port}
    weight: {a}.5
    enabled: true
    # where it stands
    tags: [blue, green, \"zone-{b}\"]
    labels:
      team: storage
      tier: \"{a}\"
    timeout: 5s
    role: {}
",
            if n % 3 == 0 { "primary" } else { "replica" },
        ));
    }
    text
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let schema_value: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema_value)
        .unwrap();
    let schema = Schema::parse("schema.json", SCHEMA).unwrap();
    let mut starts = Vec::new();
    for _ in 0..101 {
        let begun = Instant::now();
        let schema = Schema::base().unwrap();
        let source = Source::new("carml.yml", "app: { name: a }\n", Format::Yaml);
        let loaded = Loader::new(schema).source(source).load().unwrap();
        black_box(loaded.typed::<carml_runtime::config::Config>().unwrap());
        starts.push(begun.elapsed());
    }
    println!(
        "start: base schema and a small carml.yml, {:.2?}",
        median(&mut starts)
    );
    for (bytes, rounds) in [(10_000, 501), (1_000_000, 21), (10_000_000, 5)] {
        let text = yaml(bytes);
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let begun = Instant::now();
            let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            assert!(validator.is_valid(&value));
            black_box(Inventory::deserialize(&value).unwrap());
            bare.push(begun.elapsed());

            let begun = Instant::now();
            let source = Source::new("inventory.yml", &text, Format::Yaml);
            let loaded = Loader::new(schema.clone()).source(source).load().unwrap();
            black_box(loaded.typed::<Inventory>().unwrap());
            ours.push(begun.elapsed());
        }
        let (bare, ours) = (median(&mut bare), median(&mut ours));
        let ratio = ours.as_secs_f64() / bare.as_secs_f64();
        println!("{bytes:>10} bytes: bare {bare:>10.2?}, carml {ours:>10.2?}: {ratio:.2} times");
    }
}
