//! What each code means, and how to fix it.

use crate::Code;

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Why it is reported.
    pub cause: &'static str,
    /// Input that causes it.
    pub example: &'static str,
    /// What to do.
    pub fix: &'static str,
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}\n\nExample:\n", self.cause)?;
        for line in self.example.lines() {
            writeln!(f, "    {line}")?;
        }
        writeln!(f, "\nFix: {}", self.fix)
    }
}

impl Code {
    /// What the code means, and how to fix it.
    pub const fn explanation(self) -> Explanation {
        let (cause, example, fix) = match self {
            Self::Unreadable => (
                "A file does not exist, is a folder, or this user may not read it.",
                "carml validate nowhere.yml",
                "Check the path and the permissions.",
            ),
            Self::TooLarge => (
                "A text is over 16 MiB, has more values than fit into the memory allowed, or has a list in brackets with more than 250,000 items.",
                "items: [1, 2, ... 300,000 more]",
                "Split the file, or write one item per line.",
            ),
            Self::NotUtf8 => (
                "A file has bytes that are not UTF-8.",
                "name: M\\xFCller (Latin-1)",
                "Save the file as UTF-8.",
            ),
            Self::Syntax => (
                "The text is not YAML, or not JSON.",
                "registry:\n  timeout:5s",
                "Correct the place that is underlined; often a space after a colon or a closing quote is missing.",
            ),
            Self::Character => (
                "The text has a control character that YAML does not allow, or a byte order mark in the middle.",
                "name: a\\x00b",
                "Remove it, or write it as an escape in double quotes.",
            ),
            Self::Directive => (
                "A `%` line is unknown or malformed, or asks for another version of YAML.",
                "%YAML 2.0",
                "Write `%YAML 1.2`, or remove the line.",
            ),
            Self::Escape => (
                "A `\\` in double quotes does not begin a YAML escape.",
                "pattern: \"^\\d+$\"",
                "Use single quotes, or write `\\\\`.",
            ),
            Self::Indentation => (
                "A line does not fit the indentation of the lines around it.",
                "registry:\n    provider: redb\n  timeout: 5s",
                "Give the keys of one mapping the same indentation.",
            ),
            Self::Tab => (
                "A tab indents a line.",
                "registry:\n	timeout: 5s",
                "Indent with spaces.",
            ),
            Self::Alias => (
                "An alias has no anchor with its name above it, or is inside its own anchor.",
                "timeout: *fast",
                "Write `&fast` before a value above, or put the string in quotes.",
            ),
            Self::AliasBomb => (
                "Aliases of aliases make the document too large.",
                "b: [*a, *a, *a]\nc: [*b, *b, *b]",
                "Write the values out.",
            ),
            Self::Tag => (
                "A tag is unknown or malformed, or does not fit its value.",
                "password: !vault x",
                "Remove the tag.",
            ),
            Self::Key => (
                "A key is not a string, or does not have an allowed form.",
                "? [a, b]\n: 1",
                "Write the key as a string of the form that the note shows.",
            ),
            Self::MergeKey => (
                "`<<` does not name a mapping.",
                "registry:\n  <<: text",
                "Write the name of an anchor of a mapping: `<<: *base`.",
            ),
            Self::DuplicateKey => (
                "A key appears twice in a mapping, or two variables set the same key.",
                "timeout: 5s\ntimeout: 9s",
                "Remove one of the two.",
            ),
            Self::SeveralDocuments => (
                "A file has more than one YAML document.",
                "a: 1\n---\nb: 2",
                "Keep one document per file.",
            ),
            Self::TooDeep => (
                "Lists and mappings are nested deeper than 100 levels.",
                "[[[[ ... ]]]]",
                "Flatten the value.",
            ),
            Self::NotFinite => (
                "A number is infinite or not a number.",
                "ratio: .nan",
                "Give a finite number, or put it in quotes if a string is meant.",
            ),
            Self::IntegerRange => (
                "An integer does not fit 64 bits.",
                "id: 99999999999999999999",
                "Put it in quotes if a string is meant.",
            ),
            Self::Variable => (
                "A `${...}` is malformed, or the name of a `CARML__` variable is not a valid key.",
                "path: ${HOME",
                "Write `${NAME}` or `${NAME:-default}`.",
            ),
            Self::UnsetVariable => (
                "A variable that the config uses is not set.",
                "path: ${DATA_DIR}",
                "Set it, or give a default: `${DATA_DIR:-/tmp}`.",
            ),
            Self::Set => (
                "A `--set` is malformed.",
                "--set registry.timeout",
                "Write `--set section.key=value`.",
            ),
            Self::SecretFile => (
                "The file of a secret cannot be read, or the config has both the secret and its file.",
                "password: x\npassword_file: /run/secrets/x",
                "Remove one of the two, or correct the path.",
            ),
            Self::UnknownKey => (
                "A key is not known at this place, or belongs to another alternative.",
                "registry:\n  timout: 5s",
                "Use the known key that the report names, or remove it.",
            ),
            Self::MissingKey => (
                "A required key is missing.",
                "guests: {}",
                "Add the key that the report names.",
            ),
            Self::Pair => (
                "A key is given without another key that it needs.",
                "username: app (with `provider: etcd`, without `password`)\nprovider: etcd (without `endpoints`)",
                "Add the key that the report names, or its file, or remove the other.",
            ),
            Self::UnusedKey => (
                "A key has no effect, because of the value of another one.",
                "auto_sync: true (with `provider: redb`)",
                "Remove it, or correct the other value.",
            ),
            Self::Type => (
                "A value has the wrong type.",
                "reflection: \"true\"",
                "Write a value of the expected type; often quotes are missing, or have to be removed.",
            ),
            Self::Value => (
                "A value is not one of those allowed.",
                "provider: etdc",
                "Use one of the values that the report lists.",
            ),
            Self::Format => (
                "A string does not have the required format.",
                "timeout: 5 secs",
                "Write it like the examples in the report.",
            ),
            Self::Range => (
                "A number is out of range.",
                "sample_ratio: 7",
                "Give a number within the range.",
            ),
            Self::Length => (
                "A string, list or mapping is too short or too long.",
                "endpoints: []",
                "Change the length as the report says.",
            ),
            Self::Unique => (
                "A list has the same item twice.",
                "hooks: [syslog, syslog]",
                "Remove one of the two.",
            ),
            Self::Schema => (
                "Another constraint of the schema is violated.",
                "canary: {}\nblue: {}",
                "See the note, which is the description in the schema.",
            ),
            Self::Config => (
                "The service refuses a value of its config.",
                "greeting: \"\"",
                "See the message, which comes from the service.",
            ),
            Self::Endpoint => (
                "An address is not valid, or would be registered although clients cannot connect to it.",
                "endpoints: [\"db:99999\"]",
                "Write `host:port`, with a port from 1 to 65535.",
            ),
            Self::Material => (
                "A certificate, key or base64 text does not decode.",
                "certificate: XXX",
                "Give PEM or base64 text, or name its file with `KEY_file`.",
            ),
            Self::Chain => (
                "A list of middlewares is not valid, or one of them has less effect in this order.",
                "middleware: [recover, recover]",
                "Remove or move the middleware that the report names.",
            ),
            Self::Capability => (
                "The provider of the store lacks an operation that the service requires.",
                "provider: redb (with `--requires lock:cluster`)",
                "Choose a provider that the report names.",
            ),
            Self::NotBuilt => (
                "The config uses a feature that is not compiled into this program.",
                "provider: etcd",
                "Build with the feature that the report names, or use something that is built in.",
            ),
            Self::Path => (
                "A folder that the config names does not exist.",
                "tempdir: /nowhere",
                "Create it, or give another path.",
            ),
            Self::Listen => (
                "The server cannot listen on its address.",
                "listen: 192.0.2.1:80",
                "Choose an address of this machine and a free port.",
            ),
            Self::Unanswered => (
                "A server that the config names does not answer.",
                "endpoints: [\"127.0.0.1:1\"]",
                "Start the server, or correct the address.",
            ),
            Self::NotASchema => (
                "A file is not a valid JSON Schema, or a reference in it has no target.",
                "{ \"type\": \"strin\" }",
                "Correct the schema at the place named.",
            ),
            Self::InvalidDefault => (
                "A default that is filled in does not match its own schema, or the type made of it.",
                "{ \"type\": \"integer\", \"maximum\": 9, \"default\": 10 }",
                "Correct the default, or the schema that it has to match.",
            ),
            Self::SchemaBomb => (
                "The references and alternatives of a schema multiply, so that validation would be too expensive.",
                "anyOf of anyOf of anyOf, each by reference",
                "Use each reference once.",
            ),
            Self::Section => (
                "A section cannot be added to the schema, because a key with its name exists.",
                "App::section::<Registry>()",
                "Give the section another key.",
            ),
            Self::Middleware => (
                "A middleware cannot be added to the schema, because another one has its name.",
                "App::middleware(\"timeout\", ...)",
                "Give the middleware another name.",
            ),
            Self::Proto => (
                "A `.proto` file breaks a rule of its language.",
                "message Order { strng id = 1; }",
                "Correct the place that is underlined.",
            ),
            Self::Edition => (
                "A `.proto` file uses an edition. Editions are not supported yet.",
                "edition = \"2023\";",
                "Write `syntax = \"proto3\";`.",
            ),
            Self::Import => (
                "An import is not found, is repeated, or imports the file that contains it.",
                "import \"shop/order.proto\";",
                "Correct the path, which is relative to one of the include folders.",
            ),
            Self::Include => (
                "A `.proto` file is in none of the include folders, or another file with its name is found first.",
                "carml generate --proto a/b.proto --include c --out out.rs",
                "Include a folder above the file.",
            ),
            Self::RustName => (
                "Two names of a `.proto` file are the same in Rust, or a name has neither letters nor digits.",
                "message order {}\nmessage Order {}",
                "Rename one of the two.",
            ),
            Self::BuildOption => (
                "An option of the proto compiler does not have the required form.",
                "Builder::new().extern_path(\"shop.v1\", \"::shop\")",
                "Write it as the report shows.",
            ),
            Self::Internal => (
                "The generated code is not valid Rust.",
                "Builder::new().type_attribute(\".\", \"#[derive(;)]\")",
                "Check the attributes and paths in the build script; if there are none, report a bug.",
            ),
        };
        Explanation {
            cause,
            example,
            fix,
        }
    }

    /// The code of a name.
    ///
    /// ```
    /// use carml_diagnostic::Code;
    /// assert_eq!(Code::from_name("unknown-key"), Some(Code::UnknownKey));
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|code| code.as_str() == name)
    }
}
