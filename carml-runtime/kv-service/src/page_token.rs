//! Tokens of pages: the directory, and where its next page begins. `users//ada` is after `users/ada`
//! in `users`: neither a directory nor a key contains `//`.

use carml_runtime::kv::{Error, ErrorKind, Key};

const SEPARATOR: &str = "//";

/// The token of the page after a key of a directory.
pub(crate) fn token(directory: Option<&Key>, after: &Key) -> String {
    let directory = directory.map_or("", Key::as_str);
    let rest = after.as_str().strip_prefix(directory);
    let rest = rest.unwrap_or(after.as_str()).trim_start_matches('/');
    format!("{directory}{SEPARATOR}{rest}")
}

/// The key after which the page of a token begins; `None`: the first page.
pub(crate) fn after(directory: Option<&Key>, text: &str) -> Result<Option<Key>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = || {
        let why = "`page_token` is not from a page of this directory: expected the \
                   `next_page_token` of the page before, with the same `directory`";
        Error::new(ErrorKind::InvalidArgument, "list", why)
    };
    let rest = text.split_once(SEPARATOR).map(|(_, rest)| rest);
    let rest = rest.filter(|rest| !rest.is_empty()).ok_or_else(refuse)?;
    let key = match directory {
        Some(directory) => format!("{directory}/{rest}").parse(),
        None => rest.parse(),
    };
    let key = key.ok().filter(|key| token(directory, key) == text);
    key.map(Some).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        text.parse().expect("a key")
    }

    #[test]
    fn a_token_belongs_to_its_directory() {
        let (users, ada) = (key("users"), key("users/ada/1"));
        let of_users = token(Some(&users), &ada);
        assert_eq!(of_users, "users//ada/1");
        assert_eq!(after(Some(&users), &of_users).unwrap(), Some(ada.clone()));
        let of_all = token(None, &ada);
        assert_eq!(after(None, &of_all).unwrap(), Some(ada.clone()));
        for (directory, token) in [
            (None, of_users.as_str()),
            (Some(key("user")), &of_users),
            (Some(key("users/ada")), &of_users),
            (Some(users.clone()), &of_all),
            (Some(users.clone()), "ada"),
            (Some(users.clone()), "users//"),
            (Some(users), "users//a//b"),
        ] {
            let error = after(directory.as_ref(), token).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument, "{token}");
        }
        assert_eq!(after(None, "").unwrap(), None);
    }
}
