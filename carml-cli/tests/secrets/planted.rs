//! Configs with a secret in them, broken in every way that a reader can refuse.

use proptest::{prelude::*, sample::Index};

use super::schema::{OTHER, Step, dotted};

/// A secret whose parts are in no other text.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) text: String,
    parts: Vec<String>,
}

/// Letters that do not follow one another in words, four at a time. Names of variables, which
/// reports show, are in upper case.
const PART: &str = "([qxzjvkw]{1,2}[QXZJVKW][qxzjvkw]){2,3}";

/// What passwords have between letters. Text before a colon on a line of its own is a key: a
/// secret has either colons, or what makes lines and entries.
const WITH_COLON: [&str; 12] = [
    "", "-", ":", ": ", " #", "@", "://", "=", " ", "'", "${", "\\",
];
const WITHOUT_COLON: [&str; 17] = [
    "", "_", ", ", ",", "{", "}", "[", "]", "\"", "#", "}}", "$", "%", "*", "&", "\u{e9}", "|",
];

pub(crate) fn secret() -> impl Strategy<Value = Secret> {
    let parts = prop::collection::vec(PART, 1..4);
    (parts, any::<bool>(), any::<[Index; 3]>()).prop_map(|(parts, colon, picks)| {
        let mut text = String::new();
        for (part, pick) in parts.iter().zip(picks) {
            if !text.is_empty() {
                let between: &[&str] = if colon { &WITH_COLON } else { &WITHOUT_COLON };
                text.push_str(between[pick.index(between.len())]);
            }
            text.push_str(part);
        }
        Secret { text, parts }
    })
}

impl Secret {
    /// Four letters of the secret that a text has, in any case.
    pub(crate) fn leak<'s>(&'s self, text: &str) -> Option<&'s str> {
        let text = text.to_ascii_lowercase();
        let windows = self
            .parts
            .iter()
            .flat_map(|part| (0..=part.len() - 4).map(move |at| &part[at..at + 4]));
        let mut found = windows.filter(|window| text.contains(&window.to_ascii_lowercase()));
        found.next()
    }

    fn has_colon(&self) -> bool {
        self.text.contains(':')
    }
}

/// How a key and its secret are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spelling {
    /// With `#` for the key and `@` for the secret; the second form is that of JSON and brackets.
    Inline(&'static str),
    /// With more lines, each of them indented as the key, or deeper after `+`.
    Lines(&'static [&'static str]),
}

const SPELLINGS: [Spelling; 48] = [
    Spelling::Inline("#: @"),
    Spelling::Inline("#: '@'"),
    Spelling::Inline("#: \"@\""),
    Spelling::Inline("\"#\": \"@\""),
    Spelling::Inline("'#': '@'"),
    Spelling::Inline("#: @ # @"),
    Spelling::Inline("#: @\r"),
    Spelling::Inline("#:@"),
    Spelling::Inline("# @"),
    Spelling::Inline("#=@"),
    Spelling::Inline("# = @"),
    Spelling::Inline("# : @"),
    Spelling::Inline("\"#\":@"),
    Spelling::Inline("\"#\":\"@\""),
    Spelling::Inline("\"#: @"),
    Spelling::Inline("'#: @"),
    Spelling::Inline("#: \"@"),
    Spelling::Inline("#: '@"),
    Spelling::Inline("#: @\""),
    Spelling::Inline("#\": @"),
    Spelling::Inline("#: [@]"),
    Spelling::Inline("#: [@, @"),
    Spelling::Inline("#: [[@], {a: @}]"),
    Spelling::Inline("#: {a: @}"),
    Spelling::Inline("#: {@: a}"),
    Spelling::Inline("#: {@}"),
    Spelling::Inline("#: {a: @"),
    Spelling::Inline("#: !vault @"),
    Spelling::Inline("#: !!int @"),
    Spelling::Inline("#: !!binary @"),
    Spelling::Inline("#: &it @"),
    Spelling::Inline("#: *@"),
    Spelling::Inline("#: &@ x"),
    Spelling::Inline("#: !@ x"),
    Spelling::Inline("#: #: @"),
    Spelling::Inline("#: ${UNSET:-@}"),
    Spelling::Inline("#: ${UNSET:?@}"),
    Spelling::Inline("#: ${UNSET:-@"),
    Spelling::Inline("#: x${UNSET}@"),
    Spelling::Inline("#: ${MY_SETTING}"),
    Spelling::Inline("#: ${@}"),
    Spelling::Inline("- #: @"),
    Spelling::Lines(&["#: |", "+@", "+@"]),
    Spelling::Lines(&["#: >-", "+@", "+ @", "+@"]),
    Spelling::Lines(&["#:", "+@"]),
    Spelling::Lines(&["#:", "+- @", "+- [@]"]),
    Spelling::Lines(&["#: @", "#: @"]),
    Spelling::Lines(&["? #", ": @"]),
];

