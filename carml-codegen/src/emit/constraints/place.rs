//! Which value a predicate is about, and its name.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::super::imports;

/// The value's name; `_` if the predicate is constant.
pub(super) fn parameter(predicate: &TokenStream) -> TokenStream {
    let mut found = BTreeSet::new();
    imports::names_in(predicate, &mut found);
    if found.contains("v") {
        quote!(v)
    } else {
        quote!(_)
    }
}

/// `v`, or a path from it.
pub(super) struct Place {
    path: TokenStream,
    /// Whether the path is `v` itself, which is a reference already.
    whole: bool,
    /// What a function for the value would be named.
    pub(super) name: String,
}

impl Place {
    pub(super) fn whole(name: &str) -> Self {
        Self {
            path: quote!(v),
            whole: true,
            name: name.to_owned(),
        }
    }

    /// The value of a key: null if the key is absent.
    pub(super) fn key(&self, key: &str) -> Self {
        let path = &self.path;
        Self {
            path: quote!(#path[#key]),
            whole: false,
            name: key.to_owned(),
        }
    }

    /// An item: null if there are fewer.
    pub(super) fn item(&self, index: usize) -> Self {
        let path = &self.path;
        let index = Literal::usize_unsuffixed(index);
        Self {
            path: quote!(#path[#index]),
            whole: false,
            name: format!("{}_item", self.name),
        }
    }

    /// To call a method on.
    pub(super) fn path(&self) -> &TokenStream {
        &self.path
    }

    /// As an argument.
    pub(super) fn reference(&self) -> TokenStream {
        let path = &self.path;
        if self.whole {
            path.clone()
        } else {
            quote!(&#path)
        }
    }
}
