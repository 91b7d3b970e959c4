//! The dispatch from the chain to each middleware.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{
    pattern,
    table::{Middleware, Table},
};
use crate::names;

pub(super) fn module(table: &Table<'_>) -> String {
    let imports = table.middlewares.iter().map(|one| {
        let (gate, module) = (gate(one), format_ident!("{}", one.module));
        quote!(#gate use crate::middleware::#module;)
    });
    let of_side = |is_in: fn(&Middleware<'_>) -> bool| {
        let side = table.middlewares.iter().filter(|one| is_in(one));
        side.count()
    };
    let capacity = of_side(|one| one.server).max(of_side(|one| one.client));
    let step = step(table);
    let state = state(table);
    let tokens = quote! {
        use super::{BuiltIn, ClientMiddleware, ServerMiddleware, Visit};
        use crate::middleware::{Implicit, Middleware, Place, Refusal};
        #(#imports)*

        #[doc = " No chain has more steps: none is in a list twice."]
        pub(super) const CAPACITY: usize = #capacity;
        #step
        #state
    };
    super::unparse(tokens)
}

/// What leaves out a middleware's code in a build without its feature.
fn gate(middleware: &Middleware<'_>) -> TokenStream {
    let feature = middleware.feature;
    feature.map_or_else(
        TokenStream::new,
        |feature| quote!(#[cfg(feature = #feature)]),
    )
}

/// The variant of a middleware in `Step` and `State`, and the name of its type.
fn variant(middleware: &Middleware<'_>) -> Ident {
    format_ident!("{}", names::pascal(&middleware.module))
}

/// The type of a middleware: `timeout::Timeout`.
fn ty(middleware: &Middleware<'_>) -> TokenStream {
    let (module, ty) = (format_ident!("{}", middleware.module), variant(middleware));
    quote!(#module::#ty)
}

fn step(table: &Table<'_>) -> TokenStream {
    let variants = table.middlewares.iter().map(|one| {
        let (gate, variant, ty) = (gate(one), variant(one), ty(one));
        quote!(#gate #variant(#ty))
    });
    let build = table.middlewares.iter().map(|one| {
        let (gate, variant, ty) = (gate(one), variant(one), ty(one));
        let (with, options) = match one.options {
            None => (pattern(one, &quote!()), quote!(&())),
            Some(_) => (pattern(one, &quote!((options))), quote!(options)),
        };
        let missing = one.feature.map(|feature| {
            let any = one.options.as_ref().map(|_| quote!((_)));
            let without = pattern(one, &quote!(#any));
            quote!(#[cfg(not(feature = #feature))] #without => return Ok(None),)
        });
        quote! {
            #gate
            #with => Step::#variant(<#ty as Middleware>::build(#options, place)?),
            #missing
        }
    });
    let implicit = table.middlewares.iter().filter_map(|one| {
        let (gate, variant, ty) = (gate(one), variant(one), ty(one));
        let (name, value) = (&one.name, one.implicit.as_ref()?.value);
        Some(quote!(#gate #name => Some(Step::#variant(<#ty as Implicit>::implicit(#value))),))
    });
    let state = variants_of(
        table,
        |variant| quote!(Step::#variant(_) => State::#variant(Default::default()),),
    );
    let visit = variants_of(table, |variant| {
        quote! {
            (Step::#variant(middleware), State::#variant(state)) => {
                visitor.visit(middleware, state)
            }
        }
    });
    quote! {
        #[doc = " A built-in middleware in a chain."]
        #[derive(Debug)]
        pub(super) enum Step { #(#variants,)* }

        impl Step {
            #[doc = " The middleware with these options, if it is in this build."]
            pub(super) fn build(
                middleware: &BuiltIn,
                place: &Place,
            ) -> Result<Option<Self>, Refusal> {
                Ok(Some(match middleware { #(#build)* }))
            }

            #[doc = " What applies if the list does not name the middleware."]
            pub(super) fn implicit(name: &str) -> Option<Self> {
                match name {
                    #(#implicit)*
                    _ => None,
                }
            }

            #[doc = " The state that a new call has at this step."]
            #[inline]
            pub(super) fn state(&self) -> State {
                match self { #state }
            }

            #[doc = " Calls the visitor with the middleware and its state."]
            #[inline]
            pub(super) fn visit<V: Visit>(&self, state: &mut State, visitor: V) -> V::Output {
                match (self, state) {
                    #visit
                    _ => unreachable!("a state is made by its step"),
                }
            }
        }
    }
}

fn state(table: &Table<'_>) -> TokenStream {
    let variants = table.middlewares.iter().map(|one| {
        let (gate, variant, ty) = (gate(one), variant(one), ty(one));
        quote!(#gate #variant(<#ty as Middleware>::State))
    });
    quote! {
        #[doc = " What a call keeps at one step."]
        #[derive(Default)]
        pub(super) enum State {
            #[default]
            None,
            #(#variants,)*
        }
    }
}

fn variants_of(table: &Table<'_>, arm: impl Fn(&Ident) -> TokenStream) -> TokenStream {
    table
        .middlewares
        .iter()
        .map(|one| {
            let (gate, arm) = (gate(one), arm(&variant(one)));
            quote!(#gate #arm)
        })
        .collect()
}
