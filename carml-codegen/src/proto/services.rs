//! Changes the services that tonic-build writes.

use std::{collections::HashMap, fmt::Write as _};

use prost_build::{Module, Service, ServiceGenerator};
use syn::{
    ExprPath, File, Ident, Item, Path, TypePath, parse_quote,
    visit_mut::{self, VisitMut},
};

use super::{clashes::ExportsByService, idents};

/// The name under which tonic writes a service. A service may have the name of anything that its
/// own code uses: `Body`, `Clone`, `T`.
const PLACEHOLDER: &str = "CarmlServicePlaceholder";

/// tonic's generator, and after it the names beside the messages and the descriptor set.
pub(super) struct Services {
    tonic: Box<dyn ServiceGenerator>,
    exports: ExportsByService,
}

impl Services {
    pub(super) fn new(exports: ExportsByService) -> Self {
        let tonic = tonic_prost_build::configure()
            .codec_path("::carml_runtime::__private::ProstCodec")
            .service_generator();
        Self { tonic, exports }
    }
}

impl ServiceGenerator for Services {
    fn generate(&mut self, mut service: Service, buf: &mut String) {
        let package = &service.package;
        let dot = if package.is_empty() { "" } else { "." };
        let full_name = format!("{dot}{package}.{}", service.proto_name);
        let exports = self.exports.get(&full_name).copied().unwrap_or_default();
        let depth = Module::from_protobuf_package_name(package).len();
        service.name = PLACEHOLDER.to_owned();
        let name = idents::service(&service.proto_name);
        let mut names = Names::of(&name);
        for method in &mut service.methods {
            method.name = idents::method(&method.name);
            for message in [&mut method.input_type, &mut method.output_type] {
                wrapper(message);
            }
            if method.server_streaming {
                let tonic = format!("{}Stream", method.proto_name);
                names.idents.insert(tonic, idents::stream(&method.name));
            }
        }
        let mut written = String::new();
        self.tonic.generate(service, &mut written);
        match syn::parse_file(&written) {
            Ok(mut file) => {
                names.visit_file_mut(&mut file);
                buf.push_str(&prettyplease::unparse(&file));
            }
            // What reads the whole file reports it.
            Err(_) => buf.push_str(&written),
        }
        let client = idents::service_module(&name, "client");
        let server = idents::service_module(&name, "server");
        let root = "super::".repeat(depth);
        // Writing to a String cannot fail.
        let _ = write!(
            buf,
            "
            impl<T> ::carml_runtime::grpc::FileDescriptors for {server}::{name}Server<T> {{
                const FILE_DESCRIPTOR_SET: &'static [u8] = {root}FILE_DESCRIPTOR_SET;
            }}
            "
        );
        let service_name = full_name.trim_start_matches('.');
        let _ = write!(
            buf,
            "
            impl<T> ::carml_runtime::grpc::FileDescriptors for {client}::{name}Client<T> {{
                const FILE_DESCRIPTOR_SET: &'static [u8] = {root}FILE_DESCRIPTOR_SET;
            }}

            impl ::carml_runtime::client::GeneratedClient
                for {client}::{name}Client<::carml_runtime::client::Channel>
            {{
                const NAME: &'static str = \"{service_name}\";

                fn new(channel: ::carml_runtime::client::Channel) -> Self {{
                    Self::new(channel)
                        .max_decoding_message_size(::core::primitive::usize::MAX)
                        .max_encoding_message_size(::core::primitive::usize::MAX)
                }}
            }}
            "
        );
        if exports.client {
            let _ = write!(buf, "pub use self::{client}::{name}Client;");
        }
        if exports.server {
            let _ = write!(buf, "pub use self::{server}::{{{name}, {name}Server}};");
        }
    }

    fn finalize(&mut self, buf: &mut String) {
        self.tonic.finalize(buf);
    }

    fn finalize_package(&mut self, package: &str, buf: &mut String) {
        self.tonic.finalize_package(package, buf);
    }
}

/// prost has `bool` for a `BoolValue`, and tonic would look it up beside the messages.
fn wrapper(message: &mut String) {
    if matches!(
        message.as_str(),
        "bool" | "f32" | "f64" | "i32" | "i64" | "u32" | "u64"
    ) {
        message.insert_str(0, "::core::primitive::");
    }
}

