//! The messages and the server of `grpc.health.v1` are what its proto file says. They are checked in,
//! so that a build of the runtime needs no compiler.
//!
//! `UPDATE=1 cargo test -p carml-codegen --test health` writes them again.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use proc_macro2::Literal;
use prost::Message as _;
use quote::quote;

const HEAD: &str = "\
// @generated from `proto/grpc/health/v1/health.proto`, do not edit.
//
// `UPDATE=1 cargo test -p carml-codegen --test health` writes this file.

";

#[test]
fn the_checked_in_code_is_that_of_the_proto_file() {
    let mut compiler = protox::Compiler::new([support::path("proto")]).unwrap();
    compiler.include_source_info(true);
    compiler.open_file("grpc/health/v1/health.proto").unwrap();
    let mut set = compiler.file_descriptor_set();
    let folder = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .build_transport(false)
        .out_dir(folder.path())
        .compile_fds(set.clone())
        .unwrap();
    let code = fs::read_to_string(folder.path().join("grpc.health.v1.rs")).unwrap();
    for file in &mut set.file {
        file.source_code_info = None;
    }
    let bytes = Literal::byte_string(&set.encode_to_vec());
    let descriptors = syn::parse2(quote! {
        /// The proto file, as an encoded `google.protobuf.FileDescriptorSet`.
        pub const FILE_DESCRIPTOR_SET: &[u8] = #bytes;
    });
    let descriptors = prettyplease::unparse(&descriptors.unwrap());
    support::assert_current(
        "carml-runtime/grpc/src/health/pb.rs",
        &format!("{HEAD}{code}\n{descriptors}"),
    );
}
