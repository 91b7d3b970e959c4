//! Where a client finds the instances of a service.

use std::{fmt, net::IpAddr, path::Path};

/// What `grpc.client.targets.*.target` takes: gRPC's naming, and `discovery:///`.
///
/// ```
/// use carml_config::TargetName;
///
/// let name = TargetName::parse("dns:///billing.internal:50051");
/// assert_eq!(name, Ok(TargetName::Dns("billing.internal:50051")));
/// assert!(TargetName::parse("billing").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetName<'a> {
    /// `discovery:///service`: the instances that are registered.
    Discovery(&'a str),
    /// `dns:///host:port`: all addresses of a name.
    Dns(&'a str),
    /// `ipv4:address:port,…` or `ipv6:[address]:port,…`.
    Addresses(Vec<&'a str>),
    /// `unix:///path`: a socket in the file system.
    Unix(&'a Path),
}

/// Why a text is not a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTarget(&'static str);

impl InvalidTarget {
    /// What was expected, with its article.
    pub fn expected(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for InvalidTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0)
    }
}

impl std::error::Error for InvalidTarget {}

impl<'a> TargetName<'a> {
    /// Reads a target.
    ///
    /// # Errors
    ///
    /// What was expected instead.
    pub fn parse(text: &'a str) -> Result<Self, InvalidTarget> {
        if let Some(service) = text.strip_prefix("discovery:///") {
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            let is_service = !service.is_empty() && service.chars().all(is_name);
            return is_service
                .then_some(Self::Discovery(service))
                .ok_or(InvalidTarget("`discovery:///` and the name of a service"));
        }
        if let Some(name) = text.strip_prefix("dns:///") {
            let is_host = |host: &str| {
                let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
                !host.is_empty() && host.chars().all(is_name)
            };
            return host_and_port(name)
                .filter(|(host, _)| is_host(host) || host.parse::<IpAddr>().is_ok())
                .map(|_| Self::Dns(name))
                .ok_or(InvalidTarget("`dns:///`, a host and a port"));
        }
        if let Some(path) = text.strip_prefix("unix://") {
            return path
                .starts_with('/')
                .then(|| Self::Unix(Path::new(path)))
                .ok_or(InvalidTarget("`unix://` and an absolute path"));
        }
        if let Some(list) = text.strip_prefix("ipv4:") {
            let is_v4 = |host: &str| host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4());
            return addresses(list, is_v4).ok_or(InvalidTarget(
                "`ipv4:` and addresses with ports, such as `10.0.0.5:50051`",
            ));
        }
        if let Some(list) = text.strip_prefix("ipv6:") {
            let is_v6 = |host: &str| host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6());
            return addresses(list, is_v6).ok_or(InvalidTarget(
                "`ipv6:` and addresses with ports, such as `[::1]:50051`",
            ));
        }
        Err(InvalidTarget(
            "a target that begins with `discovery:///`, `dns:///`, `ipv4:`, `ipv6:` or `unix:///`",
        ))
    }
}

fn addresses<'a>(list: &'a str, is_host: impl Fn(&str) -> bool) -> Option<TargetName<'a>> {
    let addresses: Vec<&str> = list.split(',').map(str::trim).collect();
    let is_valid = |address: &&str| host_and_port(address).is_some_and(|(host, _)| is_host(host));
    let all = addresses.iter().all(is_valid);
    all.then_some(TargetName::Addresses(addresses))
}

/// The host without brackets, and the port, which is not 0.
fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let unwrapped = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match unwrapped {
        Some(host) => Some((host, port)),
        None => (!host.contains(':')).then_some((host, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_read() {
        let parse = TargetName::parse;
        let service = TargetName::Discovery("a.v1.B");
        assert_eq!(parse("discovery:///a.v1.B"), Ok(service));
        assert_eq!(parse("dns:///a:1"), Ok(TargetName::Dns("a:1")));
        assert_eq!(parse("dns:///[::1]:1"), Ok(TargetName::Dns("[::1]:1")));
        let list = TargetName::Addresses(vec!["10.0.0.1:1", "10.0.0.2:2"]);
        assert_eq!(parse("ipv4:10.0.0.1:1, 10.0.0.2:2"), Ok(list));
        let list = TargetName::Addresses(vec!["[::1]:1"]);
        assert_eq!(parse("ipv6:[::1]:1"), Ok(list));
        let socket = TargetName::Unix(Path::new("/run/a.sock"));
        assert_eq!(parse("unix:///run/a.sock"), Ok(socket));
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for wrong in [
            "",
            "a",
            "a:1",
            "http://a:1",
            "dns://a:1",
            "dns:///a",
            "dns:///a:0",
            "dns:///a:99999",
            "dns:///:1",
            "dns:///a b:1",
            "ipv4:a:1",
            "ipv4:",
            "ipv4:10.0.0.1",
            "ipv6:::1:1",
            "ipv4:[::1]:1",
            "unix://run/a",
            "discovery:///",
            "discovery:///a/b",
            "discovery://a",
        ] {
            assert!(TargetName::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
