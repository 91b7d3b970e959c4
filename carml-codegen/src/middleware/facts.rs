//! The facts that the config's rules on chains use.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    pattern,
    table::{Middleware, Table},
};

pub(super) fn module(table: &Table<'_>) -> String {
    let built_in = built_in(table);
    let facts = table.middlewares.iter().map(facts);
    let tokens = quote! {
        use super::{
            BuiltIn, ClientMiddleware, Facts, Implicit, Inside, NonZero, ServerMiddleware,
        };
        #built_in
        #[doc = " Every built-in middleware, in the schema's order."]
        pub const MIDDLEWARES: &[Facts] = &[#(#facts),*];
    };
    super::unparse(tokens)
}

fn built_in(table: &Table<'_>) -> TokenStream {
    let facts = table.middlewares.iter().enumerate().map(|(index, one)| {
        let options = one.options.as_ref().map(|_| quote!((_)));
        let pattern = pattern(one, &quote!(#options));
        quote!(#pattern => &MIDDLEWARES[#index],)
    });
    let nonzero = table.middlewares.iter().filter(|one| one.nonzero.is_some());
    let zero = nonzero.map(|one| {
        let pattern = pattern(one, &quote!((options)));
        quote!(#pattern => options.is_zero(),)
    });
    quote! {
        impl BuiltIn {
            #[doc = " What the schema says of it."]
            pub fn facts(&self) -> &'static Facts {
                match self { #(#facts)* }
            }

            #[doc = " Whether its options are zero where they must not be."]
            pub(super) fn is_zero(&self) -> bool {
                match self {
                    #(#zero)*
                    _ => false,
                }
            }
        }
    }
}

fn facts(middleware: &Middleware<'_>) -> TokenStream {
    let Middleware {
        name,
        description,
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
    let feature = optional(middleware.feature.map(|feature| quote!(#feature)));
    quote! {
        Facts {
            name: #name,
            description: #description,
            server: #server,
            client: #client,
            feature: #feature,
            nonzero: #nonzero,
            implicit: #implicit,
            inside: #inside,
        }
    }
}

fn optional(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}
