//! The config module, and what makes its root type one that the runtime loads.

use crate::schema::Module;

pub(super) fn module(module: &Module) -> String {
    let mut code = module.code.clone();
    if module.extends_base {
        let (root, schema) = (&module.root, module.bundle.to_string());
        let schema = proc_macro2::Literal::string(&schema);
        code.push_str(&format!(
            "
impl ::carml_runtime::config::Root for {root} {{
    const SCHEMA: &'static str = {schema};
}}
"
        ));
    }
    let mut text = String::from(
        "\
/// The config, generated from its schema.
#[allow(clippy::all, clippy::pedantic, clippy::nursery, missing_docs)]
pub mod config {
",
    );
    for line in code.lines() {
        if !line.is_empty() {
            text.push_str("    ");
            text.push_str(line);
        }
        text.push('\n');
    }
    text.push_str("}\n");
    text
}
