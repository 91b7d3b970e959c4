//! "Did you mean": the names that a misspelled one is near to.

use std::cell::OnceCell;

/// The candidates that `word` may have been meant for, best first, at most three.
///
/// Case, `-`, `_` and spaces are ignored; two swapped letters count as one edit.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    Candidates::of(candidates).nearest(word)
}

/// Names that many words are compared with: what depends on the names alone is computed once.
#[derive(Clone, Debug, Default)]
pub struct Candidates<'c>(Vec<Word<'c>>);

impl<'c> Candidates<'c> {
    /// The candidates of these names.
    pub fn of(names: impl IntoIterator<Item = &'c str>) -> Self {
        Self(names.into_iter().map(Word::new).collect())
    }

    /// The names that `word` may have been meant for, as [`nearest`] gives them.
    pub fn nearest(&self, word: &str) -> Vec<&'c str> {
        let mut found: Vec<(usize, &str)> = self.near(&Word::new(word)).collect();
        found.sort_unstable();
        found.dedup();
        let best = found.first().map_or(0, |f| f.0);
        found
            .into_iter()
            .filter(|f| f.0 <= best + 1)
            .take(3)
            .map(|f| f.1)
            .collect()
    }

    /// Whether `word` may have been meant for one of the names.
    pub fn has_near(&self, word: &str) -> bool {
        self.near(&Word::new(word)).next().is_some()
    }

    fn near<'s>(&'s self, word: &'s Word<'_>) -> impl Iterator<Item = (usize, &'c str)> + 's {
        let ranked = |name: &Word<'c>| Some((word.rank(name)?, name.text));
        self.0.iter().filter_map(ranked)
    }
}

/// How a report suggests a name: ``did you mean `lock`?``
pub fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// The edit distance between two names, as [`nearest`] counts it.
pub fn distance(word: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(&fold(word), &fold(other))
}

/// A name, with what is needed to compare it.
#[derive(Clone, Debug)]
struct Word<'w> {
    text: &'w str,
    outline: Option<Outline>,
    /// The folded form and the number of its characters. Few words need it.
    folded: OnceCell<(String, usize)>,
}

impl<'w> Word<'w> {
    fn new(text: &'w str) -> Self {
        Self {
            text,
            outline: Outline::of(text),
            folded: OnceCell::new(),
        }
    }

    fn folded(&self) -> (&str, usize) {
        let (folded, length) = self.folded.get_or_init(|| {
            let folded = fold(self.text);
            let length = folded.chars().count();
            (folded, length)
        });
        (folded, *length)
    }

    /// How far the words are from each other, if they are near.
    fn rank(&self, other: &Word<'_>) -> Option<usize> {
        // A document may have many unknown keys: the distance itself is computed for few.
        if !self.may_be_near(other) {
            return None;
        }
        let ((plain, length), (other, other_length)) = (self.folded(), other.folded());
        let allowed = allowed(length.max(other_length));
        let distance = strsim::damerau_levenshtein(plain, other);
        let is_part = plain.len() >= 3
            && other.len() >= 3
            && (other.starts_with(plain) || plain.starts_with(other));
        match (distance <= allowed, is_part) {
            (true, _) => Some(distance),
            (false, true) => Some(allowed + 1),
            _ => None,
        }
    }

    fn may_be_near(&self, other: &Word<'_>) -> bool {
        let outlines = self.outline.zip(other.outline);
        outlines.is_none_or(|(own, of_other)| own.may_be_near(of_other))
    }
}

/// What is compared first of the folded form of an ASCII word.
#[derive(Clone, Copy, Debug)]
struct Outline {
    /// A bit for each letter and digit.
    letters: u64,
    length: usize,
}

impl Outline {
    fn of(word: &str) -> Option<Self> {
        let (mut letters, mut length) = (0_u64, 0);
        for byte in word.bytes() {
            letters |= match byte {
                b'-' | b'_' | b' ' => continue,
                b'a'..=b'z' => 1 << (byte - b'a'),
                b'A'..=b'Z' => 1 << (byte - b'A'),
                b'0'..=b'9' => 1 << (byte - b'0' + 26),
                _ if byte.is_ascii() => 0,
                _ => return None,
            };
            length += 1;
        }
        Some(Self { letters, length })
    }

    /// An edit removes at most one letter that the other word does not have, and changes the length
    /// by at most one.
    fn may_be_near(self, other: Self) -> bool {
        let (more, less) = (self.letters & !other.letters, other.letters & !self.letters);
        let missing = more.count_ones().max(less.count_ones()) as usize;
        let edits = missing.max(self.length.abs_diff(other.length));
        // One may be the beginning of the other.
        edits <= allowed(self.length.max(other.length)) || more == 0 || less == 0
    }
}

/// How many edits are allowed in the longer of two words.
fn allowed(longest: usize) -> usize {
    if longest > 1 { (longest + 1) / 3 } else { 0 }
}

fn fold(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Candidates, Word, allowed, distance, fold, nearest};

    fn may_be_near(word: &str, other: &str) -> bool {
        Word::new(word).may_be_near(&Word::new(other))
    }

    #[test]
    fn words_at_a_small_distance_may_be_near() {
        let words = [
            "a",
            "ab",
            "ba",
            "key",
            "key0",
            "KEY_0",
            "token",
            "tokne",
            "password",
            "passwd",
            "cert",
            "certificate",
            "größe",
            "\u{212a}ey",
        ];
        for (word, other) in words.iter().flat_map(|w| words.iter().map(move |o| (w, o))) {
            let longest = fold(word).chars().count().max(fold(other).chars().count());
            let near = distance(word, other) <= allowed(longest);
            assert!(!near || may_be_near(word, other), "{word} {other}");
        }
        assert!(may_be_near("cert", "certificate"));
        assert!(!may_be_near("key1", "password"));
    }

    #[test]
    fn a_word_is_near_a_name_exactly_if_it_has_a_nearest_one() {
        let names = ["password", "token", "key", "größe", ""];
        for word in [
            "pasword",
            "TOKEN_",
            "keyring",
            "gr\u{f6}sse",
            "listen",
            "",
            "-",
        ] {
            let near = !nearest(word, names).is_empty();
            assert_eq!(Candidates::of(names).has_near(word), near, "{word}");
        }
    }

    #[test]
    fn ranks_the_nearest_first() {
        let providers = ["consul", "etcd", "zookeeper", "redb"];
        assert_eq!(nearest("etdc", providers), ["etcd"]);
        assert_eq!(nearest("ZooKeeper", providers), ["zookeeper"]);
        assert!(nearest("postgres", providers).is_empty());
        assert!(nearest("NOPE", ["HOME", "PATH"]).is_empty());
        assert_eq!(
            nearest("midleware", ["middleware", "listen"]),
            ["middleware"]
        );
    }
}
