//! `#[carml(section = "…")]`, wherever it is.

use syn::{
    Attribute, Expr, Ident, Token,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

/// `section = "limits"`, or any other pair: what it means is the model's.
pub(super) struct Pair {
    pub(super) name: Ident,
    pub(super) value: Option<Expr>,
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        Ok(Self { name, value })
    }
}

/// Every pair of every `#[carml(…)]`.
pub(super) fn pairs(attributes: &[Attribute]) -> syn::Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for attribute in ours(attributes) {
        let list = attribute.parse_args_with(Punctuated::<Pair, Token![,]>::parse_terminated)?;
        pairs.extend(list);
    }
    Ok(pairs)
}

pub(super) fn ours(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("carml"))
}