/// Gives a service its name, and every other name the path that it means: no message or service
/// changes what the code says.
struct Names {
    service: String,
    /// Names in tonic's code, and what they become.
    idents: HashMap<String, String>,
}

impl Names {
    fn of(service: &str) -> Self {
        let mut idents = HashMap::new();
        for suffix in ["", "Client", "Server"] {
            let from = format!("{PLACEHOLDER}{suffix}");
            idents.insert(from, format!("{service}{suffix}"));
        }
        for side in ["client", "server"] {
            let from = idents::service_module(PLACEHOLDER, side);
            idents.insert(from, idents::service_module(service, side));
        }
        Self {
            service: service.to_owned(),
            idents,
        }
    }
}

impl VisitMut for Names {
    fn visit_file_mut(&mut self, file: &mut File) {
        for item in &mut file.items {
            if let Item::Mod(module) = item {
                // The allowances around the whole of the generated code hold here too.
                module
                    .attrs
                    .retain(|attribute| attribute.path().is_ident("doc"));
                if let Some((_, items)) = &mut module.content {
                    items.retain(|item| !matches!(item, Item::Use(_)));
                }
            }
        }
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_path_mut(&mut self, path: &mut Path) {
        if path.leading_colon.is_none() {
            qualify(path);
        }
        visit_mut::visit_path_mut(self, path);
    }

    // `position` counts the segments of the path before `>` in `<T as path>::Name`.
    fn visit_type_path_mut(&mut self, ty: &mut TypePath) {
        let before = ty.path.segments.len();
        visit_mut::visit_type_path_mut(self, ty);
        if let Some(own) = ty.qself.as_mut().filter(|own| own.position > 0) {
            own.position += ty.path.segments.len() - before;
        }
    }

    fn visit_expr_path_mut(&mut self, expression: &mut ExprPath) {
        let before = expression.path.segments.len();
        visit_mut::visit_expr_path_mut(self, expression);
        if let Some(own) = expression.qself.as_mut().filter(|own| own.position > 0) {
            own.position += expression.path.segments.len() - before;
        }
    }

    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        if let Some(name) = self.idents.get(&ident.to_string()) {
            *ident = Ident::new(name, ident.span());
        }
    }

    fn visit_lit_str_mut(&mut self, text: &mut syn::LitStr) {
        let value = text.value();
        if value.contains(PLACEHOLDER) {
            *text = syn::LitStr::new(&value.replace(PLACEHOLDER, &self.service), text.span());
        }
    }
}

/// Writes a name of tonic's or of the prelude as the whole path that it means.
fn qualify(path: &mut Path) {
    let Some(first) = path.segments.first_mut() else {
        return;
    };
    let whole: Path = match &*first.ident.to_string() {
        // A parameter or a local type may have the service's name.
        PLACEHOLDER => parse_quote!(self::CarmlServicePlaceholder),
        "std" => parse_quote!(::std),
        "Arc" => parse_quote!(::std::sync::Arc),
        "Box" => parse_quote!(::std::boxed::Box),
        "Clone" => parse_quote!(::core::clone::Clone),
        "Context" => parse_quote!(::core::task::Context),
        "Default" => parse_quote!(::core::default::Default),
        "Into" => parse_quote!(::core::convert::Into),
        "Option" => parse_quote!(::core::option::Option),
        "Poll" => parse_quote!(::core::task::Poll),
        "Result" => parse_quote!(::core::result::Result),
        "TryInto" => parse_quote!(::core::convert::TryInto),
        "tonic" => parse_quote!(::carml_runtime::tonic),
        "Uri" => parse_quote!(::carml_runtime::tonic::codegen::http::Uri),
        "Body"
        | "BoxFuture"
        | "BoxStream"
        | "Bytes"
        | "CompressionEncoding"
        | "EnabledCompressionEncodings"
        | "GrpcMethod"
        | "InterceptedService"
        | "StdError"
        | "async_trait"
        | "http" => {
            let name = &first.ident;
            parse_quote!(::carml_runtime::tonic::codegen::#name)
        }
        _ => return,
    };
    let arguments = std::mem::take(&mut first.arguments);
    let mut segments = whole.segments;
    if let Some(last) = segments.last_mut() {
        last.arguments = arguments;
    }
    segments.extend(std::mem::take(&mut path.segments).into_iter().skip(1));
    path.leading_colon = whole.leading_colon;
    path.segments = segments;
}
