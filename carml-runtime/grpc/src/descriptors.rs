/// A generated server that knows the proto files it came from, for reflection.
pub trait FileDescriptors {
    /// The files and their imports, as an encoded `google.protobuf.FileDescriptorSet`.
    const FILE_DESCRIPTOR_SET: &'static [u8];
}
