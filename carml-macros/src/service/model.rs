//! What the macro knows of a service, checked.

use heck::ToUpperCamelCase;
use syn::{
    CapturedParam, FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, ItemImpl, Path,
    PathArguments, ReturnType, Type, TypeParamBound, TypePath, ext::IdentExt as _,
};

use super::{
    parse::{Args, Requirement},
    requires,
};
use crate::errors::Errors;

/// A checked use of the macro.
pub(super) struct Service {
    /// The block without its methods.
    pub(super) block: ItemImpl,
    /// The trait's path with `Server` appended.
    pub(super) server: Path,
    pub(super) methods: Vec<Method>,
    /// Everything else in the block, in its order.
    pub(super) others: Vec<ImplItem>,
    pub(super) requires: Vec<Requirement>,
}

/// One handler.
pub(super) struct Method {
    pub(super) item: ImplItemFn,
    /// The parameter is the message, not a `Request`.
    pub(super) plain_request: bool,
    pub(super) answer: Answer,
}

/// What a handler returns.
pub(super) enum Answer {
    /// `Result<Response<T>, Status>`: left as it is.
    Tonic,
    /// `Result<T, Status>`, and its `T`.
    Plain(Box<Type>),
    /// A stream in place of `T`, boxed by the macro.
    Stream {
        /// The trait's associated type.
        name: Ident,
        /// What the stream yields: `Result<T, Status>`.
        item: Box<Type>,
        /// What the user wrote after `impl`, without `use<…>`.
        bounds: Vec<TypeParamBound>,
        /// The stream is inside a `Response`.
        wrapped: bool,
        /// Not declared in the block.
        declare: bool,
    },
}

impl Service {
    pub(super) fn build(args: Args, mut block: ItemImpl) -> syn::Result<Self> {
        let mut errors = Errors::default();
        args.errors.into_iter().for_each(|error| errors.add(error));
        requires::check(&args.requires, &mut errors);
        let server = server_path(&block, &mut errors);
        let declared: Vec<Ident> = block
            .items
            .iter()
            .filter_map(|item| match item {
                ImplItem::Type(item) => Some(item.ident.clone()),
                _ => None,
            })
            .collect();
        let mut methods = Vec::new();
        let mut others = Vec::new();
        for item in std::mem::take(&mut block.items) {
            match item {
                ImplItem::Fn(item) => methods.extend(method(item, &declared, &mut errors)),
                other => others.push(other),
            }
        }
        errors.or(server.map(|server| Self {
            block,
            server,
            methods,
            others,
            requires: args.requires,
        }))
    }
}

fn server_path(block: &ItemImpl, errors: &mut Errors) -> Option<Path> {
    let Some((_, path, _)) = &block.trait_ else {
        errors.push(
            &block.self_ty,
            "expected the `impl` of a generated service trait: `impl Greeter for Type`",
        );
        return None;
    };
    let mut server = path.clone();
    let last = server.segments.last_mut()?;
    last.ident = Ident::new(&format!("{}Server", last.ident), last.ident.span());
    Some(server)
}

fn method(item: ImplItemFn, declared: &[Ident], errors: &mut Errors) -> Option<Method> {
    let name = item.sig.ident.unraw();
    if item.sig.asyncness.is_none() {
        let message = format_args!("the handler `{name}` must be an `async fn`");
        errors.push(&item.sig.fn_token, message);
    }
    let generics = &item.sig.generics;
    if !generics.params.is_empty() {
        let message = format_args!("the handler `{name}` cannot have generic parameters");
        errors.push(&generics.params, message);
    }
    let request = request_type(&item, &name, errors);
    let answer = answer(&item, &name, declared, errors);
    Some(Method {
        // A message may be called `Request` too, but has no arguments.
        plain_request: first_argument(request?, "Request").is_none(),
        answer: answer?,
        item,
    })
}

fn request_type<'a>(item: &'a ImplItemFn, name: &Ident, errors: &mut Errors) -> Option<&'a Type> {
    let expected = format!(
        "the handler `{name}` must take `&self` and the request: a message, `Streaming<Message>`, \
         or `Request<…>` of either"
    );
    let mut inputs = item.sig.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(receiver))
            if receiver.reference.is_some() && receiver.mutability.is_none() => {}
        Some(other) => errors.push(other, &expected),
        None => {
            errors.push(&item.sig.ident, &expected);
            return None;
        }
    }
    let request = match inputs.next() {
        Some(FnArg::Typed(request)) => Some(&*request.ty),
        _ => {
            errors.push(&item.sig.ident, &expected);
            None
        }
    };
    for extra in inputs {
        errors.push(extra, &expected);
    }
    request
}

