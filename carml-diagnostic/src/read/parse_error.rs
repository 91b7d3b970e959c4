//! What the YAML parser says, in words that help.

use super::events::Cursor;
use super::lexer::{Lexer, Part};
use super::limits::MAX_DEPTH;
use crate::{Code, Diagnostic, Source, Span, Text, text, trusted};
use saphyr_parser::ScanError;

/// How many characters a key may have that is not after a `?`.
const MAX_KEY: usize = 1024;

/// The error of a text, which is the source's or one with the same places.
pub(super) fn explain(source: &Source, text: &str, error: &ScanError) -> Diagnostic {
    let cursor = Cursor::new(text);
    let at = cursor.byte(error.marker().line(), error.marker().col());
    let place = Place { source, text, at };
    let info = error.info();
    if info.contains("unknown anchor") {
        return place.unknown_anchor();
    }
    if info.contains("mapping values are not allowed") {
        return place.no_key();
    }
    if info.contains("recursion limit") {
        return place.fault(
            Code::TooDeep,
            text![trusted(format!("nested deeper than {MAX_DEPTH} levels"))],
        );
    }
    let known = if info.contains("flow") || info.starts_with("illegal placement") {
        place.between_brackets(info)
    } else if info.contains("quoted scalar") {
        place.quotes(info)
    } else if info.contains("block scalar") {
        place.block_scalar(info)
    } else {
        place.other(info)
    };
    known.unwrap_or_else(|| {
        place.fault(
            Code::Syntax,
            text![trusted(format!("this is not YAML: {info}"))],
        )
    })
}

/// A place in a text where the parser stopped.
struct Place<'a> {
    source: &'a Source,
    text: &'a str,
    at: usize,
}

