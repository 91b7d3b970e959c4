//! What the macro knows of a section, checked.

use syn::{
    Data, DeriveInput, Expr, ExprLit, Fields, Generics, Ident, Lit, LitStr, spanned::Spanned,
};

use super::parse;
use crate::errors::{Errors, did_you_mean};

/// A checked use of the macro.
pub(super) struct Section {
    pub(super) ident: Ident,
    /// The section's key.
    pub(super) name: LitStr,
}

const HOW: &str = "write `#[carml(section = \"limits\")]`";

impl Section {
    pub(super) fn build(item: &DeriveInput) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let name = name(item, &mut errors);
        check_generics(&item.generics, &mut errors);
        check_shape(item, &mut errors);
        let ident = item.ident.clone();
        errors.or(name.map(|name| Self { ident, name }))
    }
}

fn name(item: &DeriveInput, errors: &mut Errors) -> Option<LitStr> {
    let pairs = match parse::pairs(&item.attrs) {
        Ok(pairs) => pairs,
        Err(error) => {
            errors.add(error);
            return None;
        }
    };
    let mut found = None;
    let mut seen = false;
    for pair in &pairs {
        if pair.name != "section" {
            let near = did_you_mean(&pair.name.to_string(), &["section"]);
            errors.push(
                &pair.name,
                format_args!("unknown key `{}`{near}; {HOW}", pair.name),
            );
            seen |= !near.is_empty();
        } else if std::mem::replace(&mut seen, true) {
            errors.push(&pair.name, "duplicate key `section`");
        } else {
            found = literal(pair, errors);
        }
    }
    if !seen {
        let at = parse::ours(&item.attrs).next();
        let at = at.map_or_else(|| item.ident.span(), Spanned::span);
        errors.add(syn::Error::new(at, HOW));
    }
    found
}

fn literal(pair: &parse::Pair, errors: &mut Errors) -> Option<LitStr> {
    let text = match &pair.value {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => text,
        Some(other) => {
            errors.push(other, format_args!("expected a string; {HOW}"));
            return None;
        }
        None => {
            errors.push(&pair.name, HOW);
            return None;
        }
    };
    let key = text.value();
    let starts = key.starts_with(|c: char| c.is_ascii_lowercase());
    let rest = key
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !(starts && rest) {
        errors.push(
            text,
            format_args!("`{key}` is not a section name: expected lower case, like `rate_limits`"),
        );
        return None;
    }
    Some(text.clone())
}

fn check_generics(generics: &Generics, errors: &mut Errors) {
    if !generics.params.is_empty() {
        errors.push(&generics.params, "a section cannot have generic parameters");
    }
}

fn check_shape(item: &DeriveInput, errors: &mut Errors) {
    const EXPECTED: &str = "expected a struct with named fields";
    match &item.data {
        Data::Struct(data) => {
            if !matches!(data.fields, Fields::Named(_)) {
                errors.push(&item.ident, EXPECTED);
            }
            for field in &data.fields {
                for attribute in parse::ours(&field.attrs) {
                    errors.push(
                        attribute,
                        "`#[carml(…)]` belongs on the struct; use `#[serde(…)]` and `#[schemars(…)]` \
                         on fields",
                    );
                }
            }
        }
        Data::Enum(data) => errors.push(&data.enum_token, EXPECTED),
        Data::Union(data) => errors.push(&data.union_token, EXPECTED),
    }
}