/// What is beside a secret.
const NEIGHBOURS: [&str; 36] = [
    "timeout: 5s",
    "timeout: 5",
    "timeout:5s",
    "timeout: ${UNSET}",
    "timeout: ${BAD",
    "timeout: soon",
    "provider: redb",
    "provider: etdc",
    "provder: redb",
    "path: [1, 2",
    "path: x",
    "bucket: \"x",
    "bucket: it's",
    "username: @x",
    "username: &u x",
    "username: *u",
    "endpoints: [",
    "endpoints: []",
    "endpoints: [a b]",
    "zzz: 1",
    "zzz: {",
    "a: b: c",
    "- stray",
    "stray",
    "'q: 1",
    "}",
    "<<: *nope",
    "<<: 5",
    "url: http://h:1/",
    "count: many",
    "count: 99999999999999999999999",
    "# note",
    "passwords: x",
    "? deep",
    "ratio: .nan",
    "tag: !odd x",
];

/// Pieces of YAML, of JSON, and of what is neither.
const FRAGMENTS: [&str; 48] = [
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    ", ",
    "#",
    " #",
    "&a ",
    "*a",
    "*",
    "!",
    "!x ",
    "!!binary ",
    "%",
    "@",
    "`",
    "? ",
    "- ",
    "-",
    "|",
    ">",
    "\t",
    " ",
    "  ",
    "\u{0}",
    "\u{7}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "${",
    "$${",
    "\\",
    "\\q",
    "\\u12",
    "~",
    "=",
    "\r",
    "\n",
    "\n\t",
    "\n\n  ",
    "\n---\n",
    "\n...\n",
    ":",
    ": ",
];

/// A change of a text.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    /// A fragment is put near the secret, or anywhere.
    Insert(bool, Index, Index),
    /// So many characters near the secret, or anywhere, are removed.
    Remove(bool, Index, usize),
    /// A line appears twice.
    Repeat(Index),
    /// The indentation of a line changes.
    Indent(Index, &'static str),
    /// One letter of the key is wrong.
    Misspell(Index, char),
    /// What follows the key's `:`, or the secret, is cut off.
    Cut(Index),
    /// A long text is put before the secret, or behind.
    Long(bool, usize),
    /// Brackets that nest too deep are put before the key, or behind the secret.
    Deep(bool),
    /// A line before everything.
    Begin(&'static str),
    /// Everything again.
    Again(&'static str),
}

fn edit() -> impl Strategy<Value = Edit> {
    let near = || any::<bool>();
    let index = any::<Index>;
    prop_oneof![
        6 => (near(), index(), index()).prop_map(|(near, at, what)| Edit::Insert(near, at, what)),
        3 => (near(), index(), 1..3_usize).prop_map(|(near, at, n)| Edit::Remove(near, at, n)),
        1 => index().prop_map(Edit::Repeat),
        2 => (index(), prop::sample::select(vec!["", " ", "   ", "\t", "      "]))
            .prop_map(|(line, by)| Edit::Indent(line, by)),
        2 => (index(), prop::char::range('a', 'z')).prop_map(|(at, c)| Edit::Misspell(at, c)),
        1 => index().prop_map(Edit::Cut),
        1 => (any::<bool>(), prop::sample::select(vec![90_usize, 500, 3_000]))
            .prop_map(|(before, length)| Edit::Long(before, length)),
        1 => any::<bool>().prop_map(Edit::Deep),
        1 => prop::sample::select(vec!["%YAML 2.0\n---\n", "%FOO\n", "---\n", "\u{feff}", "x\n", "\n\n"])
            .prop_map(Edit::Begin),
        1 => prop::sample::select(vec!["\n---\n", "\n", ""]).prop_map(Edit::Again),
    ]
}

/// How the bytes of a file are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Latin1,
    /// A byte that no character begins with is put before this part of the text.
    Invalid(u8),
}

impl Encoding {
    pub(crate) fn write(self, text: &str) -> Vec<u8> {
        let wide = text.encode_utf16();
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf16Le => [0xff, 0xfe]
                .into_iter()
                .chain(wide.flat_map(u16::to_le_bytes))
                .collect(),
            Self::Utf16Be => wide.flat_map(u16::to_be_bytes).collect(),
            Self::Latin1 => format!("# \u{fc}\n{text}\u{fc}")
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
                .collect(),
            Self::Invalid(part) => {
                let mut bytes = text.as_bytes().to_vec();
                bytes.insert(bytes.len() * usize::from(part) / 256, 0xff);
                bytes
            }
        }
    }
}

/// Which form the text has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    Block,
    /// Everything on one line.
    Flow,
    Json,
}

