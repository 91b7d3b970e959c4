//! `#[carml_service]`: [`parse`] the tokens, build the [`model`] collecting every error, and
//! [`expand`](expand::expand) it.

mod expand;
#[rustfmt::skip]
mod generated;
mod model;
mod parse;
mod requires;

use proc_macro2::TokenStream;

/// The expansion, or every error as a `compile_error!` beside the unchanged item, so that the
/// compiler can still check the rest.
pub(crate) fn expand(args: TokenStream, item: &TokenStream) -> TokenStream {
    let (args, item) = match parse::parse(args, item) {
        Ok(parsed) => parsed,
        Err(error) => {
            return error.into_compile_error();
        }
    };
    match model::Service::build(args, item) {
        Ok(service) => expand::expand(&service),
        Err(error) => error.into_compile_error(),
    }
}
