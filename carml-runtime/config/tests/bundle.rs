//! `carml schema` accepts what the loader accepts, and nothing else. `CARML_AGREEMENT` sets how many
//! configs are tried.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use carml_config::{Error, Loader, Schema};
use carml_diagnostic::{Code, Format, Source};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::{Map, Value, json};

/// What the schema cannot say: rules on values that are valid by themselves.
const BEYOND_THE_SCHEMA: [Code; 7] = [
    Code::Chain,
    Code::Endpoint,
    Code::Material,
    Code::NotBuilt,
    Code::Capability,
    Code::Pair,
    Code::UnusedKey,
];

/// Whether the loader accepts a config, its rules aside.
fn loads(schema: &Schema, config: &Value) -> Result<(), String> {
    let source = Source::new("carml.json", config.to_string(), Format::Json);
    let report = match Loader::new(schema.clone()).source(source).load() {
        Ok(_) => return Ok(()),
        Err(Error::Invalid(report) | Error::Unreadable(report)) => report,
        Err(error) => return Err(format!("{error:?}")),
    };
    // The schema cannot say the bounds of a size or a duration either: they are text.
    let is_bound = |code, pointer: Option<&str>| {
        let value = pointer.and_then(|pointer| config.pointer(pointer));
        code == Code::Range && value.is_some_and(Value::is_string)
    };
    let mut errors = report.findings().iter();
    match errors.all(|error| {
        BEYOND_THE_SCHEMA.contains(&error.code) || is_bound(error.code, error.pointer.as_deref())
    }) {
        true => Ok(()),
        false => Err(report.to_string()),
    }
}

/// Numbers that follow from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Writes values that mostly fit the bundle.
struct Writer<'a> {
    bundle: &'a Value,
    /// A file that can be read.
    file: &'a str,
    random: Random,
}

impl<'a> Writer<'a> {
    fn value(&mut self, schema: &'a Value, depth: usize) -> Value {
        if depth > 6 || self.random.chance(4) {
            return self.any();
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.bundle.pointer(&reference[1..]).unwrap();
            return self.value(target, depth + 1);
        }
        if let Some(branches) = schema["oneOf"].as_array() {
            let branch = self.random.one(branches);
            return self.value(branch, depth + 1);
        }
        if let Some(properties) = schema["properties"].as_object() {
            return self.object(schema, properties, depth);
        }
        if let Some(values) = schema["enum"].as_array() {
            return self.random.one(values).clone();
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(examples) = schema["examples"]
            .as_array()
            .filter(|_| !self.random.chance(10))
        {
            return self.random.one(examples).clone();
        }
        match schema["type"].as_str() {
            Some("boolean") => json!(self.random.chance(50)),
            Some("integer") => self
                .random
                .one(&[json!(0), json!(1), json!(7), json!(4.0)])
                .clone(),
            Some("string") => json!(self.random.one(&["a", "app", "", "127.0.0.1:1"])),
            Some("array") => {
                let count = self.random.below(3);
                (0..count)
                    .map(|_| self.value(&schema["items"], depth + 1))
                    .collect()
            }
            _ => match schema["allOf"][0].is_null() {
                true => json!({}),
                false => self.value(&schema["allOf"][0], depth + 1),
            },
        }
    }

    fn object(
        &mut self,
        schema: &'a Value,
        properties: &'a Map<String, Value>,
        depth: usize,
    ) -> Value {
        let mut object = Map::new();
        for (key, property) in properties {
            // That of a middleware is one level deeper.
            let required = [&schema["required"], &schema["allOf"][0]["required"]];
            let required = required.into_iter().find_map(Value::as_array);
            let required = required.is_some_and(|keys| keys.iter().any(|own| own == key));
            if !self.random.chance(if required { 90 } else { 35 }) {
                continue;
            }
            let value = match key.ends_with("_file") {
                // A schema cannot know whether a file exists.
                true if self.random.chance(80) => json!(self.file),
                true => self
                    .random
                    .one(&[json!(""), json!(1), json!(null), json!([])])
                    .clone(),
                false => self.value(property, depth + 1),
            };
            object.insert(key.clone(), value);
        }
        if self.random.chance(3) {
            let keys: Vec<&String> = properties.keys().collect();
            let key = format!("{}_file", self.random.one(&keys));
            object.insert(key, json!(self.file));
        }
        Value::Object(object)
    }

    fn any(&mut self) -> Value {
        let values = [
            json!(null),
            json!(true),
            json!(-1),
            json!(1.5),
            json!("x"),
            json!([]),
            json!(["recover"]),
            json!({}),
            json!({ "timeout": "5s" }),
        ];
        self.random.one(&values).clone()
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code)]
struct Login {
    user: String,
    #[schemars(extend("x-carml-type" = "secret"))]
    token: String,
    #[schemars(extend("writeOnly" = true))]
    pin: Option<String>,
}

impl carml_config::Section for Login {
    const NAME: &'static str = "login";
}

fn schemas() -> Vec<(Schema, Value, jsonschema::Validator)> {
    let base = Schema::base().unwrap();
    let extended = base.with_section::<Login>().unwrap();
    let with_bundle = |schema: Schema| {
        let bundle = schema.bundled();
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&bundle).unwrap();
        (schema, bundle, validator)
    };
    [base, extended].into_iter().map(with_bundle).collect()
}

