//! The middlewares of `x-carml-middleware` lists → facts for the config, steps for the chain, and a
//! Markdown table.

mod facts;
mod markdown;
mod steps;
mod table;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

pub use table::Error;
use table::{Middleware, Table, documents};

/// Generates the facts that the rules on chains are checked with: the module
/// `carml_config::chain::generated`.
///
/// # Errors
///
/// See [`Error`].
pub fn facts(schema: &str) -> Result<String, Error> {
    Ok(facts::module(&Table::read(&documents(schema)?)?))
}

/// Generates the dispatch from the chain to each middleware: the module
/// `carml_grpc::chain::generated`.
///
/// # Errors
///
/// See [`Error`].
pub fn steps(schema: &str) -> Result<String, Error> {
    Ok(steps::module(&Table::read(&documents(schema)?)?))
}

/// Generates the table for the documentation.
///
/// # Errors
///
/// See [`Error`].
pub fn markdown(schema: &str) -> Result<String, Error> {
    Ok(markdown::table(&Table::read(&documents(schema)?)?))
}

/// The middleware in the lists that may have it: `BuiltIn::Server(ServerMiddleware::Timeout(…))`.
fn pattern(middleware: &Middleware<'_>, options: &TokenStream) -> TokenStream {
    let variant = format_ident!("{}", middleware.variant);
    let server = quote!(BuiltIn::Server(ServerMiddleware::#variant #options));
    let client = quote!(BuiltIn::Client(ClientMiddleware::#variant #options));
    match (middleware.server, middleware.client) {
        (true, true) => quote!(#server | #client),
        (true, false) => server,
        (false, _) => client,
    }
}

/// A file of these items, with its header.
fn unparse(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens).expect("the tokens are items");
    format!(
        "// @generated from schema/grpc.json; do not edit.\n{}",
        prettyplease::unparse(&file)
    )
}
