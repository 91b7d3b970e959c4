//! What protoc refuses and the compiler does not, once the names are resolved.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use carml_diagnostic::{Diagnostic, Proto};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumOptions, EnumValueDescriptorProto,
    FieldDescriptorProto, FileDescriptorProto,
    field_descriptor_proto::{Label, Type},
    field_options::JsType,
};
use protox::file::{FileResolver, GoogleFileResolver};

use super::{
    Options,
    clashes::{has_extern_path, is_map},
    load::Set,
    source::{Places, tag},
};

/// The full names of the types in prost-types.
static WELL_KNOWN_TYPES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let names = [
        "any",
        "api",
        "compiler/plugin",
        "descriptor",
        "duration",
        "empty",
        "field_mask",
        "source_context",
        "struct",
        "timestamp",
        "type",
        "wrappers",
    ];
    let files = names.map(|name| format!("google/protobuf/{name}.proto"));
    let mut types = HashSet::new();
    for file in files
        .iter()
        .flat_map(|name| GoogleFileResolver::new().open_file(name))
    {
        visit(file.file_descriptor_proto(), &mut |name, _| {
            types.insert(name.to_owned());
        });
    }
    types
});

pub(super) fn check(set: &Set, options: &Options) -> Vec<Diagnostic> {
    let mut enums = Enums::new();
    for file in &set.descriptors.file {
        visit(file, &mut |name, ty| {
            if let Declared::Enum(declared) = ty {
                let first = declared
                    .value
                    .first()
                    .map_or(0, EnumValueDescriptorProto::number);
                enums.insert(name.to_owned(), (file.syntax() == "proto3", first));
            }
        });
    }
    let mut errors = Vec::new();
    for file in &set.descriptors.file {
        if let Some(source) = set.sources.get(file.name()) {
            let mut references = References {
                options,
                enums: &enums,
                places: Places::new(source, file),
                proto3: file.syntax() == "proto3",
                extensions: HashMap::new(),
                errors: &mut errors,
            };
            references.file(file);
        }
    }
    errors
}

/// By full name: whether the enum is of proto3, and its first number.
type Enums = HashMap<String, (bool, i32)>;

enum Declared<'a> {
    Message,
    Enum(&'a EnumDescriptorProto),
}

/// Every type of a file, with its full name.
fn visit<'a>(file: &'a FileDescriptorProto, found: &mut impl FnMut(&str, Declared<'a>)) {
    inside(&scope(file), &file.message_type, &file.enum_type, found);
}

fn inside<'a>(
    scope: &str,
    messages: &'a [DescriptorProto],
    enums: &'a [EnumDescriptorProto],
    found: &mut impl FnMut(&str, Declared<'a>),
) {
    for declared in enums {
        found(
            &format!("{scope}.{}", declared.name()),
            Declared::Enum(declared),
        );
    }
    for message in messages {
        let name = format!("{scope}.{}", message.name());
        found(&name, Declared::Message);
        inside(&name, &message.nested_type, &message.enum_type, found);
    }
}

fn scope(file: &FileDescriptorProto) -> String {
    match file.package() {
        "" => String::new(),
        package => format!(".{package}"),
    }
}

struct References<'a> {
    options: &'a Options,
    enums: &'a Enums,
    places: Places<'a>,
    proto3: bool,
    /// By the message that they extend and their number, their names.
    extensions: HashMap<(String, i32), String>,
    errors: &'a mut Vec<Diagnostic>,
}

