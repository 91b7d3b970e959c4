//! Names that differ in a proto file and are the same in Rust.

use std::collections::{BTreeMap, HashMap, HashSet};

use carml_diagnostic::{Diagnostic, Proto};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    MessageOptions, ServiceDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

use super::{
    Options, idents,
    load::Set,
    source::{Places, tag},
};

/// Which names of a service are exported beside the messages of its package.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exports {
    /// The trait and the server.
    pub(super) server: bool,
    pub(super) client: bool,
}

/// By the services' full names.
pub(super) type ExportsByService = HashMap<String, Exports>;

/// Every clash, and what each service exports.
pub(super) fn check(set: &Set, options: &Options) -> (Vec<Diagnostic>, ExportsByService) {
    let mut scopes = Scopes::default();
    let mut services = Vec::new();
    let mut errors = Vec::new();
    for file in &set.descriptors.file {
        let Some(source) = set.sources.get(file.name()) else {
            continue;
        };
        let mut walk = Walk {
            options,
            file,
            places: Places::new(source, file),
            scopes: &mut scopes,
            services: &mut services,
            errors: &mut errors,
        };
        walk.file();
    }
    (errors, exports(&scopes, &services))
}

/// Whether the type is one that another crate has.
fn is_external(full_name: &str, options: &Options) -> bool {
    has_extern_path(full_name, options) || is_below(full_name, ".google.protobuf")
}

/// Whether the options say which Rust type it is.
pub(super) fn has_extern_path(full_name: &str, options: &Options) -> bool {
    let mut paths = options.extern_paths.iter();
    paths.any(|(path, _)| is_below(full_name, path))
}

