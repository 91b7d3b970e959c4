//! From types to formatted Rust.

mod constraints;
mod debug;
mod docs;
mod enums;
mod helpers;
mod imports;
mod integers;
mod layout;
mod literal;
mod rename;
mod structs;
mod ty;

use std::{cell::RefCell, collections::BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::{
    ir::types::{Extra, Named, NamedKind, Program, Type},
    names,
};

/// Longer names of patterns are shortened to their last words.
const MAX_PATTERN_WORDS: usize = 3;

/// A module that is written, and the support code that it turns out to need.
struct Emit<'p> {
    program: &'p Program,
    /// Types are defined in an invocation of the macro `types!`.
    by_macro: bool,
    helpers: RefCell<BTreeSet<helpers::Helper>>,
    functions: constraints::Functions,
    patterns: RefCell<Vec<(String, Ident)>>,
    imports: RefCell<BTreeSet<String>>,
}

/// The module's text. The support code is in the module that `support` names, or beside the types.
///
/// # Errors
///
/// What was written is not Rust: an error of this compiler, with the parser's words.
pub(crate) fn module(program: &Program, support: Option<&str>) -> Result<String, String> {
    let emit = Emit {
        program,
        by_macro: support.is_none() && program.types.iter().any(is_stricter_than_serde),
        helpers: RefCell::default(),
        functions: constraints::Functions::default(),
        patterns: RefCell::default(),
        imports: RefCell::default(),
    };
    let mut parts = emit.types()?;
    let functions = emit.functions.tokens();
    imports::names_in(&functions, &mut emit.imports.borrow_mut());
    parts.push(layout::formatted(emit.root_alias())?);
    parts.push(layout::formatted(functions)?);
    parts.push(emit.pattern_definitions());
    let mut found = emit.imports.take();
    let helpers = emit.helpers.take();
    let from_support = match support {
        Some(path) => imports::support(path, &helpers),
        None => {
            for text in helpers::texts(&helpers) {
                let tokens = text.parse().unwrap_or_default();
                imports::names_in(&tokens, &mut found);
                parts.push(text);
            }
            TokenStream::new()
        }
    };
    let imports = [imports::lines(&found), from_support];
    for (index, imports) in imports.into_iter().enumerate() {
        parts.insert(index, layout::formatted(imports)?);
    }
    Ok(layout::joined(&parts))
}

/// The support code as a module of its own.
pub(crate) fn support_module() -> String {
    let mut found = BTreeSet::new();
    let mut parts = vec![String::new()];
    for text in helpers::texts(&BTreeSet::from(helpers::SHARED)) {
        imports::names_in(&text.parse().unwrap_or_default(), &mut found);
        parts.push(text.replace("\nfn ", "\npub fn "));
    }
    parts[0] = layout::formatted(imports::lines(&found)).unwrap_or_default();
    layout::joined(&parts)
}

