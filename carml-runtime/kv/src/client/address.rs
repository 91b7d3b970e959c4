//! Addresses of servers.

use http::Uri;

/// The address of a server: `host`, `host:port`, `http://host:port` or `https://host:port`.
///
/// # Errors
///
/// What is wrong with it.
pub fn address(text: &str, tls: bool, default_port: Option<u16>) -> Result<Uri, String> {
    let (scheme, authority) = match text.split_once("://") {
        Some(("http", _)) if tls => {
            return Err(format!(
                "the endpoint `{text}` is not encrypted, but certificates are given: write https"
            ));
        }
        Some((scheme @ ("http" | "https"), authority)) => (scheme, authority),
        Some((scheme, _)) => {
            return Err(format!(
                "the endpoint `{text}` has the scheme `{scheme}`: expected http or https"
            ));
        }
        None => (if tls { "https" } else { "http" }, text),
    };
    let authority = authority.trim_end_matches('/');
    let parse = |authority: &str| {
        let uri = format!("{scheme}://{authority}/").parse::<Uri>();
        uri.map_err(|e| format!("the endpoint `{text}` is invalid: {e}"))
    };
    let uri = parse(authority)?;
    match (uri.port(), default_port) {
        (None, Some(port)) => parse(&format!("{authority}:{port}")),
        _ => Ok(uri),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_with_or_without_a_port() {
        let uri = |text, tls| address(text, tls, Some(2379));
        for (text, tls, expected) in [
            ("db", false, "http://db:2379/"),
            ("db:1", true, "https://db:1/"),
            ("https://db/", false, "https://db:2379/"),
            ("[::1]", false, "http://[::1]:2379/"),
            ("[::1]:7", true, "https://[::1]:7/"),
        ] {
            assert_eq!(uri(text, tls).unwrap().to_string(), expected);
        }
        for (text, tls) in [("http://db", true), ("zk://db", false), ("a b", false)] {
            let why = uri(text, tls).unwrap_err();
            assert!(why.contains(text), "{why}");
        }
    }
}
