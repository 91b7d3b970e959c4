//! Names for schemas that have none of their own.

/// The name of one item of a list: `endpoints` → `endpoint`.
pub(super) fn singular(plural: &str) -> String {
    // `addresses`, `boxes`, `branches`, `hashes`, but `databases`.
    let sibilant = ["sses", "xes", "ches", "shes"];
    match plural {
        _ if sibilant.iter().any(|end| plural.ends_with(end)) => {
            plural[..plural.len() - 2].to_owned()
        }
        _ if plural.ends_with("ss") => format!("{plural}_item"),
        _ if plural.ends_with("ies") => format!("{}y", &plural[..plural.len() - 3]),
        _ if plural.ends_with('s') && plural.len() > 2 => plural[..plural.len() - 1].to_owned(),
        _ => format!("{plural}_item"),
    }
}
