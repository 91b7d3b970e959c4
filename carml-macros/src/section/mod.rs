//! `#[derive(ConfigSection)]`: [`parse`] the attributes, build the [`model`] collecting every
//! error, and [`expand`](expand::expand) it.

mod expand;
mod model;
mod parse;

use proc_macro2::TokenStream;

/// The expansion, or every error as a `compile_error!`.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let section = syn::parse2(item).and_then(|item| model::Section::build(&item));
    match section {
        Ok(section) => expand::expand(&section),
        Err(error) => error.into_compile_error(),
    }
}
