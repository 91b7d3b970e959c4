//! Puts the packages together: one nested module for each part of a package's name.

use std::collections::HashMap;

use carml_diagnostic::{Diagnostic, Kind};
use proc_macro2::{Literal, Span};
use prost_build::{Config, Module};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::Type,
};
use quote::quote;
use syn::{Field, Ident, Item, ItemMod, parse_quote, visit_mut::VisitMut};

use super::{Options, clashes::ExportsByService, load::Set, services::Services};

pub(super) fn module(
    set: &Set,
    exports: ExportsByService,
    options: &Options,
) -> Result<String, Box<Diagnostic>> {
    let mut descriptors = set.descriptors.clone();
    prepare(&mut descriptors);
    let requests = descriptors.file.into_iter().map(|file| {
        let module = Module::from_protobuf_package_name(file.package());
        (module, file)
    });
    let generated = config(options)
        .service_generator(Box::new(Services::new(exports)))
        .generate(requests.collect())
        .map_err(|error| internal(&error))?;
    let mut generated: Vec<(Module, String)> = generated.into_iter().collect();
    generated.sort();
    let mut items = Vec::new();
    for (module, code) in generated {
        let mut file = syn::parse_file(&code).map_err(|error| internal(&error))?;
        MapAccessors.visit_file_mut(&mut file);
        let parts: Vec<&str> = module.parts().collect();
        merge(&mut items, nest(&parts, file.items));
    }
    let descriptors = Literal::byte_string(&set.encoded);
    let file = parse_quote! {
        /// The compiled proto packages.
        #[allow(
            missing_docs,
            non_camel_case_types,
            non_snake_case,
            unreachable_pub,
            unused_qualifications,
            clippy::all,
            clippy::pedantic,
            clippy::nursery,
            rustdoc::all
        )]
        pub mod proto {
            /// Every proto file and its imports, as an encoded `google.protobuf.FileDescriptorSet`.
            pub const FILE_DESCRIPTOR_SET: &[u8] = #descriptors;
            #(#items)*
        }
    };
    Ok(prettyplease::unparse(&file))
}

fn config(options: &Options) -> Config {
    let mut config = Config::new();
    config
        .format(false)
        .prost_path("::carml_runtime::prost")
        .prost_types_path("::carml_runtime::prost_types")
        .bytes(&options.bytes);
    for (proto, rust) in &options.extern_paths {
        config.extern_path(proto, rust);
    }
    for (path, attribute) in &options.type_attributes {
        config.type_attribute(path, attribute);
    }
    for (path, attribute) in &options.field_attributes {
        config.field_attribute(path, attribute);
    }
    config
}

