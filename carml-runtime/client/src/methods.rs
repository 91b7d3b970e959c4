//! Whether the names of methods in the config of a target exist.

use carml_config::model::{ClientTarget, MethodName};
use carml_grpc::Methods;

/// A name, or a policy that does not fit its methods.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodProblem {
    /// Where in the config.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<&'static str>,
}

const HEDGING: &str = "mark the methods with `option idempotency_level = NO_SIDE_EFFECTS;` or \
     `IDEMPOTENT` in their proto file, or use `retry_policy`";

/// Compares `method_config` of a target with the methods of its clients. `is_open`: services that are
/// not among them may be called, too.
pub fn check_methods(
    target: &str,
    config: &ClientTarget,
    methods: &Methods,
    is_open: bool,
) -> Vec<MethodProblem> {
    let target = target.replace('~', "~0").replace('/', "~1");
    let at = format!("/grpc/client/targets/{target}/method_config");
    let mut problems = Vec::new();
    for (n, entry) in config.method_config.iter().enumerate() {
        for (m, name) in entry.name.iter().enumerate() {
            let found = found(name, methods, is_open);
            if let Err(message) = &found {
                problems.push(MethodProblem {
                    pointer: format!("{at}/{n}/name/{m}"),
                    message: message.clone(),
                    help: None,
                });
            }
            if entry.hedging_policy.is_some() && found == Ok(false) {
                problems.push(MethodProblem {
                    pointer: format!("{at}/{n}/hedging_policy"),
                    message: format!(
                        "{} would be called several times at once, and may not be idempotent",
                        shown(name)
                    ),
                    help: Some(HEDGING),
                });
            }
        }
    }
    problems
}

/// Whether all methods of a name are idempotent. An error says that there is none.
fn found(name: &MethodName, methods: &Methods, is_open: bool) -> Result<bool, String> {
    let Some(service) = &name.service else {
        return Ok(false);
    };
    if is_open && !methods.has_service(service) {
        return Ok(false);
    }
    let name = match &name.method {
        Some(method) => format!("{service}/{method}"),
        None => service.clone(),
    };
    methods.are_idempotent(&name)
}

fn shown(name: &MethodName) -> String {
    match (&name.service, &name.method) {
        (Some(service), Some(method)) => format!("`{service}/{method}`"),
        (Some(service), None) => format!("each method of `{service}`"),
        _ => "each method".to_owned(),
    }
}