/// Where the text is given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Channel {
    File,
    /// Over a valid one.
    SecondFile,
    /// The key of a variable, and of `--set`; the value is the secret.
    Variable,
    Flag,
    /// The section of a variable, and of `--set`; the value is a mapping.
    SectionVariable,
    SectionFlag,
    /// `KEY_file`; the file holds the secret. True: the key is given too.
    Twin(bool),
    /// An address with the secret in it, with a scheme or without, where addresses are.
    Address(bool),
    /// A variable with such an address.
    AddressVariable(bool),
}

/// A planted secret.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) steps: Vec<Step>,
    pub(crate) secret: Secret,
    spelling: Spelling,
    layout: Layout,
    neighbours: (Vec<&'static str>, Vec<&'static str>),
    edits: Vec<Edit>,
    pub(crate) channel: Channel,
    encoding: Encoding,
}

/// A config as it is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
    /// Those that are layers, in order.
    pub(crate) layers: Vec<&'static str>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) flags: Vec<String>,
}

pub(crate) fn case(places: Vec<Vec<Step>>) -> impl Strategy<Value = Case> {
    let neighbours = || prop::collection::vec(prop::sample::select(NEIGHBOURS.to_vec()), 0..3);
    let layout = prop_oneof![
        4 => Just(Layout::Block),
        2 => Just(Layout::Flow),
        1 => Just(Layout::Json)
    ];
    let channel = prop_oneof![
        12 => Just(Channel::File),
        2 => Just(Channel::SecondFile),
        1 => Just(Channel::Variable),
        2 => Just(Channel::Flag),
        2 => Just(Channel::SectionVariable),
        1 => Just(Channel::SectionFlag),
        1 => any::<bool>().prop_map(Channel::Twin),
        1 => any::<bool>().prop_map(Channel::Address),
        1 => any::<bool>().prop_map(Channel::AddressVariable),
    ];
    let encoding = prop_oneof![
        20 => Just(Encoding::Utf8),
        1 => Just(Encoding::Utf16Le),
        1 => Just(Encoding::Utf16Be),
        1 => Just(Encoding::Latin1),
        1 => any::<u8>().prop_map(Encoding::Invalid),
    ];
    (
        prop::sample::select(places),
        secret(),
        prop::sample::select(SPELLINGS.to_vec()),
        layout,
        (neighbours(), neighbours()),
        prop::collection::vec(edit(), 0..4),
        channel,
        encoding,
    )
        .prop_map(
            |(steps, secret, spelling, layout, neighbours, edits, channel, encoding)| Case {
                steps,
                secret,
                spelling,
                layout,
                neighbours,
                edits,
                channel,
                encoding,
            },
        )
}

