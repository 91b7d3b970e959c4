//! What the macro knows of a section, checked.

use syn::{
    Data, DeriveInput, Expr, ExprLit, Fields, Generics, Ident, Lit, LitStr, spanned::Spanned,
};

use super::parse;
use crate::faults::{Faults, did_you_mean};

/// A checked use of the macro.
pub(super) struct Section {
    pub(super) ident: Ident,
    /// The section's key.
    pub(super) name: LitStr,
}

const HOW: &str = "name the section's key: `#[carml(section = \"limits\")]`";

impl Section {
    pub(super) fn build(item: &DeriveInput) -> syn::Result<Self> {
        let mut faults = Faults::default();
        let name = name(item, &mut faults);
        check_generics(&item.generics, &mut faults);
        check_shape(item, &mut faults);
        let ident = item.ident.clone();
        faults.or(name.map(|name| Self { ident, name }))
    }
}

fn name(item: &DeriveInput, faults: &mut Faults) -> Option<LitStr> {
    let pairs = match parse::pairs(&item.attrs) {
        Ok(pairs) => pairs,
        Err(error) => {
            faults.add(error);
            return None;
        }
    };
    let mut found = None;
    let mut seen = false;
    for pair in &pairs {
        if pair.name != "section" {
            let near = did_you_mean(&pair.name.to_string(), &["section"]);
            faults.push(
                &pair.name,
                format_args!("unknown key `{}`{near}; {HOW}", pair.name),
            );
            seen |= !near.is_empty();
        } else if std::mem::replace(&mut seen, true) {
            faults.push(&pair.name, "a section has one key: `section` stands twice");
        } else {
            found = literal(pair, faults);
        }
    }
    if !seen {
        let at = parse::ours(&item.attrs).next();
        let at = at.map_or_else(|| item.ident.span(), Spanned::span);
        faults.add(syn::Error::new(at, HOW));
    }
    found
}

fn literal(pair: &parse::Pair, faults: &mut Faults) -> Option<LitStr> {
    let text = match &pair.value {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => text,
        Some(other) => {
            faults.push(other, format_args!("expected a text; {HOW}"));
            return None;
        }
        None => {
            faults.push(&pair.name, HOW);
            return None;
        }
    };
    let key = text.value();
    let starts = key.starts_with(|c: char| c.is_ascii_lowercase());
    let rest = key
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !(starts && rest) {
        faults.push(
            text,
            format_args!("`{key}` is no key: keys are written like `rate_limits`"),
        );
        return None;
    }
    Some(text.clone())
}

fn check_generics(generics: &Generics, faults: &mut Faults) {
    if !generics.params.is_empty() {
        faults.push(
            &generics.params,
            "a section has no parameters: its schema is one",
        );
    }
}

fn check_shape(item: &DeriveInput, faults: &mut Faults) {
    const EXPECTED: &str = "a section is a struct with named fields, its keys";
    match &item.data {
        Data::Struct(data) => {
            if !matches!(data.fields, Fields::Named(_)) {
                faults.push(&item.ident, EXPECTED);
            }
            for field in &data.fields {
                for attribute in parse::ours(&field.attrs) {
                    faults.push(
                        attribute,
                        "`#[carml(…)]` stands on the section; a field is told by `#[serde(…)]` \
                         and `#[schemars(…)]`",
                    );
                }
            }
        }
        Data::Enum(data) => faults.push(&data.enum_token, EXPECTED),
        Data::Union(data) => faults.push(&data.union_token, EXPECTED),
    }
}
