//! "Did you mean": the names that a misspelled one is near to.

/// The candidates that `word` may have been meant for, best first, at most three.
///
/// Case, `-`, `_` and spaces are ignored; two swapped letters count as one edit.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let plain = fold(word);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        // A document may have many unknown keys: the distance itself is computed for few.
        .filter(|candidate| may_be_near(word, candidate))
        .filter_map(|candidate| {
            let other = fold(candidate);
            let distance = strsim::damerau_levenshtein(&plain, &other);
            let longest = plain.chars().count().max(other.chars().count());
            let allowed = if longest > 1 { (longest + 1) / 3 } else { 0 };
            let part = plain.len() >= 3
                && other.len() >= 3
                && (other.starts_with(&plain) || plain.starts_with(&other));
            match (distance <= allowed, part) {
                (true, _) => Some((distance, candidate)),
                (false, true) => Some((allowed + 1, candidate)),
                _ => None,
            }
        })
        .collect();
    found.sort();
    found.dedup();
    let best = found.first().map_or(0, |f| f.0);
    found
        .into_iter()
        .filter(|f| f.0 <= best + 1)
        .take(3)
        .map(|f| f.1)
        .collect()
}

/// How a report suggests a name: ``did you mean `lock`?``
pub fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// The edit distance between two names, as [`nearest`] counts it.
pub fn distance(word: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(&fold(word), &fold(other))
}

/// Whether two words can be near, from the letters that they have. An edit removes at most one
/// letter that the other word does not have.
fn may_be_near(word: &str, other: &str) -> bool {
    let letters = |word: &str| {
        let bytes = word.bytes().map(|byte| byte.to_ascii_lowercase());
        bytes.fold(0_u64, |set, byte| match byte {
            b'a'..=b'z' => set | 1 << (byte - b'a'),
            b'0'..=b'9' => set | 1 << (byte - b'0' + 26),
            _ => set,
        })
    };
    let allowed = word.len().max(other.len()).div_ceil(3);
    let (of_word, of_other) = (letters(word), letters(other));
    let (more, less) = (of_word & !of_other, of_other & !of_word);
    let missing = more.count_ones().max(less.count_ones()) as usize;
    !(word.is_ascii() && other.is_ascii())
        || missing <= allowed
        // One may be the beginning of the other.
        || more == 0
        || less == 0
}

fn fold(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{distance, may_be_near, nearest};

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
            let near = distance(word, other) <= word.len().max(other.len()).div_ceil(3);
            assert!(!near || may_be_near(word, other), "{word} {other}");
        }
        assert!(may_be_near("cert", "certificate"));
        assert!(!may_be_near("key1", "password"));
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