fn answer(
    item: &ImplItemFn,
    name: &Ident,
    declared: &[Ident],
    errors: &mut Errors,
) -> Option<Answer> {
    let ReturnType::Type(_, output) = &item.sig.output else {
        let message = format_args!(
            "the handler `{name}` returns nothing: write `-> Result<Message, Status>`"
        );
        errors.push(&item.sig.ident, message);
        return None;
    };
    let Some(ok) = first_argument(output, "Result") else {
        let message = format_args!(
            "the handler `{name}` must return a `Result`, spelled out: write `Result<{}, Status>`",
            match &**output {
                // An alias: the macro cannot see the type behind it.
                Type::Path(path) if has_arguments(path) => "Message".to_owned(),
                output => text(output),
            }
        );
        errors.push(output, message);
        return None;
    };
    let (inner, wrapped) = match first_argument(ok, "Response") {
        Some(inner) => (inner, true),
        None => (ok, false),
    };
    let stream_name = format!("{}Stream", name.to_string().to_upper_camel_case());
    let stream_name = match stream_name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("_{stream_name}"),
        false => stream_name,
    };
    let stream_name = Ident::new(&stream_name, item.sig.ident.span());
    let is_declared = declared.contains(&stream_name);
    let Type::ImplTrait(stream) = inner else {
        if is_stream(inner) && !is_declared {
            let message = format_args!(
                "the stream type of the handler `{name}` is not declared: write \
                 `impl Stream<Item = Result<Message, Status>> + Send + use<>` here, or add \
                 `type {stream_name} = {};` to the `impl`",
                text(inner)
            );
            errors.push(inner, message);
            return None;
        }
        return Some(if wrapped {
            Answer::Tonic
        } else {
            Answer::Plain(Box::new(ok.clone()))
        });
    };
    if stream.bounds.iter().any(borrows) {
        let message = format_args!(
            "the stream of the handler `{name}` cannot borrow `self`: it outlives the call; clone \
             what it needs, move that into the stream, and write `+ use<>`"
        );
        errors.push(inner, message);
        return None;
    }
    let Some(stream_item) = stream.bounds.iter().find_map(stream_item) else {
        let message = format_args!(
            "the handler `{name}` must say what its stream yields: write \
             `impl Stream<Item = Result<Message, Status>> + Send + use<>`"
        );
        errors.push(inner, message);
        return None;
    };
    Some(Answer::Stream {
        declare: !is_declared,
        item: Box::new(stream_item.clone()),
        bounds: stream
            .bounds
            .iter()
            .filter(|bound| !matches!(bound, TypeParamBound::PreciseCapture(_)))
            .cloned()
            .collect(),
        name: stream_name,
        wrapped,
    })
}

/// A type that is a stream by its name: no message has type parameters.
fn is_stream(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| {
        let name = segment.ident.to_string();
        let arguments = &segment.arguments;
        (name.ends_with("Stream") || name == "Streaming") && !arguments.is_empty() || name == "Pin"
    })
}

/// `'a`, or `use<'a>`.
fn borrows(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Lifetime(lifetime) => lifetime.ident != "static",
        TypeParamBound::PreciseCapture(capture) => capture
            .params
            .iter()
            .any(|param| matches!(param, CapturedParam::Lifetime(_))),
        _ => false,
    }
}

fn has_arguments(path: &TypePath) -> bool {
    let last = path.path.segments.last();
    last.is_some_and(|segment| !segment.arguments.is_empty())
}

/// A type as it is written, nearly.
fn text(ty: &Type) -> String {
    let mut text = quote::quote!(#ty).to_string();
    for (spaced, close) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" > ", ">"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
    ] {
        text = text.replace(spaced, close);
    }
    text.replace(">+", "> +").replace(">=", "> =")
}

/// `T` of `impl Stream<Item = T>`.
fn stream_item(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else {
        return None;
    };
    let last = bound.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    if last.ident != "Stream" {
        return None;
    }
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
        _ => None,
    })
}

/// `T` of `name<T, …>`.
fn first_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}
