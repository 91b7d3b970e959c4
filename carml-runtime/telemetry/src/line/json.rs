//! JSON text.

/// Longer strings are cut.
const MAX_STRING: usize = 32 << 10;

/// What is written where a string was cut.
const CUT: &str = "… (cut)";

/// The string in quotes.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    if text.len() <= MAX_STRING {
        escaped(out, text);
    } else {
        escaped(out, &text[..text.floor_char_boundary(MAX_STRING)]);
        out.extend_from_slice(CUT.as_bytes());
    }
    out.push(b'"');
}

/// The string as it is between quotes.
fn escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..at]);
        start = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                const HEX: [u8; 16] = *b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[start..]);
}

/// A key with its colon, and a comma before it if it is not the first.
pub(super) fn key(out: &mut Vec<u8>, name: &str) {
    if !out.is_empty() {
        out.push(b',');
    }
    string(out, name);
    out.push(b':');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_is_read_back_as_it_was() {
        for text in [
            "",
            "plain",
            "a\"b\\c\n\r\t\u{0}\u{1f}\u{7f} é 日本 🦀",
            "\u{2028}",
        ] {
            let mut out = Vec::new();
            string(&mut out, text);
            let read: String = serde_json::from_slice(&out).expect("JSON");
            assert_eq!(read, text);
        }
    }

    #[test]
    fn a_long_string_is_cut_at_a_character() {
        let mut out = Vec::new();
        string(&mut out, &"é".repeat(MAX_STRING));
        let read: String = serde_json::from_slice(&out).expect("JSON");
        assert!(read.ends_with("é… (cut)"));
        assert!(read.len() < MAX_STRING + 20);
    }
}
