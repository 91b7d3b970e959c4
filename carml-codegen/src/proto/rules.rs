//! What protoc refuses and the parser does not, in one file.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
};

use carml_diagnostic::{Diagnostic, Proto};
use heck::ToUpperCamelCase as _;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto,
};

use super::source::{Places, ProtoFile, tag};

/// The errors of a file that was parsed, but whose names are not resolved.
pub(super) fn check(source: &ProtoFile, file: &FileDescriptorProto) -> Vec<Diagnostic> {
    let mut rules = Rules {
        places: Places::new(source, file),
        proto3: file.syntax() == "proto3",
        errors: Vec::new(),
    };
    for (index, message) in (0..).zip(&file.message_type) {
        rules.message(&[tag::file::MESSAGE, index], message);
    }
    for (index, enumeration) in (0..).zip(&file.enum_type) {
        rules.enumeration(&[tag::file::ENUM, index], enumeration);
    }
    rules.extensions(&[], tag::file::EXTENSION, &file.extension);
    rules.errors
}

struct Rules<'a> {
    places: Places<'a>,
    proto3: bool,
    errors: Vec<Diagnostic>,
}

impl Rules<'_> {
    fn push(&mut self, path: &[i32], kind: Proto, help: &'static str) {
        let error = self.places.error(path, kind);
        self.errors.push(error.help(help));
    }

    fn message(&mut self, path: &[i32], message: &DescriptorProto) {
        let names = message.field.iter().map(FieldDescriptorProto::name);
        self.reserved_names(
            path,
            (tag::message::FIELD, names),
            (tag::message::RESERVED_NAME, &message.reserved_name),
        );
        // The ends are exclusive.
        let reserved = message.reserved_range.iter().map(|r| r.start()..r.end());
        let extensions = message.extension_range.iter().map(|r| r.start()..r.end());
        let reserved = (0..)
            .map(|n| [tag::message::RESERVED_RANGE, n])
            .zip(reserved);
        let extensions = (0..)
            .map(|n| [tag::message::EXTENSION_RANGE, n])
            .zip(extensions);
        self.ranges(path, &reserved.chain(extensions).collect::<Vec<_>>());
        if self.proto3 && !message.extension_range.is_empty() {
            self.push(
                &join(path, &[tag::message::EXTENSION_RANGE, 0]),
                Proto::ExtensionRange,
                "remove it, or use `google.protobuf.Any`",
            );
        }
        self.json_names(path, &message.field);
        self.extensions(path, tag::message::EXTENSION, &message.extension);
        for (index, nested) in (0..).zip(&message.nested_type) {
            self.message(&join(path, &[tag::message::MESSAGE, index]), nested);
        }
        for (index, nested) in (0..).zip(&message.enum_type) {
            self.enumeration(&join(path, &[tag::message::ENUM, index]), nested);
        }
    }

    fn json_names(&mut self, path: &[i32], fields: &[FieldDescriptorProto]) {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for (index, field) in (0..).zip(fields) {
            let path = join(path, &[tag::message::FIELD, index]);
            let default = || json_name(field.name());
            let json = field.json_name.clone().unwrap_or_else(default);
            let at = join(&path, &[tag::NAME]);
            if json.starts_with('[') && json.ends_with(']') {
                self.push(
                    &at,
                    Proto::JsonNameReserved { json: json.clone() },
                    "remove the brackets",
                );
            }
            if let Some(first) = seen.get(&json) {
                let name = field.name().to_owned();
                if *first == name {
                    self.push(&at, Proto::FieldTwice { name }, "rename one of them");
                } else {
                    let fields = [(*first).to_owned(), name];
                    self.push(
                        &at,
                        Proto::JsonNameTaken { json, fields },
                        "rename one of the fields, or give it another `json_name`",
                    );
                }
            } else {
                seen.insert(json, field.name());
            }
        }
    }

    fn extensions(&mut self, path: &[i32], tag: i32, extensions: &[FieldDescriptorProto]) {
        for (index, extension) in (0..).zip(extensions) {
            if extension.json_name.is_some() {
                self.push(
                    &join(path, &[tag, index]),
                    Proto::ExtensionJsonName {
                        name: extension.name().to_owned(),
                    },
                    "remove it: JSON has the full name of an extension in brackets",
                );
            }
        }
    }

    fn enumeration(&mut self, path: &[i32], enumeration: &EnumDescriptorProto) {
        let names = enumeration.value.iter().map(EnumValueDescriptorProto::name);
        self.reserved_names(
            path,
            (tag::enumeration::VALUE, names),
            (tag::enumeration::RESERVED_NAME, &enumeration.reserved_name),
        );
        // The ends are inclusive.
        let reserved = enumeration.reserved_range.iter();
        let reserved = reserved.map(|r| r.start()..r.end().saturating_add(1));
        let reserved = (0..)
            .map(|n| [tag::enumeration::RESERVED_RANGE, n])
            .zip(reserved);
        self.ranges(path, &reserved.collect::<Vec<_>>());
        let mut reserved: Vec<_> = enumeration.reserved_range.iter().collect();
        reserved.sort_by_key(|range| range.start());
        for (index, value) in (0..).zip(&enumeration.value) {
            let number = value.number();
            let from_here = reserved.partition_point(|range| range.start() <= number);
            let before = from_here.checked_sub(1).map(|last| reserved[last].end());
            if before.is_some_and(|end| number <= end) {
                let at = [tag::enumeration::VALUE, index, tag::enumeration::NUMBER];
                self.push(
                    &join(path, &at),
                    Proto::NumberReserved {
                        number,
                        name: value.name().to_owned(),
                    },
                    "use another number, or remove it from `reserved`",
                );
            }
        }
        if !self.proto3 {
            return;
        }
        let mut seen: HashMap<String, (&str, i32)> = HashMap::new();
        for (index, value) in (0..).zip(&enumeration.value) {
            let short = without_prefix(enumeration.name(), value.name()).to_upper_camel_case();
            match seen.get(&short) {
                Some((first, number)) if *number != value.number() => self.push(
                    &join(path, &[tag::enumeration::VALUE, index, tag::NAME]),
                    Proto::SameValue {
                        values: [(*first).to_owned(), value.name().to_owned()],
                        prefix: enumeration.name().to_owned(),
                    },
                    "rename one of them",
                ),
                Some(_) => {}
                None => {
                    seen.insert(short, (value.name(), value.number()));
                }
            }
        }
    }

    fn reserved_names<'n>(
        &mut self,
        path: &[i32],
        (tag, names): (i32, impl Iterator<Item = &'n str>),
        (reserved_tag, reserved): (i32, &[String]),
    ) {
        let mut seen = HashSet::new();
        for (index, name) in (0..).zip(reserved) {
            if !seen.insert(name.as_str()) {
                self.push(
                    &join(path, &[reserved_tag, index]),
                    Proto::ReservedTwice { name: name.clone() },
                    "remove one of them",
                );
            }
        }
        for (index, name) in (0..).zip(names) {
            if seen.contains(name) {
                self.push(
                    &join(path, &[tag, index, tag::NAME]),
                    Proto::Reserved {
                        name: name.to_owned(),
                    },
                    "use another name, or remove it from `reserved`",
                );
            }
        }
    }

    /// Each range with its place below `path`: of two that overlap, the later one is wrong.
    fn ranges(&mut self, path: &[i32], ranges: &[([i32; 2], Range<i32>)]) {
        let mut by_start: Vec<usize> = (0..ranges.len()).collect();
        by_start.sort_by_key(|index| ranges[*index].1.start);
        let mut wrong = BTreeSet::new();
        let mut widest: Option<usize> = None;
        for index in by_start {
            let range = &ranges[index].1;
            match widest.map(|widest| (widest, &ranges[widest].1)) {
                Some((other, before)) if range.start < before.end => {
                    wrong.insert(index.max(other));
                    if before.end < range.end {
                        widest = Some(index);
                    }
                }
                _ => widest = Some(index),
            }
        }
        for index in wrong {
            self.push(
                &join(path, &ranges[index].0),
                Proto::RangesOverlap,
                "remove the numbers that are in both",
            );
        }
    }
}

