//! Prefixes of URLs: what is allowed, what credentials are for, what a mirror replaces.

use url::Url;

/// A prefix: a scheme alone (`https://`, `store:`), an origin, or a path of one.
///
/// It is compared by its parts, not as text: `https://example.org` is not a prefix of
/// `https://example.org.evil.net/`, nor `/models` of `/models-private/x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UrlPrefix {
    scheme: String,
    /// The URL, without query and fragment; `None` for a scheme alone.
    url: Option<Url>,
}

impl UrlPrefix {
    /// What is wrong, as a sentence without the prefix.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let invalid = || {
            "expected a URL prefix such as `https://example.org/models/`, `https://` or `store:`"
                .to_owned()
        };
        let (scheme, rest) = text.split_once(':').ok_or_else(invalid)?;
        let scheme = scheme.to_ascii_lowercase();
        if !["http", "https", "file", "store"].contains(&scheme.as_str()) {
            return Err(invalid());
        }
        if rest.trim_matches('/').is_empty() {
            return Ok(Self { scheme, url: None });
        }
        let url = Url::parse(text).map_err(|_| invalid())?;
        if url.query().is_some() || url.fragment().is_some() || has_user_info(&url) {
            return Err(
                "expected a URL prefix without user information, query and fragment".to_owned(),
            );
        }
        Ok(Self {
            scheme,
            url: Some(url),
        })
    }

    /// The length of what matches, or `None` if the URL is not below the prefix.
    pub(crate) fn matches(&self, url: &Url) -> Option<usize> {
        if url.scheme() != self.scheme {
            return None;
        }
        let Some(prefix) = &self.url else {
            return Some(0);
        };
        let is_same_origin = prefix.host() == url.host()
            && prefix.port_or_known_default() == url.port_or_known_default();
        let path = prefix.path();
        let rest = url.path().strip_prefix(path)?;
        let at_segment = path.ends_with('/') || rest.is_empty() || rest.starts_with('/');
        (is_same_origin && at_segment).then(|| path.len().max(1))
    }

    /// The URL with this prefix replaced by another one.
    pub(crate) fn replace(&self, url: &Url, with: &Url) -> Option<Url> {
        let length = self.matches(url)?;
        let prefix = self.url.as_ref()?;
        let length = length.min(prefix.path().len());
        let rest = url.path().get(length..)?.trim_start_matches('/');
        let mut replaced = with.clone();
        let base = with.path().trim_end_matches('/');
        let path = if rest.is_empty() {
            with.path().to_owned()
        } else {
            format!("{base}/{rest}")
        };
        replaced.set_path(&path);
        replaced.set_query(url.query());
        Some(replaced)
    }
}

fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(prefix: &str, url: &str) -> bool {
        let prefix = UrlPrefix::parse(prefix).expect(prefix);
        prefix.matches(&Url::parse(url).expect(url)).is_some()
    }

    #[test]
    fn a_prefix_ends_where_a_part_of_the_url_ends() {
        assert!(matches("https://", "https://any.org/x"));
        assert!(!matches("https://", "http://any.org/x"));
        assert!(matches("store:", "store:models/a"));
        assert!(matches("https://a.org", "https://a.org/x"));
        assert!(matches("https://a.org", "https://A.org:443/x"));
        assert!(!matches("https://a.org", "https://a.org.evil.net/x"));
        assert!(!matches("https://a.org", "https://a.org:444/x"));
        assert!(matches("https://a.org/m", "https://a.org/m/x"));
        assert!(!matches("https://a.org/m", "https://a.org/mx"));
        assert!(!matches("https://a.org/m/", "https://a.org/m/../secret"));
        assert!(!matches(
            "https://a.org/m/",
            "https://a.org/m/%2e%2e/secret"
        ));
        assert!(matches("file:///srv/", "file:///srv/a"));
    }

    #[test]
    fn what_is_not_a_prefix_is_refused() {
        for text in [
            "",
            "example.org",
            "ftp://a.org",
            "https://u:p@a.org/",
            "https://a.org/?q",
        ] {
            assert!(UrlPrefix::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mirror_replaces_the_prefix_alone() {
        let prefix = UrlPrefix::parse("https://a.org/models/").expect("a prefix");
        let url = Url::parse("https://a.org/models/x/y.bin?v=1").expect("a URL");
        for (with, expected) in [
            ("http://m.net/a/", "http://m.net/a/x/y.bin?v=1"),
            ("http://m.net/a", "http://m.net/a/x/y.bin?v=1"),
            ("http://m.net", "http://m.net/x/y.bin?v=1"),
        ] {
            let with = Url::parse(with).expect("a URL");
            let replaced = prefix.replace(&url, &with).expect("a match");
            assert_eq!(replaced.as_str(), expected);
        }
    }
}
