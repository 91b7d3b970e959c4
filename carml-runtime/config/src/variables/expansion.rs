//! Parameter expansion of one string, after POSIX (XCU 2.6.2), as if it were in double quotes:
//! `${NAME}`, and `:-`, `-`, `:?`, `?`, `:+`, `+` with a word that may have expansions of its own.
//! In a word, `\` before `}`, `$` or `\` makes that character part of it. `$${` is a literal `${`.

/// How deep expansions may nest.
const MAX_DEPTH: usize = 16;

/// A string, split where variables are.
#[derive(Debug)]
pub(super) struct Template<'t>(Vec<Piece<'t>>);

#[derive(Debug)]
enum Piece<'t> {
    Text(&'t str),
    Parameter(Parameter<'t>),
}

#[derive(Debug)]
struct Parameter<'t> {
    name: &'t str,
    operation: Option<Operation<'t>>,
}

#[derive(Debug)]
struct Operation<'t> {
    kind: Kind,
    /// Whether an empty variable counts as one that is not set.
    colon: bool,
    word: Template<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `-`: the word is used if the variable is not set.
    Default,
    /// `?`: the word says why the variable must be set.
    Required,
    /// `+`: the word replaces a variable that is set.
    Alternative,
}

/// Why a string cannot be expanded whatever the variables are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Malformed<'t> {
    /// A `${` without its `}`.
    Unclosed,
    /// A `${` without a name after it.
    Name,
    /// A name followed by something other than `}` or an operator.
    Operator(&'t str),
    /// A word with a `{` whose `}` would end the expansion.
    Brace(&'t str),
    /// Expansions nest too deep.
    TooDeep,
}

/// A variable without the value that is needed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing<'t> {
    /// It is not set.
    Unset(&'t str),
    /// It is not set, or empty if `colon`, and `?` has a message for that.
    Required {
        name: &'t str,
        colon: bool,
        message: String,
    },
}

/// Which variables there are, and what was seen of them.
pub(super) trait Variables<'v> {
    /// The value of a variable; it becomes part of a string.
    fn get(&mut self, name: &str) -> Option<&'v str>;
}

impl<'t> Template<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Template<'t>, Malformed<'t>> {
        Parser { rest: text }.text()
    }

    /// Whether the whole string is one expansion.
    pub(super) fn is_one_parameter(&self) -> bool {
        matches!(self.0.as_slice(), [Piece::Parameter(_)])
    }

    /// The string with its variables replaced, or every variable that is missing.
    pub(super) fn expand<'v>(
        &self,
        variables: &mut impl Variables<'v>,
    ) -> Result<String, Vec<Missing<'t>>> {
        let mut out = String::new();
        let mut missing = Vec::new();
        self.expand_into(variables, &mut out, &mut missing);
        if missing.is_empty() {
            Ok(out)
        } else {
            Err(missing)
        }
    }

    fn expand_into<'v>(
        &self,
        variables: &mut impl Variables<'v>,
        out: &mut String,
        missing: &mut Vec<Missing<'t>>,
    ) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Parameter(parameter) => parameter.expand_into(variables, out, missing),
            }
        }
    }
}

