//! What needs features that are not in the build. Only a build without the feature shows it:
//! `cargo test -p carml-config --test features`.
#![cfg(not(feature = "tracing"))]
#![allow(clippy::unwrap_used)]

use carml_config::{
    Error, Loader, Schema,
    chain::{Problem, Side, plan},
};
use carml_diagnostic::{Code, Format, Severity, Source};
use serde_json::json;

fn loader(text: &str) -> Loader {
    Loader::new(Schema::base().unwrap()).source(Source::new("carml.yml", text, Format::Yaml))
}

fn refused(text: &str) -> String {
    let error = loader(text).load().unwrap_err();
    let Error::Invalid(report) = error else {
        panic!("{error:?}");
    };
    assert!(report.findings().iter().all(|f| f.code == Code::NotBuilt));
    report.to_string()
}

#[test]
fn a_listed_middleware_that_is_not_in_the_build_is_refused_at_its_line() {
    for side in ["server", "client"] {
        let report = refused(&format!(
            "grpc:\n  {side}:\n    middleware:\n      - logging\n      - tracing\n"
        ));
        for expected in [
            "the middleware `tracing` is not in this build",
            "carml.yml:5:9",
            "build with the feature `tracing` of carml-runtime, or remove `tracing`",
        ] {
            assert!(report.contains(expected), "missing {expected} in\n{report}");
        }
    }
}

#[test]
fn a_provider_that_is_not_in_the_build_is_refused_at_its_line() {
    for provider in ["consul", "etcd", "zookeeper", "redb"] {
        let endpoints = match provider {
            "redb" => "",
            _ => "  endpoints: [localhost]\n",
        };
        let report = refused(&format!("registry:\n  provider: {provider}\n{endpoints}"));
        for expected in [
            &*format!("the provider `{provider}` is not in this build"),
            "carml.yml:2:13",
            &*format!("build with the feature `{provider}` of carml-runtime"),
        ] {
            assert!(report.contains(expected), "missing {expected} in\n{report}");
        }
    }
}

#[test]
fn hooks_and_exporters_that_are_not_in_the_build_are_refused_at_their_line() {
    for (text, place, feature) in [
        ("logger:\n  hooks:\n    - syslog\n", "3:7", "syslog"),
        (
            "logger:\n  hooks: [elastic_search]\n  elastic_search: { endpoints: [h] }\n",
            "2:11",
            "elastic-search",
        ),
        (
            "tracer:\n  enabled: true\n  endpoints: [h]\n",
            "2:12",
            "zipkin",
        ),
    ] {
        let report = refused(text);
        for expected in [
            format!("carml.yml:{place}"),
            format!("build with the feature `{feature}` of carml-runtime"),
        ] {
            assert!(
                report.contains(&expected),
                "missing {expected} in\n{report}"
            );
        }
    }
}

#[test]
fn it_is_a_warning_where_the_config_is_only_validated() {
    let text = "grpc:\n  server:\n    middleware: [tracing]\n";
    let loaded = loader(text).placeholders_as_warnings().load().unwrap();
    let findings = loaded.warnings().findings();
    let mut chain = findings.iter().filter(|f| f.message.contains("`tracing`"));
    assert_eq!(chain.next().unwrap().severity, Severity::Warning);
}

#[test]
fn the_default_chain_is_of_what_the_build_has() {
    let loaded = loader("{}").load().unwrap();
    assert!(loaded.warnings().is_empty());
    for side in [Side::Server, Side::Client] {
        assert_eq!(
            loaded.chain(side).unwrap().to_string(),
            "recover > logging > max_message_size(receive 4mib)"
        );
    }
}

#[test]
fn a_list_from_elsewhere_is_refused_too() {
    let problems = plan(Side::Server, &[json!("tracing")], |_| false).unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert!(matches!(problem, Problem::NotBuilt { index: 0, .. }));
}
