//! Certificates in the config of a process.

use std::{fs, path::Path, process::Command};

use carml_test_e2e::{line, proto::carml::test::v1::EchoClient};
use tonic::transport::{Certificate, Channel, ClientTlsConfig};

use crate::{
    pki::{self, Pki},
    server::{End, Server, run},
};

fn section(cert: &str, key: &str, more: &str) -> String {
    format!("    tls:\n      cert_file: {cert}\n      key_file: {key}\n{more}")
}

/// What a start and a check say of a config with this section, in which the first key is in line 5.
fn refused(section: &str) -> String {
    let yaml = format!("grpc:\n  server:\n    listen: 127.0.0.1:0\n{section}");
    let (start, check) = (run(&yaml, &[]), run(&yaml, &["--check"]));
    assert_eq!(
        (start.code, check.code),
        (Some(1), Some(1)),
        "{start:?} {check:?}"
    );
    // Each runs in a folder of its own, which a help may name.
    let help = |end: &End| end.stderr.split("process, /").next().map(str::to_owned);
    assert_eq!(help(&start), help(&check));
    assert_eq!(start.stdout, "", "nothing was served");
    start.stderr
}

#[test]
fn each_of_a_pair_is_needed_once_and_texts_are_not_shown() {
    let pki = Pki::create();
    let (cert, key) = (pki.path("server.pem"), pki.path("server.key"));
    let secret = "-----BEGIN PRIVATE KEY-----\\nc2VjcmV0\\n-----END PRIVATE KEY-----\\n";
    for (section, expected) in [
        (
            format!("    tls:\n      cert_file: {cert}\n"),
            "`key_file` or `key` is missing in",
        ),
        (
            format!("    tls:\n      key_file: {key}\n      client_auth: \"off\"\n"),
            "`cert_file` or `cert` is missing in",
        ),
        (
            section(&cert, &key, &format!("      key: \"{secret}\"\n")),
            "remove one of them",
        ),
        (
            format!("    tls:\n      cert_file: {cert}\n      key: \"{secret}\"\n"),
            "`key`",
        ),
    ] {
        let report = refused(&section);
        assert!(report.contains(expected), "{expected} in {report}");
        assert!(!report.contains("c2VjcmV0"), "{report}");
    }
}

#[test]
fn files_that_cannot_be_used_are_shown_with_their_lines() {
    let pki = Pki::create();
    let path = |name: &str| pki.path(name);
    let (cert, key) = (path("server.pem"), path("server.key"));
    fs::write(path("empty.pem"), "").unwrap();
    let half = pki.read("server.pem");
    fs::write(path("half.pem"), &half[..half.len() / 2]).unwrap();
    let wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(path("wrong.pem"), wrong).unwrap();
    let locked = Command::new("openssl")
        .args(["pkey", "-aes256", "-passout", "pass:x", "-in", &key, "-out"])
        .arg(path("locked.key"))
        .output()
        .unwrap();
    assert!(locked.status.success(), "{locked:?}");
    let authority = |name: &str, auth: &str| {
        format!(
            "      client_ca_file: {}\n      client_auth: {auth}\n",
            path(name)
        )
    };
    for (section, line, expected) in [
        (
            section("no-such.pem", &key, ""),
            5,
            [
                "cannot read `no-such.pem`",
                "relative paths start at the folder of the process",
            ],
        ),
        (
            section("/", &key, ""),
            5,
            ["cannot read `/`", "not a regular file"],
        ),
        (
            section(&path("empty.pem"), &key, ""),
            5,
            ["has no certificate", "expected PEM"],
        ),
        (
            section(&path("half.pem"), &key, ""),
            5,
            ["is not PEM", "incomplete"],
        ),
        (
            section(&path("wrong.pem"), &key, ""),
            5,
            ["cannot be parsed", "openssl x509"],
        ),
        (
            section(&path("expired.pem"), &path("expired.key"), ""),
            5,
            ["expired on 2020-01-02", "renewed"],
        ),
        (
            section(&cert, &path("client.key"), ""),
            6,
            ["does not belong to the certificate", "server.pem"],
        ),
        (
            section(&cert, &path("locked.key"), ""),
            6,
            ["is encrypted", "openssl pkey -in"],
        ),
        (
            section(&cert, &cert, ""),
            6,
            ["has no private key", "exchanged"],
        ),
        (
            section(&key, &key, ""),
            5,
            ["has no certificate", "exchanged"],
        ),
        (
            section(&cert, &key, &authority("empty.pem", "required")),
            7,
            ["has no certificate", "empty.pem"],
        ),
        (
            section(&cert, &key, &authority("ca.pem", "\"off\"")),
            7,
            ["has no effect", "client_auth: required"],
        ),
        (
            section(&cert, &key, "      client_auth: required\n"),
            7,
            ["no authority signs them", "client_ca_file"],
        ),
    ] {
        let report = refused(&section);
        let place = format!("carml.yml:{line}:");
        assert!(report.contains(&place), "{place} {report}");
        for expected in expected {
            assert!(report.contains(expected), "{expected}: {report}");
        }
    }
    // All at once, and nothing of a key.
    let report = refused(&section("no-such.pem", &path("locked.key"), ""));
    assert!(report.contains(":5:") && report.contains(":6:"), "{report}");
    let secret = fs::read_to_string(path("locked.key")).unwrap();
    let secret = secret.lines().nth(1).unwrap();
    assert!(!report.contains(secret));
}

async fn trusts(server: &Server, authority: &Path) -> bool {
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(fs::read(authority).unwrap()))
        .domain_name("localhost");
    let endpoint = Channel::from_shared(format!("https://{}", server.address())).unwrap();
    let channel = endpoint.tls_config(tls).unwrap().connect_lazy();
    EchoClient::new(channel).say(line("hello", 0)).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_replaced_while_the_server_runs() {
    let (old, new) = (Pki::create(), Pki::create());
    let folder = tempfile::tempdir().unwrap();
    let current = folder.path().join("current");
    pki::link(&current, &old.folder());
    let file = |name: &str| current.join(name).to_str().unwrap().to_owned();
    let section = section(&file("server.pem"), &file("server.key"), "");
    let server = Server::start(&section);
    let (old_authority, new_authority) = (old.folder().join("ca.pem"), new.folder().join("ca.pem"));
    assert!(trusts(&server, &old_authority).await);
    let endpoint = Channel::from_shared(format!("https://{}", server.address())).unwrap();
    let channel = endpoint
        .tls_config(old.client())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut open = EchoClient::new(channel);
    open.say(line("hello", 0)).await.unwrap();

    // The certificate is there before its key.
    let half = folder.path().join("half");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("server.pem"), new.read("server.pem")).unwrap();
    fs::write(half.join("server.key"), old.read("server.key")).unwrap();
    pki::link(&current, &half);
    let reported = server.line(|line| line["level"] == "ERROR");
    let message = reported["message"].as_str().unwrap();
    assert!(
        message.contains("not replaced") && message.contains("does not belong"),
        "{message}"
    );
    assert!(trusts(&server, &old_authority).await, "the old ones stay");

    pki::link(&current, &new.folder());
    server.line(|line| line["message"] == "the certificates of the server are replaced");
    assert!(trusts(&server, &new_authority).await);
    assert!(!trusts(&server, &old_authority).await);
    open.say(line("the connection stays", 0)).await.unwrap();
}
