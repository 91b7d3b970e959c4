//! Addresses of servers: `host:port`.

use carml_diagnostic::{Address, Input};

/// Why a string is not a valid address, and what to write. An address of this machine may have
/// port 0.
pub fn wrong(text: &str, own: bool) -> Option<(Address, &'static str)> {
    let input = |text: &str| Input::new(text);
    let rest = text.split_once("://").map_or(text, |s| s.1);
    let authority = rest.split('/').next().unwrap_or(rest);
    let (host, port) = match authority.strip_prefix('[').and_then(|a| a.split_once(']')) {
        Some((host, after)) => {
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Some((
                    Address::NotIpv6 { host: input(host) },
                    "write it like `[::1]:2379`",
                ));
            }
            (host, after.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let digits = host
        .split('.')
        .all(|p| p.bytes().all(|b| b.is_ascii_digit()));
    if digits && !host.contains(':') && host.parse::<std::net::Ipv4Addr>().is_err() {
        return Some((
            Address::NotIpv4 { host: input(host) },
            "write four numbers from 0 to 255, or a host name",
        ));
    }
    if host.split('.').any(str::is_empty) && !host.ends_with('.') && !host.contains(':') {
        return Some((
            Address::NotAHostName { host: input(host) },
            "a host name has no empty part between its dots",
        ));
    }
    let port = port?;
    match port.parse::<u16>() {
        Err(_) => Some((
            Address::NotAPort { port: input(port) },
            "ports are from 1 to 65535",
        )),
        Ok(0) if !own => Some((
            Address::PortZero,
            "ports are from 1 to 65535; leave it out for the default port",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::wrong;

    #[test]
    fn refuses_addresses_that_are_not_valid() {
        for good in [
            "127.0.0.1",
            "db:2379",
            "[::1]:1",
            "http://h:9/x",
            "h.example.",
        ] {
            assert_eq!(wrong(good, false), None, "{good}");
        }
        for bad in [
            "db:99999",
            "db:0",
            "[:::1]:1",
            "1.2.3",
            "256.0.0.1:1",
            "a..b",
        ] {
            assert!(wrong(bad, false).is_some(), "{bad}");
        }
        assert_eq!(wrong("127.0.0.1:0", true), None);
    }
}