fn join(path: &[i32], more: &[i32]) -> Vec<i32> {
    [path, more].concat()
}

/// The name that JSON has for a field without `json_name`.
fn json_name(name: &str) -> String {
    let mut json = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else {
            json.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        }
    }
    json
}

/// An enum value without the enum's name, as protoc and JSON libraries take it off.
fn without_prefix<'a>(name: &str, value: &'a str) -> &'a str {
    let mut rest = value.chars();
    for expected in name.chars().filter(|c| *c != '_') {
        let next = rest.find(|c| *c != '_');
        if next.is_none_or(|c| !c.eq_ignore_ascii_case(&expected)) {
            return value;
        }
    }
    match rest.as_str().trim_start_matches('_') {
        "" => value,
        short => short,
    }
}

#[cfg(test)]
mod tests {
    use super::{json_name, without_prefix};

    #[test]
    fn names_are_shortened_as_protoc_does() {
        for (name, value, expected) in [
            ("Unit", "UNIT_KB", "KB"),
            ("Unit", "UNIT_", "UNIT_"),
            ("BodyPart", "BODY_PART_ARM", "ARM"),
            ("Body_Part", "BODYPART_ARM", "ARM"),
            ("Unit", "UNSET", "UNSET"),
        ] {
            assert_eq!(without_prefix(name, value), expected);
        }
        assert_eq!(json_name("foo_bar__baz_"), "fooBarBaz");
    }
}
