//! Which method is called, and where.

use std::str::FromStr;

/// `[TARGET/]pkg.Service/Method`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Method {
    pub(super) target: Option<String>,
    pub(super) service: String,
    pub(super) name: String,
}

impl FromStr for Method {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected [TARGET/]pkg.Service/Method, such as 10.0.0.5:50051/shop.v1.Prices/Get";
        let (rest, name) = text.rsplit_once('/').ok_or(EXPECTED)?;
        let (target, service) = match rest.rsplit_once('/') {
            Some((target, service)) => (Some(target.to_owned()), service),
            None => (None, rest),
        };
        let is_name = |text: &str| {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            !text.is_empty() && text.chars().all(is_part)
        };
        if !is_name(name) || !is_name(service) || target.as_deref() == Some("") {
            return Err(EXPECTED);
        }
        Ok(Self {
            target,
            service: service.to_owned(),
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_has_a_service_and_may_have_a_target() {
        let parse = |text: &str| {
            let method: Method = text.parse().expect("a method");
            (method.target, method.service, method.name)
        };
        let expected =
            |target: Option<&str>| (target.map(str::to_owned), "a.B".to_owned(), "C".to_owned());
        assert_eq!(parse("a.B/C"), expected(None));
        assert_eq!(parse("h:1/a.B/C"), expected(Some("h:1")));
        assert_eq!(parse("dns:///h:1/a.B/C"), expected(Some("dns:///h:1")));
        assert_eq!(parse("unix:///r/s/a.B/C"), expected(Some("unix:///r/s")));
        for wrong in ["", "a.B", "/a.B/C", "a.B/", "h:1/a B/C"] {
            assert!(wrong.parse::<Method>().is_err(), "{wrong:?}");
        }
    }
}