/// serde alone would read more than the schema allows.
fn is_stricter_than_serde(named: &Named) -> bool {
    !named.constraints.is_empty()
        || match &named.kind {
            NamedKind::Struct(structure) => structure.extra == Extra::Denied,
            NamedKind::Enum(_) | NamedKind::Tagged(..) => true,
            NamedKind::Untagged(_) | NamedKind::Wrapper(_) => false,
        }
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

    /// All types, and what is implemented for them, formatted.
    fn types(&self) -> Result<Vec<String>, String> {
        if !self.program.types.is_empty() && !self.by_macro {
            self.uses(&["Deserialize", "Serialize"]);
        }
        let (mut items, mut impls) = (Vec::new(), Vec::new());
        for named in &self.program.types {
            let definition = self.named(named);
            let mut item = layout::formatted(definition.item)?;
            if self.by_macro && matches!(named.kind, NamedKind::Enum(_)) {
                item = layout::with_words_on_one_line(item);
            }
            if self.by_macro
                && let Some((value, body)) = constraints::check(self, named)
            {
                imports::names_in(&body, &mut self.imports.borrow_mut());
                item.push_str(&layout::check(&value, &body)?);
            }
            items.push(item);
            let own = layout::formatted(definition.impls)?;
            match self.by_macro {
                true => impls.push(own),
                false => items.push(own),
            }
        }
        if self.by_macro {
            self.needs_macro();
            items = vec![layout::block("types!", &layout::joined(&items))];
            items.extend(impls);
        }
        Ok(items)
    }

    /// The parts of the macro that the types need.
    fn needs_macro(&self) {
        use helpers::Helper::{
            Types, TypesEnd, TypesOfItems, TypesOfOthers, TypesOfStructs, TypesOfTuples,
            TypesOfWords, TypesWithChecks,
        };
        let mut helpers = self.helpers.borrow_mut();
        helpers.extend([Types, TypesEnd]);
        for named in &self.program.types {
            if !named.constraints.is_empty() {
                helpers.insert(TypesWithChecks);
            }
            helpers.extend(match &named.kind {
                // serde reads a struct that keeps other keys from an object only.
                NamedKind::Struct(structure) if structure.extra != Extra::Denied => {
                    [TypesOfItems, TypesOfOthers]
                }
                NamedKind::Struct(_) => [TypesOfItems, TypesOfStructs],
                NamedKind::Wrapper(_) => [TypesOfTuples, TypesOfOthers],
                NamedKind::Enum(variants) if variants.iter().all(|v| v.options.is_none()) => {
                    [TypesOfItems, TypesOfWords]
                }
                NamedKind::Enum(_) | NamedKind::Tagged(..) | NamedKind::Untagged(_) => {
                    [TypesOfItems, TypesOfOthers]
                }
            });
        }
    }

    fn named(&self, named: &Named) -> Definition {
        let mut definition = match &named.kind {
            NamedKind::Struct(structure) => structs::emit(self, named, structure),
            NamedKind::Enum(variants) => enums::keyed(self, named, None, variants),
            NamedKind::Tagged(tag, variants) => enums::keyed(self, named, Some(tag), variants),
            NamedKind::Untagged(alternatives) => enums::untagged(self, named, alternatives).into(),
            NamedKind::Wrapper(inner) => structs::wrapper(self, named, inner).into(),
        };
        let debug = debug::implementation(self, &named.name, &named.kind);
        definition.impls.extend(debug);
        definition
    }

    /// Derives: those that every type has, those of this one, and those that the user asks for.
    fn derives(&self, named: &Named, own: &[&str]) -> TokenStream {
        match self.by_macro {
            true => self.derives_with(named, own, &[]),
            false => self.derives_with(named, own, &["Deserialize", "Serialize"]),
        }
    }

    /// The same with these of serde.
    fn derives_with(&self, named: &Named, own: &[&str], serde: &[&str]) -> TokenStream {
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
        if debug::is_written(self, &named.kind) {
            names.retain(|name| name != "Debug");
        }
        names.extend(serde.iter().map(|name| (*name).to_owned()));
        let paths = names
            .iter()
            .filter_map(|name| name.parse::<TokenStream>().ok());
        quote!(#[derive(#(#paths),*)])
    }

    /// A root that is not a type of its own is an alias.
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

    /// The static that holds a pattern, named after the value that must match.
    fn pattern(&self, pattern: &str, about: &str) -> Ident {
        let mut patterns = self.patterns.borrow_mut();
        if let Some((_, known)) = patterns.iter().find(|(text, _)| text == pattern) {
            return known.clone();
        }
        let about = names::snake(about).to_uppercase();
        let words: Vec<&str> = about.rsplit('_').take(MAX_PATTERN_WORDS).collect();
        let words: Vec<&str> = words.into_iter().rev().collect();
        let preferred = names::snake(&words.join("_")).to_uppercase();
        let numbered = (2..).map(|count| format!("{preferred}_{count}"));
        let mut candidates = [preferred.clone()].into_iter().chain(numbered);
        let is_free = |name: &String| !patterns.iter().any(|(_, known)| known == name);
        let name = candidates.find(is_free).unwrap_or(preferred);
        let name = format_ident!("{name}");
        patterns.push((pattern.to_owned(), name.clone()));
        name
    }

    fn pattern_definitions(&self) -> String {
        let patterns = self.patterns.borrow();
        if patterns.is_empty() {
            return String::new();
        }
        let statics = patterns.iter().map(|(pattern, name)| {
            self.uses(&["LazyLock", "Regex"]);
            let pattern = proc_macro2::Literal::string(pattern);
            let value = format!("LazyLock::new(|| Regex::new({pattern}).unwrap());");
            let line = format!("static {name}: LazyLock<Regex> = {value}\n");
            match line.len() > 100 && value.len() < 96 {
                true => format!("static {name}: LazyLock<Regex> =\n    {value}\n"),
                false => line,
            }
        });
        statics.collect()
    }
}

/// A type as it is written.
struct Definition {
    item: TokenStream,
    /// What is implemented beside its derives.
    impls: TokenStream,
}

impl From<TokenStream> for Definition {
    fn from(item: TokenStream) -> Self {
        Self {
            item,
            impls: TokenStream::new(),
        }
    }
}
