//! The facts that the config's rules on chains use.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::table::{Middleware, Options, Table};

pub(super) fn module(table: &Table<'_>) -> String {
    let built_in = built_in(table);
    let facts = table.middlewares.iter().map(facts);
    let tokens = quote! {
        use serde::{Deserialize, Serialize};
        use super::{Facts, Implicit, Inside, NonZero};
        #built_in
        #[doc = " Every built-in middleware, in the schema's order."]
        pub const MIDDLEWARES: &[Facts] = &[#(#facts),*];
    };
    super::unparse(tokens)
}

fn built_in(table: &Table<'_>) -> TokenStream {
    let variants = table.middlewares.iter().map(|middleware| {
        let name = &middleware.name;
        let variant = format_ident!("{}", middleware.variant);
        let doc = format!(" {}", middleware.description);
        let options = match middleware.options {
            Options::None => quote!(),
            Options::Duration => quote!((super::super::Duration)),
            Options::ByteSize => quote!((super::super::ByteSize)),
        };
        quote! {
            #[doc = #doc]
            #[serde(rename = #name)]
            #variant #options
        }
    });
    let facts = table.middlewares.iter().enumerate().map(|(index, one)| {
        let variant = pattern(one, &quote!(_));
        quote!(#variant => &MIDDLEWARES[#index],)
    });
    let zero = table.middlewares.iter().map(|one| {
        let variant = pattern(one, &quote!(options));
        match (one.options, &one.nonzero) {
            (Options::Duration, Some(_)) => quote!(#variant => options.get().is_zero(),),
            (Options::ByteSize, Some(_)) => quote!(#variant => options.bytes() == 0,),
            _ => {
                let variant = pattern(one, &quote!(_));
                quote!(#variant => false,)
            }
        }
    });
    quote! {
        #[doc = " A built-in middleware of either side, with its options."]
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
        pub enum BuiltIn { #(#variants,)* }

        impl BuiltIn {
            #[doc = " What the schema says of it."]
            pub fn facts(&self) -> &'static Facts {
                match self { #(#facts)* }
            }

            #[doc = " Whether its options are zero where they must not be."]
            pub(super) fn is_zero(&self) -> bool {
                match self { #(#zero)* }
            }
        }
    }
}

/// The pattern of a variant, with what its options are bound to.
fn pattern(middleware: &Middleware<'_>, options: &TokenStream) -> TokenStream {
    let variant = format_ident!("{}", middleware.variant);
    match middleware.options {
        Options::None => quote!(BuiltIn::#variant),
        Options::Duration | Options::ByteSize => quote!(BuiltIn::#variant(#options)),
    }
}

fn facts(middleware: &Middleware<'_>) -> TokenStream {
    let Middleware {
        name,
        server,
        client,
        ..
    } = middleware;
    let nonzero = optional(middleware.nonzero.as_ref().map(|nonzero| {
        let (why, example) = (&nonzero.why, &nonzero.example);
        quote!(NonZero { why: #why, example: #example })
    }));
    let implicit = optional(middleware.implicit.as_ref().map(|implicit| {
        let text = &implicit.text;
        quote!(Implicit { text: #text })
    }));
    let inside = optional(middleware.inside.as_ref().map(|inside| {
        let (middleware, why) = (&inside.middleware, &inside.why);
        quote!(Inside { middleware: #middleware, why: #why })
    }));
    quote! {
        Facts {
            name: #name,
            server: #server,
            client: #client,
            nonzero: #nonzero,
            implicit: #implicit,
            inside: #inside,
        }
    }
}

fn optional(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}
