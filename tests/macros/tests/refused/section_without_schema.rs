use carml_runtime::ConfigSection;
use serde::Deserialize;

#[derive(Deserialize, ConfigSection)]
#[carml(section = "limits")]
struct Limits {
    per_hour: u32,
}

fn main() {}