/// The items inside of the modules of a package.
fn nest(parts: &[&str], items: Vec<Item>) -> Vec<Item> {
    match parts {
        [] => items,
        [first, rest @ ..] => {
            let name = match first.strip_prefix("r#") {
                Some(keyword) => Ident::new_raw(keyword, Span::call_site()),
                None => Ident::new(first, Span::call_site()),
            };
            let items = nest(rest, items);
            vec![parse_quote!(pub mod #name { #(#items)* })]
        }
    }
}

/// Adds items to a module. A message's nested types and a package may share a module.
fn merge(items: &mut Vec<Item>, more: Vec<Item>) {
    for item in more {
        let Item::Mod(ItemMod {
            content: Some((_, inner)),
            ident,
            ..
        }) = &item
        else {
            items.push(item);
            continue;
        };
        let same = items.iter_mut().find_map(|other| match other {
            Item::Mod(other) if other.ident == *ident => other.content.as_mut(),
            _ => None,
        });
        match same {
            Some((_, content)) => merge(content, inner.clone()),
            None => {
                let mut module = Vec::new();
                merge(&mut module, inner.clone());
                let mut item = item;
                if let Item::Mod(item) = &mut item
                    && let Some((_, content)) = &mut item.content
                {
                    *content = module;
                }
                items.push(item);
            }
        }
    }
}

/// prost derives methods for a map of enums, and takes their names from a raw identifier as it
/// is: `get_r#type`.
struct MapAccessors;

impl VisitMut for MapAccessors {
    fn visit_field_mut(&mut self, field: &mut Field) {
        let is_enum_map = field.attrs.iter().any(|attribute| {
            let text = quote!(#attribute).to_string();
            attribute.path().is_ident("prost")
                && text.contains("map =")
                && text.contains("enumeration(")
        });
        if is_enum_map
            && let Some(ident) = &mut field.ident
            && let Some(keyword) = ident.to_string().strip_prefix("r#")
        {
            *ident = Ident::new(&format!("{keyword}_"), ident.span());
        }
    }
}

/// Changes the descriptors to what prost can write.
fn prepare(set: &mut FileDescriptorSet) {
    let mut names = HashMap::new();
    for file in &set.file {
        let scope = match file.package() {
            "" => String::new(),
            package => format!(".{package}"),
        };
        collect(&scope, &file.message_type, &file.enum_type, &mut names);
    }
    for file in &mut set.file {
        file.message_type
            .iter_mut()
            .for_each(|message| defaults(message, &names));
        comments(file);
    }
}

/// By an enum's full name, its values, and the one that has the same number and comes first.
type Values = HashMap<String, HashMap<String, String>>;

fn collect(
    scope: &str,
    messages: &[DescriptorProto],
    enums: &[EnumDescriptorProto],
    names: &mut Values,
) {
    for enumeration in enums {
        let mut first = HashMap::new();
        let values = enumeration.value.iter().map(|value| {
            let first = first.entry(value.number()).or_insert(value.name());
            (value.name().to_owned(), (*first).to_owned())
        });
        names.insert(format!("{scope}.{}", enumeration.name()), values.collect());
    }
    for message in messages {
        let scope = format!("{scope}.{}", message.name());
        collect(&scope, &message.nested_type, &message.enum_type, names);
    }
}

/// A default may be an alias, which is not a variant, or too large a number, which is infinite.
fn defaults(message: &mut DescriptorProto, names: &Values) {
    for field in &mut message.field {
        let values = names.get(field.type_name.as_deref().unwrap_or_default());
        let ty = field.r#type();
        let Some(default) = &mut field.default_value else {
            continue;
        };
        if let Some(first) = values.and_then(|values| values.get(default)) {
            default.clone_from(first);
        }
        let number = match ty {
            Type::Float => default.parse::<f32>().map(f64::from),
            Type::Double => default.parse::<f64>(),
            _ => continue,
        };
        if let Ok(number) = number
            && number.is_infinite()
        {
            *default = number.to_string();
        }
    }
    let nested = message.nested_type.iter_mut();
    nested.for_each(|message| defaults(message, names));
}

/// rustc refuses comments with characters that change the direction of the text around them.
fn comments(file: &mut FileDescriptorProto) {
    let locations = file.source_code_info.iter_mut();
    for location in locations.flat_map(|info| &mut info.location) {
        let detached = location.leading_detached_comments.iter_mut();
        let comments = location.leading_comments.iter_mut();
        for comment in comments
            .chain(&mut location.trailing_comments)
            .chain(detached)
        {
            if comment.contains(is_bidirectional) {
                let escaped = comment.chars().map(|c| match is_bidirectional(c) {
                    true => c.escape_unicode().to_string(),
                    false => c.to_string(),
                });
                *comment = escaped.collect();
            }
        }
    }
}

fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The descriptors were checked: this names no place in them.
fn internal(error: &dyn std::fmt::Display) -> Box<Diagnostic> {
    let problem = error.to_string();
    let error = Diagnostic::new(Kind::NotRust { problem });
    Box::new(error.help("check the attributes and paths that the builder was given"))
}
