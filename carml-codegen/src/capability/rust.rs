//! The table as a module.
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::table::{Named, Provider, Table};

pub(super) fn module(table: &Table) -> String {
    let providers: Vec<&Named> = table.providers.iter().map(|p| &p.named).collect();
    let calls: Vec<&Named> = table.calls.iter().map(|c| &c.named).collect();
    let parts = [
        enumeration(
            "Provider",
            "A store behind the key/value layer.",
            &providers,
        ),
        enumeration("Call", "A call of the key/value contract.", &calls),
        ports(&table.providers),
        scope(table),
        provide(table),
    ];
    let markdown = super::markdown::table(table);
    let tokens = quote! {
        use super::Scope;
        #(#parts)*
        #[doc = " The table as Markdown."]
        pub const MARKDOWN: &str = #markdown;
    };
    let file = syn::parse2(tokens).expect("the tokens above are items");
    format!(
        "// Generated from schema/registry.json; do not edit.\n{}",
        prettyplease::unparse(&file)
    )
}

fn enumeration(name: &str, doc: &str, entries: &[&Named]) -> TokenStream {
    let doc = format!(" {doc}");
    let list = format_ident!("{}S", name.to_uppercase());
    let name = format_ident!("{name}");
    let docs = entries.iter().map(|e| format!(" {}", e.doc));
    let variants: Vec<_> = entries
        .iter()
        .map(|e| format_ident!("{}", e.variant))
        .collect();
    let names = entries.iter().map(|e| &e.name);
    let titles = entries.iter().map(|e| &e.title);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name { #(#[doc = #docs] #variants,)* }

        #[doc = " All of them, in the table's order."]
        pub const #list: &[#name] = &[#(#name::#variants),*];

        impl #name {
            #[doc = " The name in the config."]
            pub fn as_str(self) -> &'static str {
                match self { #(#name::#variants => #names,)* }
            }
            #[doc = " The name for people."]
            pub fn title(self) -> &'static str {
                match self { #(#name::#variants => #titles,)* }
            }
            #[doc = " The inverse of [`as_str`](Self::as_str)."]
            pub fn parse(text: &str) -> Option<#name> {
                #list.iter().copied().find(|one| one.as_str() == text)
            }
        }
    }
}

fn ports(providers: &[Provider]) -> TokenStream {
    let arms = providers.iter().map(|p| {
        let variant = format_ident!("{}", p.named.variant);
        let port = match p.port {
            Some(port) => quote!(Some(#port)),
            None => quote!(None),
        };
        quote!(Provider::#variant => #port,)
    });
    quote! {
        impl Provider {
            #[doc = " The port of its servers, where it has servers."]
            pub fn default_port(self) -> Option<u16> {
                match self { #(#arms)* }
            }
        }
    }
}

fn scope(table: &Table) -> TokenStream {
    let arms = table.calls.iter().flat_map(|call| {
        table.providers.iter().map(move |provider| {
            let name = format_ident!("{}", call.named.variant);
            let variant = format_ident!("{}", provider.named.variant);
            let scope = match table.cell(call, provider) {
                Some(scope) => {
                    let scope = heck::ToUpperCamelCase::to_upper_camel_case(scope.name());
                    let scope = format_ident!("{scope}");
                    quote!(Some(Scope::#scope))
                }
                None => quote!(None),
            };
            quote!((Call::#name, Provider::#variant) => #scope,)
        })
    });
    quote! {
        #[doc = " How far a provider's call reaches; `None`: the provider lacks it."]
        pub const fn scope(provider: Provider, call: Call) -> Option<Scope> {
            match (call, provider) { #(#arms)* }
        }
    }
}

/// For each provider what makes a type its backend: a line per call, for a macro that is written by
/// hand.
fn provide(table: &Table) -> TokenStream {
    let arms = table.providers.iter().map(|provider| {
        let name = &provider.named.name;
        let ident = format_ident!("{name}");
        let cells = table.calls.iter().map(|call| {
            let contract = format_ident!("{}", call.contract);
            let accessor = format_ident!("as_{}", call.named.name);
            match table.cell(call, provider) {
                Some(_) => quote!(has #contract #accessor;),
                None => quote!(lacks #contract #accessor;),
            }
        });
        quote! {
            (#ident, $backend:ty) => {
                $crate::backend! { #name, $backend, #(#cells)* }
            };
        }
    });
    quote! {
        #[doc = " Makes a type the backend of a provider. It gives out the calls that the table names;"]
        #[doc = " a type that implements more or less than those does not compile."]
        #[macro_export]
        macro_rules! provide { #(#arms)* }
    }
}
