// Generated from schema/store.json; do not edit.
/// A call of the object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// Writes an object atomically.
    Put,
    /// Reads an object, or a range of it.
    Get,
    /// Reads the metadata of an object.
    Stat,
    /// Removes objects.
    Delete,
    /// Lists objects, in the order of their names.
    List,
    /// Writes an object only if there is none.
    Create,
    /// Replaces an object only if it has the expected ETag.
    Replace,
    /// Stores a content type and metadata with an object.
    Metadata,
    /// Makes URLs that anyone can use until they expire.
    Presign,
    /// Lists and aborts incomplete uploads.
    Uploads,
}
/// All of them, in the table's order.
pub const CALLS: &[Call] = &[
    Call::Put,
    Call::Get,
    Call::Stat,
    Call::Delete,
    Call::List,
    Call::Create,
    Call::Replace,
    Call::Metadata,
    Call::Presign,
    Call::Uploads,
];
impl Call {
    /// The name in the config.
    pub fn as_str(self) -> &'static str {
        match self {
            Call::Put => "put",
            Call::Get => "get",
            Call::Stat => "stat",
            Call::Delete => "delete",
            Call::List => "list",
            Call::Create => "create",
            Call::Replace => "replace",
            Call::Metadata => "metadata",
            Call::Presign => "presign",
            Call::Uploads => "uploads",
        }
    }
    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Call::Put => "Put",
            Call::Get => "Get",
            Call::Stat => "Stat",
            Call::Delete => "Delete",
            Call::List => "List",
            Call::Create => "Create",
            Call::Replace => "Replace",
            Call::Metadata => "Metadata",
            Call::Presign => "Presign",
            Call::Uploads => "Uploads",
        }
    }
    /// The inverse of [`as_str`](Self::as_str).
    pub fn parse(text: &str) -> Option<Call> {
        CALLS.iter().copied().find(|one| one.as_str() == text)
    }
}