fn is_below(full_name: &str, path: &str) -> bool {
    let rest = full_name.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What has a name in a module. Modules of the same name are merged, types are not.
#[derive(Clone, PartialEq)]
enum Item {
    Module,
    /// What it is, such as "message `a.B`".
    Type(String),
}

/// Items by their names, by the path of their module.
#[derive(Default)]
struct Scopes(BTreeMap<Vec<String>, HashMap<String, Item>>);

struct Service {
    full_name: String,
    module: Vec<String>,
    /// In Rust.
    name: String,
}

struct Walk<'a> {
    options: &'a Options,
    file: &'a FileDescriptorProto,
    places: Places<'a>,
    scopes: &'a mut Scopes,
    services: &'a mut Vec<Service>,
    errors: &'a mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn file(&mut self) {
        let file = self.file;
        let module = idents::package(file.package());
        let mut at = Vec::new();
        for part in file.package().split('.').filter(|part| !part.is_empty()) {
            if self.is_named(&[tag::file::PACKAGE], "package", part) {
                self.module(&[tag::file::PACKAGE], &at, &idents::snake(part));
                at.push(idents::snake(part));
            }
        }
        let scope = match file.package() {
            "" => String::new(),
            package => format!(".{package}"),
        };
        for (index, message) in (0..).zip(&file.message_type) {
            self.message(&[tag::file::MESSAGE, index], &scope, &module, message);
        }
        for (index, enumeration) in (0..).zip(&file.enum_type) {
            self.enumeration(&[tag::file::ENUM, index], &scope, &module, enumeration);
        }
        for (index, service) in (0..).zip(&file.service) {
            self.service(&[tag::file::SERVICE, index], &scope, &module, service);
        }
    }

    fn message(&mut self, path: &[i32], scope: &str, module: &[String], message: &DescriptorProto) {
        let full_name = format!("{scope}.{}", message.name());
        if is_external(&full_name, self.options) {
            return;
        }
        let at = join(path, &[tag::NAME]);
        if !self.is_named(&at, "message", message.name()) {
            return;
        }
        self.ty(
            &at,
            module,
            &idents::upper(message.name()),
            "message",
            &full_name,
        );

        let oneofs = oneofs(message);
        let nested = message.nested_type.iter().any(|nested| !is_map(nested));
        let mut inside = module.to_vec();
        inside.push(idents::snake(message.name()));
        if nested || !message.enum_type.is_empty() || !oneofs.is_empty() {
            self.module(&at, module, &idents::snake(message.name()));
        }
        for (index, nested) in (0..).zip(&message.nested_type) {
            if !is_map(nested) {
                let path = join(path, &[tag::message::MESSAGE, index]);
                self.message(&path, &full_name, &inside, nested);
            }
        }
        for (index, nested) in (0..).zip(&message.enum_type) {
            let path = join(path, &[tag::message::ENUM, index]);
            self.enumeration(&path, &full_name, &inside, nested);
        }
        for index in &oneofs {
            self.oneof(path, &full_name, &inside, message, *index);
        }
        self.fields(path, &full_name, message, &oneofs);
    }

    fn oneof(
        &mut self,
        path: &[i32],
        scope: &str,
        module: &[String],
        message: &DescriptorProto,
        index: i32,
    ) {
        let Some(oneof) = nth(&message.oneof_decl, index) else {
            return;
        };
        let at = join(path, &[tag::message::ONEOF, index, tag::NAME]);
        if !self.is_named(&at, "oneof", oneof.name()) {
            return;
        }
        let mut name = idents::upper(oneof.name());
        let nested = message.nested_type.iter().map(DescriptorProto::name);
        let mut nested = nested.chain(message.enum_type.iter().map(EnumDescriptorProto::name));
        if nested.any(|nested| idents::upper(nested) == name) {
            name.push_str("OneOf");
        }
        let full_name = format!("{scope}.{}", oneof.name());
        self.ty(&at, module, &name, "oneof", &full_name);

        let mut seen = Seen::default();
        for (number, field) in (0..).zip(&message.field) {
            if field.oneof_index == Some(index) && !field.proto3_optional() {
                let at = join(path, &[tag::message::FIELD, number, tag::NAME]);
                let variant = idents::upper(field.name());
                self.unique(&mut seen, &at, "field", field.name(), &variant, "variant");
            }
        }
    }

    fn fields(&mut self, path: &[i32], scope: &str, message: &DescriptorProto, oneofs: &[i32]) {
        let mut fields = Seen::default();
        let mut methods = Seen::default();
        for (index, field) in (0..).zip(&message.field) {
            let at = join(path, &[tag::message::FIELD, index, tag::NAME]);
            if !self.is_named(&at, "field", field.name())
                || field.oneof_index.is_some() && !field.proto3_optional()
            {
                continue;
            }
            let name = idents::snake(field.name());
            self.unique(&mut fields, &at, "field", field.name(), &name, "field");
            let map = message.nested_type.iter().find(|nested| {
                is_map(nested) && field.type_name() == format!("{scope}.{}", nested.name())
            });
            for method in accessors(field, map, self.file.syntax() == "proto3", &name) {
                self.unique(&mut methods, &at, "field", field.name(), &method, "method");
            }
        }
        for index in oneofs {
            if let Some(oneof) = nth(&message.oneof_decl, *index) {
                let at = join(path, &[tag::message::ONEOF, *index, tag::NAME]);
                let name = idents::snake(oneof.name());
                self.unique(&mut fields, &at, "oneof", oneof.name(), &name, "field");
            }
        }
    }

    fn enumeration(
        &mut self,
        path: &[i32],
        scope: &str,
        module: &[String],
        enumeration: &EnumDescriptorProto,
    ) {
        let full_name = format!("{scope}.{}", enumeration.name());
        if is_external(&full_name, self.options) {
            return;
        }
        let at = join(path, &[tag::NAME]);
        if !self.is_named(&at, "enum", enumeration.name()) {
            return;
        }
        let name = idents::upper(enumeration.name());
        self.ty(&at, module, &name, "enum", &full_name);
        let mut numbers = HashSet::new();
        let mut seen = Seen::default();
        for (index, value) in (0..).zip(&enumeration.value) {
            let at = join(path, &[tag::enumeration::VALUE, index, tag::NAME]);
            // An alias is not a variant.
            if numbers.insert(value.number()) && self.is_named(&at, "enum value", value.name()) {
                let variant = variant(&name, value.name());
                self.unique(
                    &mut seen,
                    &at,
                    "enum value",
                    value.name(),
                    &variant,
                    "variant",
                );
            }
        }
    }

    fn service(
        &mut self,
        path: &[i32],
        scope: &str,
        module: &[String],
        service: &ServiceDescriptorProto,
    ) {
        let full_name = format!("{scope}.{}", service.name());
        let at = join(path, &[tag::NAME]);
        if !self.is_named(&at, "service", service.name()) {
            return;
        }
        let name = idents::service(service.name());
        for (side, types) in [
            ("server", &[name.clone(), format!("{name}Server")][..]),
            ("client", &[format!("{name}Client")]),
        ] {
            let inside = idents::service_module(&name, side);
            self.module(&at, module, &inside);
            let inside = [module, &[inside]].concat();
            for ty in types {
                self.ty(&at, &inside, ty, "service", &full_name);
            }
        }
        let mut methods = Seen::default();
        let mut streams = Seen::default();
        for (index, method) in (0..).zip(&service.method) {
            let at = join(path, &[tag::service::METHOD, index, tag::NAME]);
            if !self.is_named(&at, "method", method.name()) {
                continue;
            }
            let rust = idents::method(&idents::snake(method.name()));
            let is_new = self.unique(&mut methods, &at, "method", method.name(), &rust, "method");
            if is_new && method.server_streaming() {
                let stream = idents::stream(&rust);
                self.unique(
                    &mut streams,
                    &at,
                    "method",
                    method.name(),
                    &stream,
                    "stream",
                );
            }
        }
        self.services.push(Service {
            full_name,
            module: module.to_vec(),
            name,
        });
    }

    /// Whether Rust can have a name for it.
    fn is_named(&mut self, path: &[i32], what: &'static str, name: &str) -> bool {
        let named = name.contains(|c| c != '_');
        if !named {
            let name = name.to_owned();
            let error = self.places.error(path, Proto::Nameless { what, name });
            self.errors
                .push(error.help("give it a name with a letter or a digit"));
        }
        named
    }

    fn ty(&mut self, path: &[i32], module: &[String], name: &str, kind: &str, full_name: &str) {
        let what = format!("{kind} `{}`", full_name.trim_start_matches('.'));
        let scope = self.scopes.0.entry(module.to_vec()).or_default();
        let other = match scope.get(name) {
            None => {
                scope.insert(name.to_owned(), Item::Type(what));
                return;
            }
            Some(Item::Module) => format!("the module `{name}`"),
            Some(Item::Type(other)) => other.clone(),
        };
        // A service's names are several, and one of them is enough.
        if other != what {
            self.clash(path, format!("{what} and {other}"), name, "type");
        }
    }

    fn module(&mut self, path: &[i32], around: &[String], name: &str) {
        let scope = self.scopes.0.entry(around.to_vec()).or_default();
        match scope.get(name) {
            None => {
                scope.insert(name.to_owned(), Item::Module);
            }
            Some(Item::Module) => {}
            Some(Item::Type(other)) => {
                let both = format!("a module and {other}");
                self.clash(path, both, name, "module");
            }
        }
    }

    /// Whether nothing else has the name.
    fn unique(
        &mut self,
        seen: &mut Seen,
        path: &[i32],
        kind: &str,
        name: &str,
        rust: &str,
        rust_kind: &'static str,
    ) -> bool {
        match seen.0.get(rust) {
            None => {
                seen.0.insert(rust.to_owned(), name.to_owned());
                true
            }
            Some(first) => {
                let both = format!("{kind} `{name}` and `{first}`");
                self.clash(path, both, rust, rust_kind);
                false
            }
        }
    }

    fn clash(&mut self, path: &[i32], both: String, name: &str, item: &'static str) {
        let name = name.to_owned();
        let error = self
            .places
            .error(path, Proto::SameInRust { both, item, name });
        self.errors.push(error.help("rename one of them"));
    }
}