fn agree(
    (schema, _, validator): &(Schema, Value, jsonschema::Validator),
    config: &Value,
) -> Result<bool, String> {
    let loads = loads(schema, config);
    let fits = validator
        .validate(config)
        .map_err(|error| error.to_string());
    if loads.is_ok() == fits.is_ok() {
        return Ok(fits.is_ok());
    }
    Err(format!("{config:#}\nloader: {loads:?}\nbundle: {fits:?}"))
}

fn secret_file(folder: &Path) -> String {
    let file = folder.join("secret");
    std::fs::write(&file, "hunter2").unwrap();
    file.display().to_string()
}

#[test]
fn the_bundle_knows_the_files_of_every_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret_file(folder.path());
    let schemas = schemas();
    let login = |login: Value| json!({ "login": login });
    for (at, config, valid) in [
        (0, json!({ "registry": { "certificate_file": file } }), true),
        (0, json!({ "registry": { "password_file": file } }), true),
        (
            0,
            json!({ "registry": { "password_file": file, "password": "a" } }),
            false,
        ),
        (0, json!({ "registry": { "provider_file": file } }), false),
        (1, login(json!({ "user": "a", "token_file": file })), true),
        (
            1,
            login(json!({ "user": "a", "token": "b", "pin_file": file })),
            true,
        ),
        (1, login(json!({ "user": "a" })), false),
        (
            1,
            login(json!({ "user": "a", "token": "b", "token_file": file })),
            false,
        ),
        (1, login(json!({ "user_file": file, "token": "b" })), false),
    ] {
        assert_eq!(agree(&schemas[at], &config), Ok(valid), "{config}");
    }
}

#[test]
fn the_bundle_accepts_what_the_loader_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret_file(folder.path());
    let schemas = schemas();
    let (mut valid, mut invalid) = (0, 0);
    let mut runner = TestRunner::default();
    let strategy = (1..u64::MAX, 0..schemas.len());
    let cases = match std::env::var("CARML_AGREEMENT") {
        Ok(cases) => cases.parse().unwrap(),
        Err(_) => 4_000,
    };
    for _ in 0..cases {
        let (seed, at) = strategy.new_tree(&mut runner).unwrap().current();
        let mut writer = Writer {
            bundle: &schemas[at].1,
            file: &file,
            random: Random(seed),
        };
        let config = match writer.value(&schemas[at].1, 0) {
            config @ Value::Object(_) => config,
            _ => continue,
        };
        match agree(&schemas[at], &config) {
            Ok(true) => valid += 1,
            Ok(false) => invalid += 1,
            Err(difference) => panic!("{difference}"),
        }
    }
    assert!(
        valid > 100 && invalid > 100,
        "{valid} valid, {invalid} invalid"
    );
}

/// What an alternative is written as.
fn name(alternative: &Value) -> &Value {
    // If the options are optional, the first form is the name alone.
    let alone = alternative
        .get("const")
        .or(alternative["oneOf"][0].get("const"));
    let name = alone.unwrap_or(&alternative["allOf"][0]["required"][0]);
    assert!(name.is_string(), "{alternative}");
    name
}

#[test]
fn editors_are_told_what_to_write_and_offer_each_middleware_once() {
    let bundle = Schema::base().unwrap().bundled();
    let duration = &bundle["$defs"]["types"]["$defs"]["duration"];
    assert_eq!(
        duration["patternErrorMessage"],
        "write it like `5s`, `1m30s`, `250ms`"
    );
    for side in ["server_middleware", "client_middleware"] {
        let items = bundle["$defs"]["grpc"]["$defs"][side]["oneOf"]
            .as_array()
            .unwrap();
        for item in items {
            assert_eq!(&item["title"], name(item), "{item}");
            // A key that is required beside it is offered twice.
            assert!(item.get("required").is_none(), "{item}");
        }
    }
}
