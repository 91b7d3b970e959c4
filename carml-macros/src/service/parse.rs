//! The attribute's arguments and the item that it is on.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Ident, ItemImpl, Token, parenthesized,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    token,
};

/// `requires(lock: cluster, watch, store.presign)`
#[derive(Default)]
pub(super) struct Args {
    pub(super) requires: Vec<Requirement>,
    /// Unknown arguments.
    pub(super) errors: Vec<syn::Error>,
}

/// One call that the service needs.
pub(super) struct Requirement {
    /// `store.` is before the call: it is one of the object store.
    pub(super) of_store: bool,
    pub(super) call: Ident,
    pub(super) scope: Option<Ident>,
}

impl Parse for Requirement {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut call: Ident = input.parse()?;
        let of_store = call == "store" && input.peek(Token![.]);
        if of_store {
            input.parse::<Token![.]>()?;
            call = input.parse()?;
        }
        let scope = if input.peek(Token![:]) {
            input.parse::<Token![:]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        Ok(Self {
            of_store,
            call,
            scope,
        })
    }
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut args = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            if name == "requires" && input.peek(token::Paren) {
                let list;
                parenthesized!(list in input);
                let list = Punctuated::<Requirement, Token![,]>::parse_terminated(&list)?;
                args.requires.extend(list);
            } else {
                let what = match name == "requires" {
                    true => "expected a list after `requires`".to_owned(),
                    false => format!("unknown argument `{name}`"),
                };
                let message = format!("{what}; write `requires(call, call: scope, …)`");
                args.errors.push(syn::Error::new(name.span(), message));
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(args)
    }
}

/// Both parts, or the errors of both.
pub(super) fn parse(args: TokenStream, item: &TokenStream) -> syn::Result<(Args, ItemImpl)> {
    let args = Args::parse.parse2(args);
    let item = syn::parse2::<ItemImpl>(item.clone()).map_err(|error| {
        // On anything but an impl block syn names a token it missed; the user misplaced the
        // attribute.
        if item
            .clone()
            .into_iter()
            .any(|token| token.to_string() == "impl")
        {
            error
        } else {
            syn::Error::new_spanned(
                item,
                "expected `impl Trait for Type`, where the trait is a generated service",
            )
        }
    });
    match (args, item) {
        (Ok(args), Ok(item)) => Ok((args, item)),
        (Ok(args), Err(item)) => {
            let mut errors = args.errors.into_iter().chain([item]);
            let mut first = errors.next().expect("the item's, at least");
            errors.for_each(|fault| first.combine(fault));
            Err(first)
        }
        (Err(mut first), Err(second)) => {
            first.combine(second);
            Err(first)
        }
        (Err(error), Ok(_)) => Err(error),
    }
}
