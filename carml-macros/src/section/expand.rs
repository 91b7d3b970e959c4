//! From the model to tokens.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Section;

pub(super) fn expand(section: &Section) -> TokenStream {
    let Section { ident, name } = section;
    quote! {
        #[automatically_derived]
        impl ::carml_runtime::__private::Section for #ident {
            const NAME: &'static str = #name;
        }
    }
}
