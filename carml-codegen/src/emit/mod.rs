//! From types to formatted Rust.

mod checks;
mod docs;
mod enums;
mod helpers;
mod literal;
mod rename;
mod structs;
mod ty;

use std::{cell::RefCell, collections::BTreeSet};

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};

use crate::ir::types::{Named, NamedKind, Program, Type};

/// A module that is written, and the helpers that it turns out to need.
struct Emit<'p> {
    program: &'p Program,
    helpers: RefCell<BTreeSet<helpers::Helper>>,
    predicates: checks::Predicates,
    imports: RefCell<BTreeSet<String>>,
}

/// The module's text.
///
/// # Errors
///
/// What was written is no Rust: a fault of this compiler, with the parser's words.
pub(crate) fn module(program: &Program) -> Result<String, String> {
    let emit = Emit {
        program,
        helpers: RefCell::default(),
        predicates: checks::Predicates::default(),
        imports: RefCell::default(),
    };
    let types: Vec<TokenStream> = program
        .types
        .iter()
        .map(|named| emit.named(named))
        .collect();
    let alias = emit.root_alias();
    let checked = emit.checked();
    let support = helpers::tokens(&emit.helpers.borrow());
    let predicates = emit.predicates.tokens();
    let body = quote! {
        #(#types)*
        #alias
        #predicates
        #support
    };
    words(support, &mut emit.imports.borrow_mut());
    if !program.types.is_empty() {
        emit.uses(&["Deserialize", "Serialize"]);
    }
    if !checked.is_empty() {
        emit.uses(&["Deserializer", "Serializer", "Value"]);
    }
    let imports = imports(&emit.imports.borrow());
    let file = syn::parse2(quote!(#imports #body)).map_err(|error| error.to_string())?;
    let mut code = spaced(&prettyplease::unparse(&file));
    code.push_str(&helpers::checks(&checked));
    Ok(code)
}

impl Emit<'_> {
    fn needs(&self, helper: helpers::Helper) {
        self.helpers.borrow_mut().insert(helper);
    }

    /// Names that are written without their paths.
    fn uses(&self, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned());
        self.imports.borrow_mut().extend(names);
    }

    fn named(&self, named: &Named) -> TokenStream {
        let item = match &named.kind {
            NamedKind::Struct(structure) => structs::emit(self, named, structure),
            NamedKind::Enum(variants) => enums::keyed(self, named, None, variants),
            NamedKind::Tagged(tag, variants) => enums::keyed(self, named, Some(tag), variants),
            NamedKind::Untagged(alternatives) => enums::untagged(self, named, alternatives),
            NamedKind::Wrapper(inner) => structs::wrapper(self, named, inner),
        };
        let check = checks::emit(self, named);
        quote!(#item #check)
    }

    /// Derives, with what the user asks for and what only some types can have.
    fn derives(&self, own: &[&str]) -> TokenStream {
        let every = [
            "Clone",
            "Copy",
            "Debug",
            "Default",
            "PartialEq",
            "Eq",
            "Hash",
        ];
        let always = ["Clone", "Debug", "PartialEq"];
        let mut names: Vec<String> = every
            .iter()
            .filter(|name| always.contains(name) || own.contains(name))
            .map(|name| (*name).to_owned())
            .collect();
        for name in &self.program.derives {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names.extend(["Deserialize".to_owned(), "Serialize".to_owned()]);
        let paths = names
            .iter()
            .filter_map(|name| name.parse::<TokenStream>().ok());
        quote!(#[derive(#(#paths),*)])
    }

    /// A root that is no type of its own gets its name all the same.
    fn root_alias(&self) -> TokenStream {
        if let Type::Named(id) = &self.program.root
            && self.program.types[id.0].name == self.program.root_name
        {
            return TokenStream::new();
        }
        let name = format_ident!("{}", self.program.root_name);
        let ty = self.ty(&self.program.root);
        quote! {
            /// The root of the schema.
            pub type #name = #ty;
        }
    }

    /// The types with rules.
    fn checked(&self) -> Vec<&str> {
        let checked = self.program.types.iter().filter(|ty| !ty.rules.is_empty());
        checked.map(|named| named.name.as_str()).collect()
    }
}

/// Imports of what is named.
fn imports(found: &BTreeSet<String>) -> TokenStream {
    let mut lines = TokenStream::new();
    let has = |word: &str| found.contains(word);
    let pick = |words: &[&str]| -> Vec<proc_macro2::Ident> {
        let words = words.iter().filter(|word| has(word));
        words.map(|word| format_ident!("{word}")).collect()
    };
    let std = [
        (
            quote!(std::collections),
            pick(&["BTreeMap", "HashMap", "HashSet"]),
        ),
        (quote!(std::ops), pick(&["RangeBounds"])),
        (
            quote!(std::sync),
            pick(&["LazyLock", "Mutex", "PoisonError"]),
        ),
        (quote!(regex), pick(&["Regex"])),
        (
            quote!(serde),
            pick(&["Deserialize", "Deserializer", "Serialize", "Serializer"]),
        ),
        (quote!(serde_json), pick(&["Number", "Value"])),
    ];
    for (path, names) in std {
        match names.as_slice() {
            [] => {}
            [name] => quote!(use #path::#name;).to_tokens(&mut lines),
            names => quote!(use #path::{#(#names),*};).to_tokens(&mut lines),
        }
    }
    lines
}

fn words(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Group(group) => words(group.stream(), found),
            proc_macro2::TokenTree::Ident(ident) => {
                found.insert(ident.to_string());
            }
            _ => {}
        }
    }
}

/// An empty line before each item, which prettyplease leaves out.
fn spaced(code: &str) -> String {
    let mut text = String::with_capacity(code.len() + code.len() / 32);
    let mut in_head = false;
    let mut in_list = false;
    let mut last_import = "";
    for line in code.lines() {
        // An attribute may take several lines.
        let head = line.starts_with("///") || line.starts_with("#[") || in_list;
        in_list = (in_list || line.starts_with("#[")) && !line.ends_with(']');
        let item = ["pub ", "impl ", "impl<", "fn ", "macro_rules", "checked!"]
            .iter()
            .any(|start| line.starts_with(start));
        let import = line
            .strip_prefix("use ")
            .map_or("", |path| &path[..3.min(path.len())]);
        let group =
            import == "std" && last_import != "std" || import != "std" && last_import == "std";
        if (head || item || group && !import.is_empty()) && !in_head && !text.is_empty() {
            text.push('\n');
        }
        in_head = head;
        last_import = import;
        text.push_str(line);
        text.push('\n');
    }
    text
}
