//! A proto file's text, and errors at places in it.

use std::{collections::HashMap, ops::Range, path::PathBuf};

use carml_diagnostic::{Diagnostic, Format, Kind, Proto, Source, Span};
use prost_types::FileDescriptorProto;

/// One proto file that was read from disk.
#[derive(Clone, Debug)]
pub(super) struct ProtoFile {
    /// Where it is: what a report names, so that an editor can open it.
    pub(super) path: PathBuf,
    /// Without a byte order mark, which protoc skips and which has no column.
    source: Source,
}

impl ProtoFile {
    pub(super) fn new(path: PathBuf, read: &Source) -> Self {
        let text = read.text();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = Source::new(read.name(), text, Format::Text);
        Self { path, source }
    }

    pub(super) fn text(&self) -> &str {
        self.source.text()
    }

    /// An error at these bytes of the text.
    pub(super) fn error(&self, span: Range<usize>, kind: Proto) -> Diagnostic {
        let text = self.text();
        let start = text.floor_char_boundary(span.start);
        let end = text.ceil_char_boundary(span.end).max(start);
        Diagnostic::new(Kind::Proto(kind)).at(&self.source, Span { start, end })
    }

    /// The line of a byte.
    pub(super) fn line(&self, at: usize) -> usize {
        self.source.position(at).line
    }
}

/// An error that is not in the text of a file.
pub(super) fn outside(name: impl Into<String>, kind: Kind) -> Diagnostic {
    let nowhere = Source::new(name, "", Format::Text);
    Diagnostic::new(kind).at(&nowhere, Span { start: 0, end: 0 })
}

/// Where the descriptors of a file are in its text.
pub(super) struct Places<'a> {
    file: &'a ProtoFile,
    /// Bytes by the path of a descriptor, as `SourceCodeInfo` has it.
    spans: HashMap<&'a [i32], Range<usize>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(file: &'a ProtoFile, descriptor: &'a FileDescriptorProto) -> Self {
        let text = file.text();
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let offset = |line: i32, column: i32| {
            let line = usize::try_from(line).ok().and_then(|line| lines.get(line));
            Some(line? + usize::try_from(column).ok()?)
        };
        let locations = descriptor
            .source_code_info
            .iter()
            .flat_map(|info| &info.location);
        let spans = locations.filter_map(|location| {
            let (start, end) = match *location.span {
                [line, start, end] => (offset(line, start)?, offset(line, end)?),
                [line, start, last, end] => (offset(line, start)?, offset(last, end)?),
                _ => return None,
            };
            Some((&*location.path, start..end.min(text.len())))
        });
        Self {
            file,
            spans: spans.collect(),
        }
    }

    /// An error at a descriptor, or at the nearest one around it that has a place.
    pub(super) fn error(&self, path: &[i32], kind: Proto) -> Diagnostic {
        let mut path = path;
        loop {
            if let Some(span) = self.spans.get(path) {
                return self.file.error(span.clone(), kind);
            }
            match path {
                [] => return self.file.error(0..0, kind),
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
