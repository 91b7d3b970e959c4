//! What a module imports.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};

use super::helpers::Helper;

/// Imports of the names that are found.
pub(super) fn lines(found: &BTreeSet<String>) -> TokenStream {
    let pick = |names: &[&str]| -> Vec<Ident> {
        let names = names.iter().filter(|name| found.contains(**name));
        names.map(|name| format_ident!("{name}")).collect()
    };
    let groups = [
        (quote!(std::collections), pick(&["BTreeMap", "HashSet"])),
        (quote!(std::ops), pick(&["RangeBounds"])),
        (quote!(std::sync), pick(&["LazyLock"])),
        (quote!(regex), pick(&["Regex"])),
        (
            quote!(serde),
            pick(&["Deserialize", "Deserializer", "Serialize"]),
        ),
        (quote!(serde_json), pick(&["Number", "Value"])),
    ];
    let mut lines = TokenStream::new();
    for (path, names) in groups {
        import(&path, &names).to_tokens(&mut lines);
    }
    lines
}

/// The import of support code from the module that has it.
pub(super) fn support(path: &str, helpers: &BTreeSet<Helper>) -> TokenStream {
    let names = helpers
        .iter()
        .map(|helper| format_ident!("{}", helper.name()));
    import(
        &path.parse().unwrap_or_default(),
        &names.collect::<Vec<_>>(),
    )
}

fn import(path: &TokenStream, names: &[Ident]) -> TokenStream {
    match names {
        [] => TokenStream::new(),
        [name] => quote!(use #path::#name;),
        names => quote!(use #path::{#(#names),*};),
    }
}

/// The names in code that are not part of a path, and that it does not define itself.
pub(super) fn names_in(tokens: &TokenStream, found: &mut BTreeSet<String>) {
    let (mut first_colon, mut after_colon, mut defines) = (false, false, false);
    for token in tokens.clone() {
        match &token {
            TokenTree::Group(group) => names_in(&group.stream(), found),
            TokenTree::Ident(ident) if !after_colon && !defines => {
                found.insert(ident.to_string());
            }
            _ => {}
        }
        defines = matches!(&token, TokenTree::Ident(ident) if ident == "type");
        let colon = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':');
        // `v: Value` has one colon, `serde_json::Value` two.
        after_colon = colon && first_colon;
        first_colon = colon;
    }
}
