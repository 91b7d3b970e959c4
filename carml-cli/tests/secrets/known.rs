//! Mistakes that people make, one by one, and every command.

use std::path::Path;
use std::process::Command;

use super::schema::OWN;

/// Configs in which `@` stands for a secret.
const TEXTS: [&str; 47] = [
    "registry:\n  password: @\n",
    "registry:\n  password: @\n  provider: etdc\n",
    "registry:\n  timeout:5s\n  \"password\":@\n",
    "registry: {timeout: soon, pqassword @, path: x}\n",
    "registry: {endpoints: [], }, password:\u{7}@\n",
    "registry:\n  endpoints: [\"app:a://@@host:99999\"]\n",
    "mine:\n  list: {@: a}\n  count: many\n",
    "{download: {credentials: [{username: &u x password @}]}}\n",
    "registry:\n  certificate:@: a\n  certificate:@: a\n  timeout: 5s\n",
    "{mine: {list: [endpoints: [, @]}}\n",
    "downloadproxy: @\n",
    "mine:\n  users: [{poin: @}]\n",
    "registry:\n  bucket: it's\n   password:&a @\n",
    "registry: {password: x, @ bucket: y}\n",
    "mine: {list\n: [timeout: 5s, @, username: *x]}\n",
    "mine: {users: [{pin: a, @}]}\n",
    "mine:\n  each,name:\n    ? a\n    : @\n    url: *u\n",
    "mine:\nmine:\n  each:\n    stray\n    \"a\":@\n",
    "registry:\n  password: &@ x\n  - stray\n",
    "registry:\nregistry:\n  password: ${UNSET:?@}\n",
    "registry:\n  provider: etdc\n  password: '@'\n",
    "registry: {password: @, provder: redb, timeout: 5}\n",
    "registry: {provder: redb, password: \"@\", timeout: 5}\n",
    "registry:\n  password: [@]\n",
    "registry:\n  password: {a: @}\n",
    "registry:\n  password: |\n    @\n    @\n  timeout: 5\n",
    "registry:\n  password: |\n    @\n   timeout: 5\n",
    "registry:\n  pasword: @\n",
    "registry:\n  password @\n  timeout: 5s\n",
    "registry:\n  password: @\n  password: @2\n",
    "registry:\n\tpassword: @\n\ttimeout: 5\n",
    "registry:\n  password: \"@\n  timeout: 5s\n",
    "registry:\n  password: @: x\n",
    "registry:\n  password: !odd @\n",
    "registry:\n  bucket: &it @\n  password: *it\n  timeout: 5\n",
    "registry:\n  passwords:\n  - @\n  - @\n  timeout: 5\n",
    "registry:\n  password: ${MY_SECRET}\n  timeout: 5\n",
    "mine:\n  url: db://app:@@host/x\n  count: many\n",
    "mine:\n  url: db://app:${DB_PASSWORD}@host/x\n  count: many\n",
    "mine:\n  each: {a: @, b: [@]}\n  some:\n    k1: @\n    k2: 5\n",
    "mine:\n  list: [@, {a: @}]\n  users:\n    - pin: @\n      pinn: @\n    - {pin: [@]}\n",
    "mine:\n  form: @\n  sink: [@]\n  short: @\n",
    "mine:\n  choice: {pin: @, more: 1}\n",
    "mine:\n  choice: {pin: {a: @}}\n",
    "mine:\n  sink: @\n---\nmine:\n  sink: @\n",
    "mine:\n  each:\n    a: @\n   b: @\n",
    "registry:\n  certificate: |\n    -----BEGIN PRIVATE KEY-----\n    @\n    -----END PRIVATE KEY-----\n  timeout: 5\n",
];

/// Everything that the commands print about one config.
fn outputs(text: &str, secret: &str, most: usize) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("app.json", OWN);
    file(
        "carml.yml",
        &text
            .replace('@', secret)
            .replace(&format!("{secret}host"), "@host"),
    );
    file("held", secret);
    let set = |key: &str| ["--set".to_owned(), format!("{key}={secret}")];
    // CarML's own schema knows nothing of a user's section.
    let base = if text.starts_with("registry") {
        "validate carml.yml"
    } else {
        "explain chain --schema app.json"
    };
    let mut runs: Vec<Vec<String>> = vec![
        words(base),
        words("validate --schema app.json carml.yml"),
        words("validate --schema app.json --format json carml.yml"),
        words("validate --schema app.json --format github carml.yml"),
        words("explain --schema app.json"),
        words("check --offline --schema app.json"),
        words("check --offline --schema app.json --format json"),
    ];
    for key in ["registry", "mine", "registry.password"] {
        runs.push(words(&format!("explain {key} --schema app.json")));
    }
    for key in [
        "registry.password",
        "registry.pasword",
        "mine.each.a",
        "mine.count.pin",
    ] {
        let mut run = words("explain --schema app.json");
        run.extend(set(key));
        runs.push(run);
    }
    let with_file = ["--set".to_owned(), "registry.password_file=held".to_owned()];
    let mut run = words("explain registry --schema app.json");
    run.extend(with_file);
    runs.push(run);
    runs.into_iter()
        .take(most)
        .map(|run| (run.join(" "), output(folder.path(), &run, secret)))
        .collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn output(folder: &Path, run: &[String], secret: &str) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_carml"))
        .args(run)
        .current_dir(folder)
        .env_clear()
        .env("MY_SECRET", secret)
        .env("DB_PASSWORD", secret)
        .env("CARML__MINE__EACH__B", secret)
        .output()
        .unwrap();
    assert!(matches!(out.status.code(), Some(0..=2)), "{run:?}: {out:?}");
    String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap()
}

#[test]
fn a_planted_secret_appears_in_no_output() {
    for text in TEXTS {
        for (run, seen) in outputs(text, "hunter2-Zq9", usize::MAX) {
            let run = run.replace("hunter2-Zq9", "@");
            assert!(
                !seen.contains("hunter2") && !seen.contains("Zq9"),
                "{text}\n{run}\n{seen}"
            );
        }
    }
}

#[test]
fn no_output_depends_on_the_length_of_a_secret() {
    // An error that follows a secret on the same line has its real column, which depends on the
    // length.
    let has_column = |text: &str| text.contains("@, ") || text.contains("@\", ");
    for text in TEXTS
        .iter()
        .filter(|t| !t.contains("@: x") && !has_column(t))
    {
        let (short, long) = (
            outputs(text, "kurzes-Wort", 3),
            outputs(text, "ein-viel-laengeres-Wort", 3),
        );
        for ((run, a), (_, b)) in short.into_iter().zip(long) {
            assert_eq!(a, b, "{text}\n{run}");
        }
    }
}