/// What was declared in a message, enum or service, by its name in Rust.
#[derive(Default)]
struct Seen(HashMap<String, String>);

/// The methods that prost derives for a field.
fn accessors(
    field: &FieldDescriptorProto,
    map: Option<&DescriptorProto>,
    proto3: bool,
    name: &str,
) -> Vec<String> {
    let bare = name.trim_start_matches("r#");
    if let Some(map) = map {
        let value = map.field.iter().find(|field| field.number() == 2);
        return match value.map(FieldDescriptorProto::r#type) {
            Some(Type::Enum) => vec![format!("get_{bare}"), format!("insert_{bare}")],
            _ => Vec::new(),
        };
    }
    match (field.r#type(), field.label()) {
        (Type::Enum, Label::Repeated) => vec![bare.to_owned(), format!("push_{bare}")],
        (Type::Enum, _) => vec![bare.to_owned(), format!("set_{bare}")],
        (Type::Message | Type::Group, _) | (_, Label::Repeated | Label::Required) => Vec::new(),
        (_, Label::Optional) if proto3 && !field.proto3_optional() => Vec::new(),
        (_, Label::Optional) => vec![bare.to_owned()],
    }
}

/// An enum's variant: the value without the enum's name, where a word ends there.
fn variant(enumeration: &str, value: &str) -> String {
    let value = idents::upper(value);
    match value.strip_prefix(enumeration) {
        Some(rest) if rest.starts_with(char::is_uppercase) => idents::upper(rest),
        _ => value,
    }
}

/// The oneofs that are written, not those that an `optional` field makes.
fn oneofs(message: &DescriptorProto) -> Vec<i32> {
    let members = message
        .field
        .iter()
        .filter(|field| !field.proto3_optional());
    let written: HashSet<i32> = members.filter_map(|field| field.oneof_index).collect();
    let mut written: Vec<i32> = written.into_iter().collect();
    written.sort_unstable();
    written
}

pub(super) fn is_map(message: &DescriptorProto) -> bool {
    message
        .options
        .as_ref()
        .is_some_and(MessageOptions::map_entry)
}

fn nth<T>(items: &[T], index: i32) -> Option<&T> {
    items.get(usize::try_from(index).ok()?)
}

fn join(path: &[i32], more: &[i32]) -> Vec<i32> {
    [path, more].concat()
}

/// A service's names are beside the messages of its package, unless something there has the
/// name: then they are only in the service's modules.
fn exports(scopes: &Scopes, services: &[Service]) -> ExportsByService {
    let none = HashMap::new();
    let mut taken = HashSet::new();
    let mut claim = |service: &Service, suffix: &str| {
        let name = format!("{}{suffix}", service.name);
        !scopes
            .0
            .get(&service.module)
            .unwrap_or(&none)
            .contains_key(&name)
            && taken.insert((service.module.clone(), name))
    };
    let traits: Vec<bool> = services.iter().map(|service| claim(service, "")).collect();
    let mut exports = ExportsByService::new();
    for (service, has_trait) in services.iter().zip(traits) {
        let server = has_trait && claim(service, "Server");
        let client = claim(service, "Client");
        exports.insert(service.full_name.clone(), Exports { server, client });
    }
    exports
}
