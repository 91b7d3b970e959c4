//! "Did you mean": the names that a misspelled one is near to.

/// The candidates that `word` may have been meant for, best first, at most three.
///
/// Case, `-`, `_` and spaces are ignored; two swapped letters count as one edit.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let plain = fold(word);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
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

fn fold(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

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
