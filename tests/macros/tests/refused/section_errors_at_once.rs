use carml_runtime::ConfigSection;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema, ConfigSection)]
#[carml(sektion = "limits")]
struct Misspelt<T> {
    #[carml(default = 3)]
    per_hour: T,
}

#[derive(Deserialize, JsonSchema, ConfigSection)]
struct Unnamed(u32);

#[derive(Deserialize, JsonSchema, ConfigSection)]
#[carml(section = "Rate-Limits", section = "limits")]
enum Kind {
    Small,
}

#[derive(Deserialize, JsonSchema, ConfigSection)]
#[carml(section = limits)]
struct NoText {
    per_hour: u32,
}

fn main() {}
