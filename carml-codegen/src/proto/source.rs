//! A proto file's text, and errors at places in it.

use std::{collections::HashMap, ops::Range, path::PathBuf};

use prost_types::FileDescriptorProto;

use super::front::Fault;

/// One proto file that was read from disk.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Where it is: what a report names, so that an editor can open it.
    pub(super) path: PathBuf,
    /// Without a byte order mark.
    pub(super) text: String,
}

impl Source {
    /// An error at these bytes of the text.
    pub(super) fn fault(&self, span: Range<usize>, message: impl Into<String>) -> Fault {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.ceil_char_boundary(span.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let column = self.text[line_start..start].chars().count();
        let first_line = self.text[start..end].lines().next().unwrap_or_default();
        let number = self.text[..line_start].matches('\n').count() + 1;
        Fault {
            file: self.path.display().to_string(),
            place: Some((number, column + 1)),
            message: message.into(),
            help: None,
            excerpt: Some((line.to_owned(), column, first_line.chars().count())),
        }
    }

    /// An error of the whole file.
    pub(super) fn whole(&self, message: impl Into<String>) -> Fault {
        Fault {
            file: self.path.display().to_string(),
            place: None,
            message: message.into(),
            help: None,
            excerpt: None,
        }
    }
}

/// Where the descriptors of a file are in its text.
pub(super) struct Places<'a> {
    source: &'a Source,
    /// Bytes by the path of a descriptor, as `SourceCodeInfo` has it.
    spans: HashMap<&'a [i32], Range<usize>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(source: &'a Source, file: &'a FileDescriptorProto) -> Self {
        let mut lines = vec![0];
        lines.extend(source.text.match_indices('\n').map(|(at, _)| at + 1));
        let offset = |line: i32, column: i32| {
            let line = usize::try_from(line).ok().and_then(|line| lines.get(line));
            Some(line? + usize::try_from(column).ok()?)
        };
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let spans = locations.filter_map(|location| {
            let (start, end) = match *location.span {
                [line, start, end] => (offset(line, start)?, offset(line, end)?),
                [line, start, last, end] => (offset(line, start)?, offset(last, end)?),
                _ => return None,
            };
            Some((&*location.path, start..end.min(source.text.len())))
        });
        Self {
            source,
            spans: spans.collect(),
        }
    }

    /// An error at a descriptor, or at the nearest one around it that has a place.
    pub(super) fn fault(&self, path: &[i32], message: impl Into<String>) -> Fault {
        let mut path = path;
        loop {
            if let Some(span) = self.spans.get(path) {
                return self.source.fault(span.clone(), message);
            }
            match path {
                [] => return self.source.whole(message),
                [around @ .., _] => path = around,
            }
        }
    }
}

/// The field numbers of `descriptor.proto` that make up a path in `SourceCodeInfo`.
pub(super) mod tag {
    /// The name of a message, field, enum, value, oneof, service or method.
    pub(in crate::proto) const NAME: i32 = 1;

    pub(in crate::proto) mod file {
        pub(in crate::proto) const PACKAGE: i32 = 2;
        pub(in crate::proto) const IMPORT: i32 = 3;
        pub(in crate::proto) const MESSAGE: i32 = 4;
        pub(in crate::proto) const ENUM: i32 = 5;
        pub(in crate::proto) const SERVICE: i32 = 6;
        pub(in crate::proto) const EXTENSION: i32 = 7;
    }

    pub(in crate::proto) mod message {
        pub(in crate::proto) const FIELD: i32 = 2;
        pub(in crate::proto) const MESSAGE: i32 = 3;
        pub(in crate::proto) const ENUM: i32 = 4;
        pub(in crate::proto) const EXTENSION_RANGE: i32 = 5;
        pub(in crate::proto) const EXTENSION: i32 = 6;
        pub(in crate::proto) const ONEOF: i32 = 8;
        pub(in crate::proto) const RESERVED_RANGE: i32 = 9;
        pub(in crate::proto) const RESERVED_NAME: i32 = 10;
    }

    pub(in crate::proto) mod enumeration {
        /// Of a value.
        pub(in crate::proto) const NUMBER: i32 = 2;
        pub(in crate::proto) const VALUE: i32 = 2;
        pub(in crate::proto) const RESERVED_RANGE: i32 = 4;
        pub(in crate::proto) const RESERVED_NAME: i32 = 5;
    }

    pub(in crate::proto) mod service {
        pub(in crate::proto) const METHOD: i32 = 2;
    }

    pub(in crate::proto) mod method {
        pub(in crate::proto) const INPUT: i32 = 2;
        pub(in crate::proto) const OUTPUT: i32 = 3;
    }

    pub(in crate::proto) mod field {
        pub(in crate::proto) const NUMBER: i32 = 3;
        pub(in crate::proto) const TYPE_NAME: i32 = 6;
    }
}