impl References<'_> {
    fn push(&mut self, path: &[i32], kind: Proto, help: &'static str) {
        let error = self.places.error(path, kind);
        self.errors.push(error.help(help));
    }

    fn file(&mut self, file: &FileDescriptorProto) {
        let scope = scope(file);
        for (index, message) in (0..).zip(&file.message_type) {
            let name = format!("{scope}.{}", message.name());
            self.message(&[tag::file::MESSAGE, index], &name, message);
        }
        for (index, enumeration) in (0..).zip(&file.enum_type) {
            self.enumeration(&[tag::file::ENUM, index], enumeration);
        }
        for (index, extension) in (0..).zip(&file.extension) {
            self.extension(&[tag::file::EXTENSION, index], extension);
        }
        for (index, service) in (0..).zip(&file.service) {
            for (number, method) in (0..).zip(&service.method) {
                let path = [tag::file::SERVICE, index, tag::service::METHOD, number];
                let types = [
                    (tag::method::INPUT, method.input_type()),
                    (tag::method::OUTPUT, method.output_type()),
                ];
                for (tag, name) in types {
                    self.well_known(&join(&path, &[tag]), name);
                }
            }
        }
    }

    fn message(&mut self, path: &[i32], name: &str, message: &DescriptorProto) {
        for (index, field) in (0..).zip(&message.field) {
            let path = join(path, &[tag::message::FIELD, index]);
            let mut maps = message.nested_type.iter().filter(|nested| is_map(nested));
            let map = maps.find(|map| field.type_name() == format!("{name}.{}", map.name()));
            match map.and_then(|map| map.field.iter().find(|field| field.number() == 2)) {
                Some(value) => {
                    self.field_type(&path, value);
                    self.first_value(&path, value);
                }
                None => {
                    self.field_type(&path, field);
                    self.field_options(&path, field);
                }
            }
        }
        for (index, extension) in (0..).zip(&message.extension) {
            self.extension(&join(path, &[tag::message::EXTENSION, index]), extension);
        }
        for (index, nested) in (0..).zip(&message.enum_type) {
            self.enumeration(&join(path, &[tag::message::ENUM, index]), nested);
        }
        for (index, nested) in (0..).zip(&message.nested_type) {
            if !is_map(nested) {
                let name = format!("{name}.{}", nested.name());
                self.message(&join(path, &[tag::message::MESSAGE, index]), &name, nested);
            }
        }
    }

    fn enumeration(&mut self, path: &[i32], enumeration: &EnumDescriptorProto) {
        let options = enumeration.options.as_ref();
        let mut numbers = HashSet::new();
        let mut values = enumeration.value.iter();
        if options.is_some_and(EnumOptions::allow_alias)
            && values.all(|value| numbers.insert(value.number()))
        {
            self.push(
                &join(path, &[tag::NAME]),
                Proto::NoAlias {
                    name: enumeration.name().to_owned(),
                },
                "remove `option allow_alias`",
            );
        }
    }

    fn extension(&mut self, path: &[i32], extension: &FieldDescriptorProto) {
        self.field_type(path, extension);
        self.field_options(path, extension);
        let key = (extension.extendee().to_owned(), extension.number());
        let name = extension.name().to_owned();
        if let Some(first) = self.extensions.insert(key, name) {
            let message = extension.extendee().trim_start_matches('.');
            self.push(
                &join(path, &[tag::field::NUMBER]),
                Proto::ExtensionNumberTaken {
                    number: extension.number(),
                    message: message.to_owned(),
                    extensions: [first, extension.name().to_owned()],
                },
                "use another number",
            );
        }
    }

    fn field_type(&mut self, path: &[i32], field: &FieldDescriptorProto) {
        let at = join(path, &[tag::field::TYPE_NAME]);
        self.well_known(&at, field.type_name());
        let Some((proto3, _)) = self.enums.get(field.type_name()) else {
            return;
        };
        if self.proto3 && !proto3 {
            let name = field.type_name().trim_start_matches('.').to_owned();
            self.push(
                &at,
                Proto::EnumOfProto2 { name },
                "move the enum into a file of proto3, or use an integer",
            );
        }
    }

    /// An absent value of a map is that with the number 0.
    fn first_value(&mut self, path: &[i32], value: &FieldDescriptorProto) {
        if let Some((_, first)) = self.enums.get(value.type_name())
            && *first != 0
        {
            let name = value.type_name().trim_start_matches('.').to_owned();
            self.push(
                path,
                Proto::FirstValueNotZero { name },
                "begin the enum with a value of the number 0",
            );
        }
    }

    fn field_options(&mut self, path: &[i32], field: &FieldDescriptorProto) {
        let Some(options) = &field.options else {
            return;
        };
        let name = || field.name().to_owned();
        let is_packable = !matches!(
            field.r#type(),
            Type::String | Type::Bytes | Type::Message | Type::Group
        );
        if options.packed() && !(is_packable && field.label() == Label::Repeated) {
            self.push(
                path,
                Proto::NotPackable { name: name() },
                "remove `packed`: it is for repeated numbers, booleans and enums",
            );
        }
        let is_wide = matches!(
            field.r#type(),
            Type::Int64 | Type::Uint64 | Type::Sint64 | Type::Fixed64 | Type::Sfixed64
        );
        if options.jstype() != JsType::JsNormal && !is_wide {
            self.push(
                path,
                Proto::NoJsType { name: name() },
                "remove `jstype`: it is for integers of 64 bits",
            );
        }
    }

    /// Nothing is generated for `google.protobuf`: its types are those of prost-types.
    fn well_known(&mut self, path: &[i32], name: &str) {
        let has_type = || WELL_KNOWN_TYPES.contains(name) || has_extern_path(name, self.options);
        if name.starts_with(".google.protobuf.") && !has_type() {
            self.push(
                path,
                Proto::NotWellKnown {
                    name: name.trim_start_matches('.').to_owned(),
                },
                "the package `google.protobuf` is reserved: use another package",
            );
        }
    }
}

fn join(path: &[i32], more: &[i32]) -> Vec<i32> {
    [path, more].concat()
}