impl Case {
    pub(crate) fn given(&self) -> Given {
        let mut given = Given {
            variables: vec![("MY_SETTING".to_owned(), self.secret.text.clone())],
            ..Given::default()
        };
        let key = dotted(&self.steps);
        let variable = format!("CARML__{}", key.to_uppercase().replace('.', "__"));
        let (section, _) = key.split_once('.').unwrap_or((&key, ""));
        let file = match self.layout {
            Layout::Json => "carml.json",
            Layout::Block | Layout::Flow => "carml.yml",
        };
        let secret = &self.secret.text;
        let scheme = |with| if with { "redis://" } else { "" };
        // Only what an address may have: no spaces, no quotes.
        let in_address = secret.replace([' ', '"', '\'', '\\', '{', '}', '[', ']', '$', ','], "-");
        match self.channel {
            Channel::File | Channel::SecondFile => {
                if matches!(self.channel, Channel::SecondFile) {
                    given
                        .files
                        .push(("first.yml", b"app:\n  name: shop\n".to_vec()));
                    given.layers.push("first.yml");
                }
                given
                    .files
                    .push((file, self.encoding.write(&self.edited(&self.document()))));
                given.layers.push(file);
            }
            Channel::Variable => {
                let name = self.edited_name(&variable);
                given.variables.push((name, secret.clone()));
            }
            Channel::Flag => given.flags.push(self.edited(&format!("{key}={secret}"))),
            Channel::SectionVariable => {
                let name = format!("CARML__{}", section.to_uppercase());
                given
                    .variables
                    .push((name, self.edited(&self.section(&self.steps[1..]))));
            }
            Channel::SectionFlag => {
                let text = self.section(&self.steps[1..]);
                given.flags.push(self.edited(&format!("{section}={text}")));
            }
            Channel::Twin(both) => {
                let leaf = |step: &Step| matches!(step, Step::Key(_));
                let (suffix, encoding) = match self.steps.last().is_some_and(leaf) {
                    true => ("_file", self.encoding),
                    false => ("", self.encoding),
                };
                given.files.push(("held", encoding.write(secret)));
                given.flags.push(format!("{key}{suffix}=held"));
                if both {
                    given.flags.push(self.edited(&format!("{key}={secret}")));
                }
            }
            Channel::Address(with) => {
                let scheme = scheme(with);
                let text =
                    format!("registry:\n  endpoints: [\"{scheme}app:{in_address}@h:99999\"]\n");
                given.files.push((file, text.into_bytes()));
                given.layers.push(file);
            }
            Channel::AddressVariable(with) => given.variables.push((
                "REGISTRY_ENDPOINTS".to_owned(),
                format!("{}app:{in_address}@h:99999,b b", scheme(with)),
            )),
        }
        given
    }

    fn document(&self) -> String {
        match self.layout {
            Layout::Block => self.block(&self.steps, 0),
            Layout::Flow => self.section(&self.steps),
            Layout::Json => self.json(&self.steps),
        }
    }

