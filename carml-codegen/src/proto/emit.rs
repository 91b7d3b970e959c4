//! Puts the packages together: one nested module for each part of a package's name.

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream};
use prost_build::{Config, Module};
use quote::{format_ident, quote};

use super::{
    Error,
    front::{Fault, Set},
    services::Services,
};

/// Packages by the parts of their names.
#[derive(Default)]
struct Tree {
    code: TokenStream,
    children: BTreeMap<String, Tree>,
}

impl Tree {
    fn insert(&mut self, parts: &[&str], code: TokenStream) {
        match parts {
            [] => self.code.extend(code),
            [first, rest @ ..] => self
                .children
                .entry((*first).to_owned())
                .or_default()
                .insert(rest, code),
        }
    }

    fn tokens(&self) -> TokenStream {
        let code = &self.code;
        let modules = self.children.iter().map(|(name, tree)| {
            let name = name
                .strip_prefix("r#")
                .map_or_else(|| format_ident!("{name}"), |raw| format_ident!("r#{raw}"));
            let code = tree.tokens();
            quote!(pub mod #name { #code })
        });
        quote!(#code #(#modules)*)
    }
}

pub(super) fn module(set: &Set) -> Result<String, Error> {
    let requests = set
        .descriptors
        .file
        .iter()
        .map(|file| {
            (
                Module::from_protobuf_package_name(file.package()),
                file.clone(),
            )
        })
        .collect();
    let generated = Config::new()
        .service_generator(Box::new(Services::new()))
        .generate(requests)
        .map_err(|error| internal(&error))?;
    let mut tree = Tree::default();
    for (module, code) in generated {
        let parts: Vec<&str> = module.parts().collect();
        let code = code.parse().map_err(|error| internal(&error))?;
        tree.insert(&parts, code);
    }
    let packages = tree.tokens();
    let descriptors = Literal::byte_string(&set.encoded);
    let file = syn::parse2(quote! {
        /// The compiled proto packages.
        #[allow(
            missing_docs,
            unreachable_pub,
            unused_qualifications,
            clippy::all,
            clippy::pedantic,
            clippy::nursery,
            rustdoc::all
        )]
        pub mod proto {
            /// Every proto file and its imports, as an encoded `google.protobuf.FileDescriptorSet`.
            pub const FILE_DESCRIPTOR_SET: &[u8] = #descriptors;
            #packages
        }
    })
    .map_err(|error| internal(&error))?;
    Ok(prettyplease::unparse(&file))
}

/// The descriptors were checked, so that this is a fault of a generator; it names no place.
fn internal(error: &dyn std::fmt::Display) -> Error {
    Error {
        faults: vec![Fault {
            file: "(generated code)".to_owned(),
            place: None,
            message: format!("the generator wrote what is not Rust: {error}"),
            help: None,
            excerpt: None,
        }],
    }
}
