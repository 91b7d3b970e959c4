//! The table as a module.

use carml_schema::capabilities::{Capabilities, Entry, Reach};
use heck::ToUpperCamelCase as _;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

pub(super) fn module(table: &Capabilities<'_>) -> String {
    let providers: Vec<Entry<'_>> = table.providers().collect();
    let calls: Vec<Entry<'_>> = table.calls().collect();
    let parts = [
        enumeration(
            "Provider",
            "A store behind the key/value layer.",
            &providers,
        ),
        enumeration("Call", "A call of the key/value contract.", &calls),
        ports(&providers),
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
    unparse("schema/registry.json", tokens)
}

/// The calls of the object store.
pub(super) fn store_calls(table: &Capabilities<'_>) -> String {
    let calls: Vec<Entry<'_>> = table.calls().collect();
    unparse(
        "schema/store.json",
        enumeration("Call", "A call of the object store.", &calls),
    )
}

/// The names of the calls of both stores, and of the scopes.
pub(super) fn names(registry: &Capabilities<'_>, store: &Capabilities<'_>) -> String {
    let calls = registry.calls().map(|call| call.name);
    let store_calls = store.calls().map(|call| call.name);
    let scopes = [Reach::Process, Reach::Cluster].map(Reach::name);
    let tokens = quote! {
        #[doc = " The calls of the key/value contract."]
        pub(super) const CALLS: &[&str] = &[#(#calls),*];
        #[doc = " The calls of the object store."]
        pub(super) const STORE_CALLS: &[&str] = &[#(#store_calls),*];
        #[doc = " How far a call reaches."]
        pub(super) const SCOPES: &[&str] = &[#(#scopes),*];
    };
    unparse("schema/registry.json and schema/store.json", tokens)
}

fn unparse(source: &str, tokens: TokenStream) -> String {
    let file = syn::parse2(tokens).expect("the tokens are items");
    format!(
        "// Generated from {source}; do not edit.\n{}",
        prettyplease::unparse(&file)
    )
}

/// The name of a variant or a trait.
fn camel_case(name: &str) -> Ident {
    format_ident!("{}", name.to_upper_camel_case())
}

fn enumeration(name: &str, doc: &str, entries: &[Entry<'_>]) -> TokenStream {
    let doc = format!(" {doc}");
    let list = format_ident!("{}S", name.to_uppercase());
    let name = format_ident!("{name}");
    let docs = entries.iter().map(|e| format!(" {}", e.description()));
    let variants: Vec<_> = entries.iter().map(|e| camel_case(e.name)).collect();
    let names = entries.iter().map(|e| e.name);
    let titles = entries.iter().map(Entry::title);
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

fn ports(providers: &[Entry<'_>]) -> TokenStream {
    let arms = providers.iter().map(|p| {
        let variant = camel_case(p.name);
        let port = match p.default_port() {
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

fn scope(table: &Capabilities<'_>) -> TokenStream {
    let arms = table.calls().flat_map(|call| {
        table.providers().map(move |provider| {
            let name = camel_case(call.name);
            let variant = camel_case(provider.name);
            let scope = match table.reach(call.name, provider.name) {
                Some(reach) => {
                    let scope = camel_case(reach.name());
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
fn provide(table: &Capabilities<'_>) -> TokenStream {
    let arms = table.providers().map(|provider| {
        let name = provider.name;
        let ident = format_ident!("{name}");
        let cells = table.calls().map(|call| {
            let contract = camel_case(call.contract().unwrap_or(call.name));
            let accessor = format_ident!("as_{}", call.name);
            match table.reach(call.name, name) {
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