impl Place<'_> {
    fn error(&self, code: Code, message: impl Into<Text>, start: usize, end: usize) -> Diagnostic {
        Diagnostic::error(code, message).at(self.source, Span { start, end })
    }

    /// An error at the character where the parser stopped.
    fn fault(&self, code: Code, message: impl Into<Text>) -> Diagnostic {
        let next = self.text[self.at..].chars().next();
        let length = next
            .filter(|c| !matches!(c, '\n' | '\r'))
            .map_or(0, char::len_utf8);
        self.error(code, message, self.at, self.at + length)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Where the line starts, and where it ends.
    fn line(&self) -> (usize, usize) {
        let start = self.text[..self.at].rfind('\n').map_or(0, |n| n + 1);
        let end = self
            .rest()
            .find('\n')
            .map_or(self.text.len(), |n| self.at + n);
        (start, end)
    }

    /// Whether nothing but directives, comments and empty lines is above.
    fn is_after_directives(&self) -> bool {
        let mut above = self.text[..self.at].lines();
        self.text.starts_with('%')
            && above.all(|line| line.is_empty() || line.starts_with(['%', '#']))
    }

    fn unknown_anchor(&self) -> Diagnostic {
        let name = self.rest().find(|c: char| c.is_whitespace() || c == ',');
        let end = name.map_or(self.text.len(), |n| self.at + n);
        self.error(Code::Alias, "unknown anchor", self.at, end).help(
            "write `&name` before the value that is meant, above this line, or put the string in quotes",
        )
    }

    /// A `:` that cannot end a key, or a key without one.
    fn no_key(&self) -> Diagnostic {
        let (start, _) = self.line();
        if self.text[start..self.at].contains(": ") {
            return self
                .fault(Code::Syntax, "a second `:` on one line")
                .help("put the value in quotes if the `:` belongs to it");
        }
        if let Some(fault) = self.line_above(start).or_else(|| self.long_key()) {
            return fault;
        }
        if self.text[start..self.at].starts_with("--- ") {
            return self
                .error(
                    Code::Syntax,
                    "a mapping cannot start on the line of `---`",
                    start,
                    self.at,
                )
                .help("start the mapping on the next line");
        }
        let lead = self.text[start..self.at].len() - self.text[start..self.at].trim_start().len();
        if self.at == start + lead {
            return self
                .fault(Code::Syntax, "expected a key before the `:`")
                .help("write `key: value`, with a space after the colon");
        }
        self.error(
            Code::Indentation,
            "this key is indented deeper than the keys above it",
            start + lead,
            self.at,
        )
        .help(
            "give the keys of one mapping the same indentation; \
                 a key with a value on its line has no keys below it",
        )
    }

    /// The error of a key that is too long for its line.
    fn long_key(&self) -> Option<Diagnostic> {
        let (start, _) = self.line();
        (self.at - start > MAX_KEY).then(|| {
            let message = "a key is over the limit of 1024 characters";
            self.error(Code::Syntax, message, start, start).help(
                "shorten it, or write `? ` before it and `: ` before its value on the next line",
            )
        })
    }

    /// The error of the last line above that has something on it, if it cannot be a key: it has no
    /// colon, or none with a space after it.
    fn line_above(&self, end: usize) -> Option<Diagnostic> {
        let body = self.text[..end].trim_end();
        let start = body.rfind('\n').map_or(0, |n| n + 1);
        let line = &body[start..];
        let lead = line.len() - line.trim_start().len();
        let help = "write `key: value`, with a space after the colon";
        if let Some(colon) = colon_without_space(line) {
            let colon = start + colon;
            let fault = self.error(
                Code::Syntax,
                "missing space after the colon",
                colon,
                colon + 1,
            );
            return Some(fault.help(help));
        }
        let key =
            line.contains(':') || line.trim_start().starts_with(['-', '#']) || line.is_empty();
        let fault = || {
            self.error(
                Code::Syntax,
                "this line has no `:`",
                start + lead,
                body.len(),
            )
        };
        (!key).then(|| fault().help(help))
    }

    fn between_brackets(&self, info: &str) -> Option<Diagnostic> {
        let (start, end) = self.line();
        if self.text[start..end].contains("${") && self.rest().starts_with('{') {
            let fault = self.fault(Code::Syntax, "`${…}` cannot be used between brackets");
            return Some(
                fault.help("write the mapping or list without brackets, one key or item per line"),
            );
        }
        if let Some(fault) = self.not_closed() {
            return Some(fault);
        }
        Some(if info.starts_with("invalid indentation") {
            self.fault(
                Code::Indentation,
                "this line between brackets is not indented enough",
            )
            .help("indent it deeper than the key or item that the brackets belong to")
        } else if info.contains("may not precede") {
            self.fault(Code::Syntax, "missing space after the colon")
                .help("write `key: value`, with a space after the colon")
        } else if info.starts_with("illegal placement") {
            self.fault(
                Code::Syntax,
                "a key between brackets must be on one line with its `:`",
            )
            .help("separate the items with `,`, or write the key and its `:` on one line")
        } else if info.contains("flow sequence") {
            self.fault(Code::Syntax, "expected `,` or `]`")
                .help("separate the items with `,`")
        } else if info.contains("flow mapping") {
            self.fault(Code::Syntax, "expected `,` or `}`")
                .help("separate the entries with `,`")
        } else {
            return None;
        })
    }

    /// The error of the first bracket that no bracket closes, if it is above.
    fn not_closed(&self) -> Option<Diagnostic> {
        let open = self.unclosed()?;
        let bracket = &self.text[open..=open];
        let close = if bracket == "[" { "]" } else { "}" };
        let fault = self.error(
            Code::Syntax,
            text![trusted(format!("the `{bracket}` is not closed"))],
            open,
            open + 1,
        );
        Some(fault.help(text![trusted(format!("add the missing `{close}`"))]))
    }

    /// The first bracket that no bracket closes, if it is above.
    fn unclosed(&self) -> Option<usize> {
        let mut open = Vec::new();
        for lexeme in Lexer::new(self.text) {
            match lexeme.part {
                Part::Open => open.push(lexeme.span.start),
                Part::Close => drop(open.pop()),
                _ => {}
            }
        }
        open.first().copied().filter(|start| *start < self.at)
    }

    fn quotes(&self, info: &str) -> Option<Diagnostic> {
        let trailing = info.contains("trailing content");
        let (_, end) = self.line();
        if trailing && self.rest().starts_with(':') {
            let fault = self.fault(Code::Syntax, "missing space after the colon");
            return Some(fault.help("write `\"key\": value`, with a space after the colon"));
        }
        if trailing {
            let fault = self.error(Code::Syntax, "text after the closing quote", self.at, end);
            return Some(fault.help(
                "put the whole value in quotes; inside '…' double a quote, inside \"…\" write `\\\"`",
            ));
        }
        let line = self.text[self.at..end].trim_end();
        if line.starts_with('"') && line.ends_with("\\\"") {
            let start = self.at + line.len() - 2;
            return Some(
                self.error(
                    Code::Syntax,
                    "this quote is escaped, so the string is not closed",
                    start,
                    start + 2,
                )
                .help("write `\\\\` for a backslash, or use single quotes"),
            );
        }
        let fault = self.fault(Code::Syntax, "these quotes are not closed");
        Some(fault.help(
            "close them on the same line; lines that continue the string are indented deeper than its key",
        ))
    }

    fn block_scalar(&self, info: &str) -> Option<Diagnostic> {
        Some(if info.contains("indentation indicator") {
            self.fault(
                Code::Syntax,
                "the indentation after `|` or `>` must be from 1 to 9",
            )
            .help("leave the number out: the first line sets the indentation")
        } else if info.contains("comment or line break") {
            self.fault(Code::Syntax, "unexpected text after `|` or `>`")
                .help("start the text on the next line, or put the value in quotes")
        } else if info.contains("with a tab") {
            self.fault(Code::Tab, "a block of text cannot start with a tab")
                .help("indent with spaces")
        } else {
            self.fault(
                Code::Indentation,
                "this line is not indented as the block of text begins",
            )
            .help("indent all lines of the block at least as deep as its first line")
        })
    }

    /// The closing bracket where the parser stopped; it may have stepped over it.
    fn closing_bracket(&self) -> Option<usize> {
        match self.rest().starts_with([']', '}']) {
            true => Some(self.at),
            false => self.text[..self.at].rfind([']', '}']),
        }
    }

    fn other(&self, info: &str) -> Option<Diagnostic> {
        if info.contains("did not find expected key") || info.contains("did not find expected '-'")
        {
            let above = Lexer::new(self.text).take_while(|l| l.span.start < self.at);
            return if above.last().is_some_and(|l| l.part == Part::Block) {
                self.block_scalar(info)
            } else {
                let message = "this line does not fit the indentation above it";
                Some(self.fault(Code::Indentation, message).help(
                    "give the keys of one mapping, and the `-` of one list, the same indentation",
                ))
            };
        }
        if info.contains("simple key") {
            return Some(self.long_key().unwrap_or_else(|| {
                self.line_above(self.at).unwrap_or_else(|| {
                    self.fault(Code::Syntax, "expected a key with a `:`")
                        .help("write `key: value`, with a space after the colon")
                })
            }));
        }
        if info == "invalid indentation" {
            let closes = self.rest().starts_with([']', '}']);
            return Some(if closes {
                let bracket = &self.text[self.at..=self.at];
                self.fault(
                    Code::Indentation,
                    text![trusted(format!("this `{bracket}` is not indented enough"))],
                )
                .help(text![trusted(format!(
                    "indent the `{bracket}` as deep as the key that its bracket belongs to"
                ))])
            } else {
                self.between_brackets(info)?
            });
        }
        let quoted = "put the value in quotes";
        Some(match info {
            "misplaced bracket" => {
                let at = self.closing_bracket()?;
                let bracket = &self.text[at..=at];
                let message = format!("this `{bracket}` has no opening bracket");
                self.error(Code::Syntax, text![trusted(message)], at, at + 1)
                    .help("remove it, or put the value in quotes")
            }
            "block sequence entries are not allowed in this context" => self
                .fault(Code::Syntax, "a list cannot start on the line of its key")
                .help("start the list on the next line, or put the value in quotes"),
            "\"-\" is only valid inside a block" => self
                .fault(Code::Syntax, "a `- ` cannot be between brackets")
                .help("separate the items with `,`, or close the bracket before this line"),
            "comment intercepting the multiline text" => self
                .fault(
                    Code::Syntax,
                    "a comment cannot be inside a string over several lines",
                )
                .help("put the comment above the key, or the string in quotes"),
            _ if info.starts_with("comments must be separated") => self
                .fault(Code::Syntax, "a comment needs a space before its `#`")
                .help("write the space, or put the value in quotes"),
            _ if info.contains("byte order mark") => self
                .fault(
                    Code::Character,
                    "a byte order mark (U+FEFF) inside the document",
                )
                .help("remove it; editors may not show it"),
            _ if info.contains("anchor or alias") => self
                .fault(Code::Syntax, "expected a name after `&` or `*`")
                .help(quoted),
            _ if info.contains("TAG") || info.contains(" tag") || info.contains("the handle") => {
                self.fault(Code::Tag, "this tag is not valid")
                    .help("remove it, or put the value in quotes")
            }
            _ if info.contains("directive") => self
                .fault(Code::Directive, "this directive is not valid")
                .help("write `%YAML 1.2` and then `---` on a line of its own, or remove the line"),
            _ if info.contains("expected node content") && self.rest().starts_with(',') => self
                .fault(Code::Syntax, "expected a value before this `,`")
                .help("remove the `,`, or write a value before it"),
            _ if info.contains("expected node content") => self.not_closed()?,
            _ if info.contains("mapping keys are not allowed") => self
                .fault(Code::Syntax, "a `? ` cannot be on the line of a key")
                .help(quoted),
            _ if info.starts_with("plain scalar cannot start") => self
                .fault(Code::Syntax, "a value cannot be a `-` alone")
                .help(quoted),
            _ if info.contains("unexpected character") => self
                .fault(Code::Syntax, "a value cannot start with this character")
                .help(quoted),
            _ if info.contains("document start>") && self.rest().starts_with(':') => self
                .fault(Code::Syntax, "missing space after the colon")
                .help("write `key: value`, with a space after the colon"),
            _ if info.contains("document start>") && self.is_after_directives() => self
                .fault(Code::Directive, "expected `---` after the directives")
                .help("write `---` on a line of its own before this line"),
            _ if info.contains("document start>") => self
                .fault(
                    Code::Syntax,
                    "unexpected text after the value of the document",
                )
                .help("keep one mapping per file, or start the line as a key of the mapping above"),
            _ => return None,
        })
    }
}

/// Where the colon is of a line that would be `key: value` with a space after it.
fn colon_without_space(line: &str) -> Option<usize> {
    let body = line.trim_start();
    let body = body.strip_prefix("- ").map_or(body, str::trim_start);
    let key =
        body.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | '"' | '\''))?;
    let rest = body[key..].strip_prefix(':')?;
    let value = rest.starts_with(|c: char| !c.is_whitespace()) && !rest.starts_with("//");
    (key > 0 && value && !body.contains(": ")).then_some(line.len() - body.len() + key)
}