    fn key(&self) -> &str {
        let keys = self.steps.iter().rev();
        let mut keys = keys.filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Item => None,
        });
        keys.next().unwrap_or_default()
    }

    /// The last step with the secret.
    fn leaf(&self, step: &Step, indent: &str) -> String {
        let fill = |line: &str| match step {
            Step::Key(key) => {
                // A key that the schema does not name cannot be told from a value behind it.
                let line = match (key.as_str(), line) {
                    (OTHER, "# @" | "#=@" | "# = @") => "#: @",
                    _ => line,
                };
                line.replace('#', key).replace('@', &self.secret.text)
            }
            Step::Item => match line.strip_prefix("#: ") {
                Some(value) => format!("- {}", value.replace('@', &self.secret.text)),
                None => format!(
                    "- {}",
                    line.replace('#', "x").replace('@', &self.secret.text)
                ),
            },
        };
        let lines = match self.spelling {
            Spelling::Inline(line) => return format!("{indent}{}", fill(line)),
            Spelling::Lines(lines) => lines,
        };
        let lines = lines.iter().map(|line| match line.strip_prefix('+') {
            Some(deeper) => format!("{indent}    {}", deeper.replace('@', &self.secret.text)),
            None => format!("{indent}{}", fill(line)),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn block(&self, steps: &[Step], depth: usize) -> String {
        let indent = "  ".repeat(depth);
        let mut text = String::new();
        match steps {
            [] => {}
            [last] => {
                for line in &self.neighbours.0 {
                    text.push_str(&format!("{indent}{line}\n"));
                }
                text.push_str(&self.leaf(last, &indent));
                text.push('\n');
                for line in &self.neighbours.1 {
                    text.push_str(&format!("{indent}{line}\n"));
                }
            }
            [Step::Key(key), rest @ ..] => {
                text.push_str(&format!("{indent}{key}:\n{}", self.block(rest, depth + 1)));
            }
            [Step::Item, rest @ ..] => {
                text.push_str(&format!("{indent}-\n{}", self.block(rest, depth + 1)));
            }
        }
        text
    }

    /// The value of steps on one line.
    fn section(&self, steps: &[Step]) -> String {
        match steps {
            [] => self.secret.text.clone(),
            [last] => {
                let leaf = match (last, self.spelling) {
                    (Step::Key(_), Spelling::Inline(_)) => self.leaf(last, ""),
                    (Step::Key(key), Spelling::Lines(_)) => format!("{key}: {}", self.secret.text),
                    (Step::Item, _) => self.secret.text.clone(),
                };
                let before = self.neighbours.0.iter().copied();
                let after = self.neighbours.1.iter().copied();
                let entries: Vec<&str> = before.chain([leaf.as_str()]).chain(after).collect();
                let entries = entries.join(", ");
                match last {
                    Step::Key(_) => format!("{{{entries}}}"),
                    Step::Item => format!("[{entries}]"),
                }
            }
            [Step::Key(key), rest @ ..] => format!("{{{key}: {}}}", self.section(rest)),
            [Step::Item, rest @ ..] => format!("[{}]", self.section(rest)),
        }
    }

    fn json(&self, steps: &[Step]) -> String {
        let line_break = if self.neighbours.1.is_empty() {
            ""
        } else {
            "\n "
        };
        match steps {
            [] => serde_json::Value::from(self.secret.text.clone()).to_string(),
            [Step::Key(key), rest @ ..] => {
                let entries = self.neighbours.0.iter().map(|line| {
                    let (key, value) = line.split_once(": ").unwrap_or((line, "null"));
                    let value = value.parse::<u32>().map_or_else(
                        |_| serde_json::Value::from(value).to_string(),
                        |number| number.to_string(),
                    );
                    format!("{}: {value},{line_break}", serde_json::Value::from(key))
                });
                let entries: String = if rest.is_empty() {
                    entries.collect()
                } else {
                    String::new()
                };
                format!("{{{entries}{line_break}\"{key}\": {}}}", self.json(rest))
            }
            [Step::Item, rest @ ..] => format!("[{line_break}{}]", self.json(rest)),
        }
    }

    /// A name with the misspellings of the case.
    fn edited_name(&self, name: &str) -> String {
        let mut name: Vec<char> = name.chars().collect();
        for edit in &self.edits {
            if let Edit::Misspell(at, c) = edit {
                let length = self.key().len().min(name.len());
                let at = name.len() - length + at.index(length.max(1));
                name.splice(at..at, [c.to_ascii_uppercase()]);
                break;
            }
        }
        name.into_iter().collect()
    }

    /// A text with the changes of the case. The key stays next to its secret, and at most one of
    /// its letters is wrong.
    fn edited(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for edit in &self.edits {
            let key = match text.find(self.key()) {
                Some(at) => at..at + self.key().len(),
                None => return text,
            };
            let secret = text.find(&self.secret.text);
            let secret = secret.map(|at| at..at + self.secret.text.len());
            let end = secret.as_ref().map_or(text.len(), |s| s.end);
            let between = |at: usize| at > key.end && at < end;
            let place = |near: bool, at: &Index| {
                let (from, to) = match near {
                    true => (key.start.saturating_sub(3), (end + 4).min(text.len())),
                    false => (0, text.len()),
                };
                text.floor_char_boundary(from + at.index(to - from + 1))
            };
            let line = |at: &Index| {
                let starts: Vec<usize> = std::iter::once(0)
                    .chain(text.match_indices('\n').map(|(n, _)| n + 1))
                    .filter(|start| *start < text.len())
                    .collect();
                let start = starts.get(at.index(starts.len().max(1))).copied();
                let start = start.unwrap_or(0);
                let end = text[start..]
                    .find('\n')
                    .map_or(text.len(), |n| start + n + 1);
                start..end
            };
            match edit {
                Edit::Insert(near, at, what) => {
                    let at = place(*near, at);
                    let fragment = FRAGMENTS[what.index(FRAGMENTS.len())];
                    // Inside of a secret, it would become a key or a value of its own.
                    let parts =
                        fragment.contains([':', '\n', ',', '{', '\r', '\u{85}', '\u{2028}']);
                    let inside_key = at > key.start && at < key.end;
                    if !(inside_key || between(at) && parts && self.cannot_take(fragment)) {
                        text.insert_str(at, fragment);
                    }
                }
                Edit::Remove(near, at, count) => {
                    let start = place(*near, at);
                    let end = text[start..]
                        .char_indices()
                        .nth(*count)
                        .map_or(text.len(), |(n, _)| start + n);
                    // Without its separator, such a key cannot be told from the secret.
                    let separator = usize::from(self.key() == OTHER);
                    if end <= key.start || start >= key.end + separator {
                        text.replace_range(start..end, "");
                    }
                }
                Edit::Repeat(at) => {
                    let line = line(at);
                    let again = text[line.clone()].to_owned();
                    text.insert_str(line.start, &again);
                }
                Edit::Indent(at, by) => {
                    let line = line(at);
                    let body = text[line.clone()]
                        .trim_start_matches([' ', '\t'])
                        .to_owned();
                    // A secret on a line of its own stays deeper than its key.
                    if !between(line.start) {
                        text.replace_range(line, &format!("{by}{body}"));
                    }
                }
                Edit::Misspell(at, c) => {
                    text.insert(key.start + at.index(key.len().max(1)), *c);
                    // The key is not found any more.
                    return text;
                }
                Edit::Cut(at) => {
                    let from = key.end + at.index(text.len() - key.end + 1);
                    text.truncate(text.floor_char_boundary(from));
                }
                Edit::Long(before, length) => {
                    let at = if *before { key.start } else { end };
                    let long: String = "word ".chars().cycle().take(*length).collect();
                    text.insert_str(at, &long);
                }
                Edit::Deep(before) => {
                    let at = if *before { key.start } else { end };
                    text.insert_str(at, &"[".repeat(101));
                }
                Edit::Begin(line) => text.insert_str(0, line),
                // The value of a `--set` ends with its text.
                Edit::Again(_) if matches!(self.channel, Channel::Flag | Channel::Twin(_)) => {}
                Edit::Again(with) => text = format!("{text}{with}{text}"),
            }
        }
        text
    }

    /// Whether a fragment in the secret would make a part of it a key of its own.
    fn cannot_take(&self, fragment: &str) -> bool {
        self.secret.has_colon() || fragment.contains(':')
    }
}
