//! `[]`, which is no character, and `[^]`, which is any: only ECMA-262 has them.

/// The pattern with classes in their place that every engine knows; `None` if it has neither.
pub(super) fn spell_out(pattern: &str) -> Option<String> {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut found = false;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '[' if !in_class => {
                let class = [("[]", r"[^\s\S]"), ("[^]", r"[\s\S]")];
                let class = class.into_iter().find(|(class, _)| rest.starts_with(class));
                if let Some((class, spelled_out)) = class {
                    text.push_str(spelled_out);
                    rest = &rest[class.len()..];
                    found = true;
                    continue;
                }
                in_class = true;
                1
            }
            ']' => {
                in_class = false;
                1
            }
            c => c.len_utf8(),
        };
        text.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    found.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::spell_out;

    #[test]
    fn classes_that_are_empty_are_spelled_out() {
        for (pattern, wanted) in [
            ("[]", r"[^\s\S]"),
            ("é[^]*[^a]", r"é[\s\S]*[^a]"),
            (r"\[[]\]", r"\[[^\s\S]\]"),
        ] {
            assert_eq!(spell_out(pattern).as_deref(), Some(wanted), "{pattern}");
        }
        for pattern in [r"\[]", "[[]", r"[\]]", "[a]", "\\"] {
            assert_eq!(spell_out(pattern), None, "{pattern}");
        }
    }
}
