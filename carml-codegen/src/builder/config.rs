//! The config module, and what makes its root type one that the runtime loads.

use quote::{format_ident, quote};

use crate::schema::Module;

pub(super) fn module(module: &Module) -> String {
    let root = format_ident!("{}", module.root);
    let schema = module.bundle.to_string();
    let loaded = module.extends_base.then(|| {
        quote! {
            impl ::carml_runtime::config::Root for #root {
                const SCHEMA: &'static str = #schema;
            }
        }
    });
    let code: proc_macro2::TokenStream = module.code.parse().unwrap_or_default();
    let file = quote! {
        /// The config, generated from its schema.
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, missing_docs)]
        pub mod config {
            #code
            #loaded
        }
    };
    match syn::parse2(file.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(_) => file.to_string(),
    }
}
