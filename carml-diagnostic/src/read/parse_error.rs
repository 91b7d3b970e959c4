//! What the YAML parser says, in words that help.

use super::events::Cursor;
use super::lexer::{Lexer, Part};
use super::limits::MAX_DEPTH;
use crate::{Diagnostic, Source, Span, Syntax, text, trusted};
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
        return place.fault(Syntax::TooDeep { limit: MAX_DEPTH });
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
        place.fault(Syntax::NotYaml {
            problem: info.to_owned(),
        })
    })
}

/// A place in a text where the parser stopped.
struct Place<'a> {
    source: &'a Source,
    text: &'a str,
    at: usize,
}

impl Place<'_> {
    fn error(&self, problem: Syntax, start: usize, end: usize) -> Diagnostic {
        Diagnostic::new(problem).at(self.source, Span { start, end })
    }

    /// An error at the character where the parser stopped.
    fn fault(&self, problem: Syntax) -> Diagnostic {
        let next = self.text[self.at..].chars().next();
        let length = next
            .filter(|c| !matches!(c, '\n' | '\r'))
            .map_or(0, char::len_utf8);
        self.error(problem, self.at, self.at + length)
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
        self.error(Syntax::UnknownAnchor, self.at, end).help(
            "write `&name` before the value that is meant, above this line, or put the string in quotes",
        )
    }

    /// A `:` that cannot end a key, or a key without one.
    fn no_key(&self) -> Diagnostic {
        let (start, _) = self.line();
        if self.text[start..self.at].contains(": ") {
            return self
                .fault(Syntax::SecondColon)
                .help("put the value in quotes if the `:` belongs to it");
        }
        if let Some(fault) = self.line_above(start).or_else(|| self.long_key()) {
            return fault;
        }
        if self.text[start..self.at].starts_with("--- ") {
            return self
                .error(Syntax::MappingAfterDocumentStart, start, self.at)
                .help("start the mapping on the next line");
        }
        let lead = self.text[start..self.at].len() - self.text[start..self.at].trim_start().len();
        if self.at == start + lead {
            return self
                .fault(Syntax::NoKeyBeforeColon)
                .help("write `key: value`, with a space after the colon");
        }
        self.error(Syntax::DeeperKey, start + lead, self.at).help(
            "give the keys of one mapping the same indentation; \
                 a key with a value on its line has no keys below it",
        )
    }

    /// The error of a key that is too long for its line.
    fn long_key(&self) -> Option<Diagnostic> {
        let (start, _) = self.line();
        (self.at - start > MAX_KEY).then(|| {
            self.error(Syntax::LongKey { limit: MAX_KEY }, start, start).help(
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
            let fault = self.error(Syntax::NoSpaceAfterColon, colon, colon + 1);
            return Some(fault.help(help));
        }
        let key =
            line.contains(':') || line.trim_start().starts_with(['-', '#']) || line.is_empty();
        let fault = || self.error(Syntax::NoColon, start + lead, body.len());
        (!key).then(|| fault().help(help))
    }

    fn between_brackets(&self, info: &str) -> Option<Diagnostic> {
        let (start, end) = self.line();
        if self.text[start..end].contains("${") && self.rest().starts_with('{') {
            let fault = self.fault(Syntax::VariableInBrackets);
            return Some(
                fault.help("write the mapping or list without brackets, one key or item per line"),
            );
        }
        if let Some(fault) = self.not_closed() {
            return Some(fault);
        }
        Some(if info.starts_with("invalid indentation") {
            self.fault(Syntax::IndentationInBrackets)
                .help("indent it deeper than the key or item that the brackets belong to")
        } else if info.contains("may not precede") {
            self.fault(Syntax::NoSpaceAfterColon)
                .help("write `key: value`, with a space after the colon")
        } else if info.starts_with("illegal placement") {
            self.fault(Syntax::KeyOverLines)
                .help("separate the items with `,`, or write the key and its `:` on one line")
        } else if info.contains("flow sequence") {
            self.fault(Syntax::NoSeparator { close: ']' })
                .help("separate the items with `,`")
        } else if info.contains("flow mapping") {
            self.fault(Syntax::NoSeparator { close: '}' })
                .help("separate the entries with `,`")
        } else {
            return None;
        })
    }

    /// The error of the first bracket that no bracket closes, if it is above.
    fn not_closed(&self) -> Option<Diagnostic> {
        let open = self.unclosed()?;
        let (bracket, close) = match self.text.as_bytes()[open] {
            b'[' => ('[', ']'),
            _ => ('{', '}'),
        };
        let fault = self.error(Syntax::NotClosed { open: bracket }, open, open + 1);
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
            let fault = self.fault(Syntax::NoSpaceAfterColon);
            return Some(fault.help("write `\"key\": value`, with a space after the colon"));
        }
        if trailing {
            let fault = self.error(Syntax::TextAfterQuote, self.at, end);
            return Some(fault.help(
                "put the whole value in quotes; inside '…' double a quote, inside \"…\" write `\\\"`",
            ));
        }
        let line = self.text[self.at..end].trim_end();
        if line.starts_with('"') && line.ends_with("\\\"") {
            let start = self.at + line.len() - 2;
            return Some(
                self.error(Syntax::EscapedQuote, start, start + 2)
                    .help("write `\\\\` for a backslash, or use single quotes"),
            );
        }
        let fault = self.fault(Syntax::QuotesNotClosed);
        Some(fault.help(
            "close them on the same line; lines that continue the string are indented deeper than its key",
        ))
    }

    fn block_scalar(&self, info: &str) -> Option<Diagnostic> {
        Some(if info.contains("indentation indicator") {
            self.fault(Syntax::BlockIndentation)
                .help("leave the number out: the first line sets the indentation")
        } else if info.contains("comment or line break") {
            self.fault(Syntax::TextAfterBlockStart)
                .help("start the text on the next line, or put the value in quotes")
        } else if info.contains("with a tab") {
            self.fault(Syntax::TabInBlock).help("indent with spaces")
        } else {
            self.fault(Syntax::IndentationOfBlock)
                .help("indent all lines of the block at least as deep as its first line")
        })
    }

    /// The `-` of a list's item that the parser has just stepped over.
    fn dash(&self) -> Option<usize> {
        let (start, _) = self.line();
        let above = self.text[start..self.at].trim_end();
        let is_dash = above.trim_start() == "-" && start + above.len() < self.at;
        is_dash.then(|| start + above.len() - 1)
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
                let fault = match self.dash() {
                    Some(dash) => self.error(Syntax::Indentation, dash, dash + 1),
                    None => self.fault(Syntax::Indentation),
                };
                Some(fault.help(
                    "give the keys of one mapping, and the `-` of one list, the same indentation",
                ))
            };
        }
        if info.contains("simple key") {
            return Some(self.long_key().unwrap_or_else(|| {
                self.line_above(self.at).unwrap_or_else(|| {
                    self.fault(Syntax::NotAKey)
                        .help("write `key: value`, with a space after the colon")
                })
            }));
        }
        if info == "invalid indentation" {
            let closing = self
                .rest()
                .chars()
                .next()
                .filter(|c| matches!(c, ']' | '}'));
            return Some(if let Some(bracket) = closing {
                self.fault(Syntax::IndentationOfBracket { bracket })
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
                let close = char::from(self.text.as_bytes()[at]);
                self.error(Syntax::NotOpened { close }, at, at + 1)
                    .help("remove it, or put the value in quotes")
            }
            "block sequence entries are not allowed in this context" => self
                .fault(Syntax::ListAfterKey)
                .help("start the list on the next line, or put the value in quotes"),
            "\"-\" is only valid inside a block" => self
                .fault(Syntax::ItemInBrackets)
                .help("separate the items with `,`, or close the bracket before this line"),
            "comment intercepting the multiline text" => self
                .fault(Syntax::CommentInString)
                .help("put the comment above the key, or the string in quotes"),
            _ if info.starts_with("comments must be separated") => self
                .fault(Syntax::NoSpaceBeforeComment)
                .help("write the space, or put the value in quotes"),
            _ if info.contains("byte order mark") => self
                .fault(Syntax::ByteOrderMark)
                .help("remove it; editors may not show it"),
            _ if info.contains("anchor or alias") => self.fault(Syntax::NoAnchorName).help(quoted),
            _ if info.contains("TAG") || info.contains(" tag") || info.contains("the handle") => {
                self.fault(Syntax::InvalidTag)
                    .help("remove it, or put the value in quotes")
            }
            _ if info.contains("directive") => self
                .fault(Syntax::InvalidDirective)
                .help("write `%YAML 1.2` and then `---` on a line of its own, or remove the line"),
            _ if info.contains("expected node content") && self.rest().starts_with(',') => self
                .fault(Syntax::NoValueBeforeComma)
                .help("remove the `,`, or write a value before it"),
            _ if info.contains("expected node content") => self.not_closed()?,
            _ if info.contains("mapping keys are not allowed") => {
                self.fault(Syntax::ComplexKeyAfterKey).help(quoted)
            }
            _ if info.starts_with("plain scalar cannot start") => {
                self.fault(Syntax::LoneDash).help(quoted)
            }
            _ if info.contains("unexpected character") => {
                self.fault(Syntax::FirstCharacter).help(quoted)
            }
            _ if info.contains("document start>") && self.rest().starts_with(':') => self
                .fault(Syntax::NoSpaceAfterColon)
                .help("write `key: value`, with a space after the colon"),
            _ if info.contains("document start>") && self.is_after_directives() => self
                .fault(Syntax::DirectivesNotEnded)
                .help("write `---` on a line of its own before this line"),
            _ if info.contains("document start>") => self
                .fault(Syntax::TextAfterDocument)
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