impl<'t> Parameter<'t> {
    fn expand_into<'v>(
        &self,
        variables: &mut impl Variables<'v>,
        out: &mut String,
        missing: &mut Vec<Missing<'t>>,
    ) {
        let name = self.name;
        let value = variables.get(name);
        let Some(Operation { kind, colon, word }) = &self.operation else {
            match value {
                Some(value) => out.push_str(value),
                None => missing.push(Missing::Unset(name)),
            }
            return;
        };
        let given = value.filter(|value| !(*colon && value.is_empty()));
        match (kind, given) {
            (Kind::Alternative, None) => {}
            (Kind::Default | Kind::Required, Some(value)) => out.push_str(value),
            (Kind::Default, None) | (Kind::Alternative, Some(_)) => {
                word.expand_into(variables, out, missing);
            }
            (Kind::Required, None) => match word.expand(variables) {
                Ok(message) => missing.push(Missing::Required {
                    name,
                    colon: *colon,
                    message,
                }),
                Err(more) => missing.extend(more),
            },
        }
    }
}

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    /// The pieces up to the end of the string.
    fn text(mut self) -> Result<Template<'t>, Malformed<'t>> {
        let mut pieces = Vec::new();
        while let Some(at) = self.rest.find("${") {
            if self.rest[..at].ends_with('$') {
                pieces.push(Piece::Text(&self.rest[..at - 1]));
                pieces.push(Piece::Text("${"));
                self.rest = &self.rest[at + 2..];
                continue;
            }
            if at > 0 {
                pieces.push(Piece::Text(&self.rest[..at]));
            }
            self.rest = &self.rest[at + 2..];
            pieces.push(Piece::Parameter(self.parameter(0)?));
        }
        if !self.rest.is_empty() {
            pieces.push(Piece::Text(self.rest));
        }
        Ok(Template(pieces))
    }

    /// A parameter after its `${`, with its `}`.
    fn parameter(&mut self, depth: usize) -> Result<Parameter<'t>, Malformed<'t>> {
        if depth >= MAX_DEPTH {
            return Err(Malformed::TooDeep);
        }
        let other = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        let end = self.rest.find(other).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if rest.is_empty() {
            return Err(Malformed::Unclosed);
        }
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Malformed::Name);
        }
        if let Some(rest) = rest.strip_prefix('}') {
            self.rest = rest;
            let operation = None;
            return Ok(Parameter { name, operation });
        }
        let after = rest.strip_prefix(':');
        let kind = match after.unwrap_or(rest).bytes().next() {
            Some(b'-') => Kind::Default,
            Some(b'?') => Kind::Required,
            Some(b'+') => Kind::Alternative,
            None => return Err(Malformed::Unclosed),
            Some(_) => return Err(Malformed::Operator(name)),
        };
        self.rest = &after.unwrap_or(rest)[1..];
        let word = self.word(name, depth)?;
        let colon = after.is_some();
        let operation = Some(Operation { kind, colon, word });
        Ok(Parameter { name, operation })
    }

    /// Steps over a prefix, if it is there.
    fn skip(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The word of an operator, with the `}` that ends it.
    fn word(&mut self, name: &'t str, depth: usize) -> Result<Template<'t>, Malformed<'t>> {
        let mut pieces = Vec::new();
        // How many braces of the word are open.
        let mut open = 0_usize;
        loop {
            let special = |c: char| matches!(c, '}' | '{' | '\\' | '$');
            let at = self.rest.find(special).ok_or(Malformed::Unclosed)?;
            let (before, rest) = self.rest.split_at(at);
            pieces.push(Piece::Text(before));
            self.rest = rest;
            if self.skip("}") {
                return if open > 0 {
                    Err(Malformed::Brace(name))
                } else {
                    Ok(Template(pieces))
                };
            }
            let literal = if self.skip("$${") {
                open += 1;
                "${"
            } else if self.skip("${") {
                pieces.push(Piece::Parameter(self.parameter(depth + 1)?));
                continue;
            } else if self.skip("\\}") {
                open = open.saturating_sub(1);
                "}"
            } else if self.skip("\\$") {
                "$"
            } else if self.skip("\\\\") {
                "\\"
            } else {
                open += usize::from(rest.starts_with('{'));
                self.rest = &rest[1..];
                &rest[..1]
            };
            pieces.push(Piece::Text(literal));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `A` is `a`, `EMPTY` is empty, `N` is 9; others are not set.
    struct Environment;

    impl Variables<'static> for Environment {
        fn get(&mut self, name: &str) -> Option<&'static str> {
            match name {
                "A" => Some("a"),
                "EMPTY" => Some(""),
                "N" => Some("9"),
                _ => None,
            }
        }
    }

    fn expand(text: &str) -> Result<String, String> {
        let template = Template::parse(text).map_err(|e| format!("{e:?}"))?;
        template
            .expand(&mut Environment)
            .map_err(|e| format!("{e:?}"))
    }

    #[test]
    fn expands_as_posix_says() {
        for (text, value) in [
            ("", ""),
            ("$A $ {A}", "$A $ {A}"),
            ("${A}", "a"),
            ("x${A}y${N}", "xay9"),
            ("${EMPTY}", ""),
            ("$${A}", "${A}"),
            ("$$${A}", "$${A}"),
            ("${A:-x}${EMPTY:-x}${U:-x}", "axx"),
            ("${A-x}${EMPTY-x}${U-x}", "ax"),
            ("${A:+x}${EMPTY:+x}${U:+x}", "x"),
            ("${A+x}${EMPTY+x}${U+x}", "xx"),
            ("${A:?m}${A?m}${EMPTY?m}", "aa"),
            ("${U:-}", ""),
            ("${U:-${A}}", "a"),
            ("${U:-${V:-x}}", "x"),
            ("${A:-${V}}", "a"),
            ("${A:+${N}-${U:-}}", "9-"),
            ("${U:-a:-b-?+}", "a:-b-?+"),
            ("${U:-x}}", "x}"),
            ("{\"a\": ${U:-1}}", "{\"a\": 1}"),
            (r"${U:-{x\}}", "{x}"),
            (r"${U:-{\}}${A:-{\}}", "{}a"),
            (r"${U:-\}}", "}"),
            (r"${U:-$${A\}}", "${A}"),
            (r"${U:-\${A\}}", "${A}"),
            (r"${U:-C:\dir\\x}", r"C:\dir\x"),
            (r"\}\\${A}", r"\}\\a"),
            ("${U:-$A}", "$A"),
            ("${U:-日本}é", "日本é"),
            ("${U:- x }", " x "),
        ] {
            assert_eq!(expand(text), Ok(value.to_owned()), "{text}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_expand() {
        for (text, error) in [
            ("${", "Unclosed"),
            ("x${A", "Unclosed"),
            ("${A:", "Unclosed"),
            ("${A:-x", "Unclosed"),
            ("${A:-${B}", "Unclosed"),
            ("${}", "Name"),
            ("${ N :-4}", "Name"),
            ("${1}", "Name"),
            ("${-x}", "Name"),
            ("${é}", "Name"),
            ("${#A}", "Name"),
            ("${N }", "Operator(\"N\")"),
            ("${N:=x}", "Operator(\"N\")"),
            ("${N=x}", "Operator(\"N\")"),
            ("${N: -x}", "Operator(\"N\")"),
            ("${N%x}", "Operator(\"N\")"),
            ("${N:0:1}", "Operator(\"N\")"),
            ("${N.x}", "Operator(\"N\")"),
            ("${A:-{x}}", "Brace(\"A\")"),
            ("${U:-{}}", "Brace(\"U\")"),
            ("${U:-$${A}}", "Brace(\"U\")"),
            ("${U}", "[Unset(\"U\")]"),
            ("${U}${V:-${W}}", "[Unset(\"U\"), Unset(\"W\")]"),
            (
                "${U:-${V?}}",
                "[Required { name: \"V\", colon: false, message: \"\" }]",
            ),
            (
                "${EMPTY:?set ${A}}",
                "[Required { name: \"EMPTY\", colon: true, message: \"set a\" }]",
            ),
        ] {
            assert_eq!(expand(text), Err(error.to_owned()), "{text}");
        }
        let deep = "${A:-".repeat(100_000);
        assert_eq!(expand(&deep), Err("TooDeep".to_owned()));
    }

    proptest! {
        #[test]
        fn any_string_is_expanded_or_refused(
            parts in prop::collection::vec(prop_oneof![
                any::<String>(),
                prop::sample::select(vec!["${", "$${", "}", "{", "\\", "A", ":-", "-", ":?", "+", ":"]).prop_map(str::to_owned),
            ], 0..12)
        ) {
            let text = parts.concat();
            let expanded = expand(&text);
            if !text.contains("${") {
                prop_assert_eq!(expanded, Ok(text));
            }
        }
    }

    /// A string that a shell reads as this module does.
    #[cfg(unix)]
    fn template() -> impl Strategy<Value = String> {
        let text = "[a-z0-9 .:/=+?{}_-]{0,6}";
        let name = prop::sample::select(vec!["A", "EMPTY", "N", "U", "V"]);
        let operator = prop::sample::select(vec![":-", "-", ":+", "+", ":?", "?"]);
        let word = prop_oneof![
            "[a-z0-9 .:/=+?_-]{0,6}",
            Just(r"\}".to_owned()),
            Just(r"{\}".to_owned()),
            Just(r"\\".to_owned())
        ];
        let leaf = prop_oneof![word, name.clone().prop_map(|n| format!("${{{n}}}"))];
        let parameter = move |word: BoxedStrategy<String>| {
            let words = prop::collection::vec(word, 0..3).prop_map(|w| w.concat());
            let parts = (name.clone(), operator.clone(), words);
            parts.prop_map(|(n, o, w)| format!("${{{n}{o}{w}}}"))
        };
        let nested = parameter.clone();
        let word = leaf.prop_recursive(3, 12, 3, nested);
        prop::collection::vec(prop_oneof![text, parameter(word.boxed())], 0..5)
            .prop_map(|parts| parts.concat())
    }

    #[cfg(unix)]
    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_shell_gives_the_same(text in template()) {
            prop_assume!(!text.contains("$${"));
            let script = format!("set -u\nprintf '%s' \"{text}\"");
            let shell = std::process::Command::new("sh").args(["-c", &script]).env_clear()
                .envs([("A", "a"), ("EMPTY", ""), ("N", "9")]).output().unwrap();
            let theirs = shell.status.success().then(|| String::from_utf8(shell.stdout).unwrap());
            match expand(&text) {
                Ok(ours) => prop_assert_eq!(Some(ours), theirs, "{}", text),
                // A `{` alone in a word is taken by shells, and refused here.
                Err(e) if e.starts_with("Brace") => {}
                Err(e) => prop_assert_eq!(None, theirs, "{}: {}", text, e),
            }
        }
    }
}
