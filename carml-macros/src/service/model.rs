//! What the macro knows of a service, checked.

use heck::ToUpperCamelCase;
use syn::{
    FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, ItemImpl, Path, PathArguments, ReturnType,
    Type, TypeParamBound, ext::IdentExt as _,
};

use super::{
    parse::{Args, Requirement},
    requires,
};
use crate::faults::Faults;

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
    /// `Result<T, Status>`.
    Plain,
    /// A stream in place of `T`, boxed by the macro.
    Stream {
        /// The trait's associated type.
        name: Ident,
        /// What the stream yields: `Result<T, Status>`.
        item: Box<Type>,
        /// What the user wrote after `impl`, without `use<…>`.
        bounds: Vec<TypeParamBound>,
        /// The stream stands inside a `Response`.
        wrapped: bool,
        /// Not declared in the block.
        declare: bool,
    },
}

impl Service {
    pub(super) fn build(args: Args, mut block: ItemImpl) -> syn::Result<Self> {
        let mut faults = Faults::default();
        args.faults.into_iter().for_each(|fault| faults.add(fault));
        requires::check(&args.requires, &mut faults);
        let server = server_path(&block, &mut faults);
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
                ImplItem::Fn(item) => methods.extend(method(item, &declared, &mut faults)),
                other => others.push(other),
            }
        }
        faults.or(server.map(|server| Self {
            block,
            server,
            methods,
            others,
            requires: args.requires,
        }))
    }
}

fn server_path(block: &ItemImpl, faults: &mut Faults) -> Option<Path> {
    let Some((_, path, _)) = &block.trait_ else {
        faults.push(
            &block.self_ty,
            "`#[carml_service]` needs the generated trait: `impl Greeter for Type`",
        );
        return None;
    };
    let mut server = path.clone();
    let last = server.segments.last_mut()?;
    last.ident = Ident::new(&format!("{}Server", last.ident), last.ident.span());
    Some(server)
}

fn method(item: ImplItemFn, declared: &[Ident], faults: &mut Faults) -> Option<Method> {
    if item.sig.asyncness.is_none() {
        faults.push(&item.sig.fn_token, "a handler is an `async fn`");
    }
    let generics = &item.sig.generics;
    if !generics.params.is_empty() {
        faults.push(&generics.params, "a handler has no parameters of its own");
    }
    let request = request_type(&item, faults);
    let answer = answer(&item, declared, faults);
    Some(Method {
        // A message may be called `Request` too, but has no arguments.
        plain_request: first_argument(request?, "Request").is_none(),
        answer: answer?,
        item,
    })
}

fn request_type<'a>(item: &'a ImplItemFn, faults: &mut Faults) -> Option<&'a Type> {
    const EXPECTED: &str = "a handler takes `&self` and the request: the message, a `Streaming` \
                            of messages, or tonic's `Request` of either";
    let mut inputs = item.sig.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(receiver))
            if receiver.reference.is_some() && receiver.mutability.is_none() => {}
        Some(other) => faults.push(other, EXPECTED),
        None => {
            faults.push(&item.sig.ident, EXPECTED);
            return None;
        }
    }
    let request = match inputs.next() {
        Some(FnArg::Typed(request)) => Some(&*request.ty),
        _ => {
            faults.push(&item.sig.ident, EXPECTED);
            None
        }
    };
    for extra in inputs {
        faults.push(extra, EXPECTED);
    }
    request
}

fn answer(item: &ImplItemFn, declared: &[Ident], faults: &mut Faults) -> Option<Answer> {
    const EXPECTED: &str = "a handler returns `Result<_, Status>`: of the message, of \
                            `impl Stream<Item = Result<Message, Status>>`, or of tonic's \
                            `Response` of either";
    let ReturnType::Type(_, output) = &item.sig.output else {
        faults.push(&item.sig.ident, EXPECTED);
        return None;
    };
    let Some(ok) = first_argument(output, "Result") else {
        faults.push(output, EXPECTED);
        return None;
    };
    let (inner, wrapped) = match first_argument(ok, "Response") {
        Some(inner) => (inner, true),
        None => (ok, false),
    };
    let Type::ImplTrait(stream) = inner else {
        return Some(if wrapped {
            Answer::Tonic
        } else {
            Answer::Plain
        });
    };
    let Some(stream_item) = stream.bounds.iter().find_map(stream_item) else {
        faults.push(
            inner,
            "expected `impl Stream<Item = Result<Message, Status>> + Send`",
        );
        return None;
    };
    let handler = item.sig.ident.unraw().to_string();
    let name = format!("{}Stream", handler.to_upper_camel_case());
    let name = Ident::new(&name, item.sig.ident.span());
    Some(Answer::Stream {
        declare: !declared.contains(&name),
        item: Box::new(stream_item.clone()),
        bounds: stream
            .bounds
            .iter()
            .filter(|bound| !matches!(bound, TypeParamBound::PreciseCapture(_)))
            .cloned()
            .collect(),
        name,
        wrapped,
    })
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
