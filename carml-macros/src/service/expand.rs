//! From the model to tokens.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{FnArg, Pat, spanned::Spanned};

use super::{
    model::{Answer, Method, Service},
    parse::Requirement,
};

pub(super) fn expand(service: &Service) -> TokenStream {
    let Service {
        block,
        server,
        methods,
        others,
        requires,
    } = service;
    let attributes = &block.attrs;
    let (generics, _, bounds) = block.generics.split_for_impl();
    let ty = &block.self_ty;
    let service_trait = block.trait_.as_ref().map(|(_, path, _)| path);
    let streams = methods.iter().filter_map(stream_type);
    let methods = methods.iter().map(method);
    let requires = requires.iter().map(requirement);
    quote! {
        #(#attributes)*
        #[::carml_runtime::__private::async_trait]
        impl #generics #service_trait for #ty #bounds {
            #(#others)*
            #(#streams)*
            #(#methods)*
        }

        impl #generics ::carml_runtime::__private::Sealed for #ty #bounds {}

        impl #generics ::carml_runtime::__private::Service for #ty #bounds {
            type Server = #server<Self>;

            const REQUIRES: &'static [::carml_runtime::__private::Requirement] = &[#(#requires),*];

            // tonic's own limits answer OUT_OF_RANGE: the chain enforces the limit.
            fn into_server(self) -> Self::Server {
                <#server<Self>>::new(self)
                    .max_decoding_message_size(usize::MAX)
                    .max_encoding_message_size(usize::MAX)
            }
        }
    }
}

fn stream_type(method: &Method) -> Option<TokenStream> {
    match &method.answer {
        Answer::Stream {
            name,
            item,
            declare: true,
            ..
        } => {
            // It exists under the same conditions as its handler.
            let attributes = method.item.attrs.iter();
            let cfgs = attributes.filter(|attribute| attribute.path().is_ident("cfg"));
            Some(quote! {
                #(#cfgs)*
                type #name = ::carml_runtime::__private::BoxStream<#item>;
            })
        }
        _ => None,
    }
}

fn requirement(requirement: &Requirement) -> TokenStream {
    let Requirement {
        of_store,
        call,
        scope,
    } = requirement;
    let call = format_ident!("{}", call.to_string().to_upper_camel_case());
    let scope = match scope {
        Some(scope) if scope == "cluster" => format_ident!("Cluster"),
        _ => format_ident!("Process"),
    };
    let scope = quote!(::carml_runtime::__private::Scope::#scope);
    match of_store {
        true => quote! {
            ::carml_runtime::__private::requires_store(
                ::carml_runtime::__private::StoreCall::#call,
                #scope,
            )
        },
        false => quote! {
            ::carml_runtime::__private::requires(
                ::carml_runtime::__private::Call::#call,
                #scope,
            )
        },
    }
}

/// The trait's method around the handler's own body. The body stays an async block with the type
/// that the user wrote, so that `?` and the compiler's messages mean what they say.
fn method(method: &Method) -> TokenStream {
    let Method {
        item,
        plain_request,
        answer,
    } = method;
    let mut signature = item.sig.clone();
    let attributes = &item.attrs;
    let statements = &item.block.stmts;

    let mut unwrap_request = TokenStream::new();
    if *plain_request && let Some(FnArg::Typed(request)) = signature.inputs.iter_mut().nth(1) {
        let pattern = (*request.pat).clone();
        let ty = &request.ty;
        let span = ty.span();
        *request.ty = syn::parse_quote_spanned!(span=> ::carml_runtime::__private::Request<#ty>);
        let name = format_ident!("__request");
        *request.pat = Pat::Verbatim(quote!(#name));
        unwrap_request = quote! {
            let #pattern = ::carml_runtime::__private::Request::into_inner(#name);
        };
    }

    let (message, convert) = match answer {
        Answer::Tonic => (TokenStream::new(), None),
        Answer::Plain(message) => {
            let syn::ReturnType::Type(_, ty) = &signature.output else {
                unreachable!("checked in the model")
            };
            let wrap =
                quote_spanned!(ty.span()=> ::carml_runtime::__private::Answer::wrap(__answer));
            (quote!(#message), Some(wrap))
        }
        Answer::Stream {
            name,
            wrapped,
            declare,
            bounds,
            ..
        } => {
            // The written type leaves the signature; its bounds are still checked.
            let written = quote! {
                fn __written(_: &(impl #(#bounds)+*)) {}
                __written(&stream);
            };
            let boxed = if *declare {
                quote!(|stream| { #written ::carml_runtime::__private::boxed(stream) })
            } else {
                quote!(|stream| { #written stream })
            };
            let convert = if *wrapped {
                quote!(|response| ::carml_runtime::__private::Response::map(response, #boxed))
            } else {
                quote!(|stream| ::carml_runtime::__private::Response::new((#boxed)(stream)))
            };
            name_lifetime_of_self(&mut signature);
            (
                quote!(Self::#name),
                Some(quote!(::core::result::Result::map(__answer, #convert))),
            )
        }
    };
    let Some(convert) = convert else {
        return quote! {
            #(#attributes)*
            #signature {
                #unwrap_request
                #(#statements)*
            }
        };
    };
    // `impl Trait` cannot be named in a body; the stream's type is inferred there.
    let written = match (answer, &signature.output) {
        (Answer::Stream { .. }, _) | (_, syn::ReturnType::Default) => {
            quote!(::core::result::Result<_, ::carml_runtime::__private::Status>)
        }
        (_, syn::ReturnType::Type(_, ty)) => quote!(#ty),
    };
    // The type is at both ends of the body, so that both are coerced as in a function: at a
    // `return`, and at the last expression.
    let statement = quote! {
        let __answer: #written = async move {
            if let ::core::option::Option::Some(__answer) = ::core::option::Option::None::<#written> {
                #[allow(unreachable_code)]
                return __answer;
            }
            let __answer: #written = { #(#statements)* };
            #[allow(unreachable_code)]
            __answer
        }
        .await;
    };
    signature.output = syn::parse_quote! {
        -> ::core::result::Result<
            ::carml_runtime::__private::Response<#message>,
            ::carml_runtime::__private::Status,
        >
    };
    quote! {
        #(#attributes)*
        #signature {
            #unwrap_request
            #statement
            #convert
        }
    }
}

/// The compiler names the lifetime in its error about a stream that borrows `self`: the name is all
/// that a macro can add to that error.
fn name_lifetime_of_self(signature: &mut syn::Signature) {
    let Some(FnArg::Receiver(receiver)) = signature.inputs.first_mut() else {
        return;
    };
    let Some((_, lifetime @ None)) = &mut receiver.reference else {
        return;
    };
    let name = syn::Lifetime::new("'a_stream_cannot_borrow_self", receiver.self_token.span);
    *lifetime = Some(name.clone());
    *receiver.ty = syn::parse_quote!(&#name Self);
    signature
        .generics
        .params
        .insert(0, syn::parse_quote!(#name));
}
