//! What options say of single methods.

use carml_config::model::MethodName;

use super::{Call, Place, Refusal};
use crate::Methods;

/// A value for each method: that of the most specific name.
#[derive(Debug)]
pub(crate) struct MethodOptions<T> {
    values: Vec<T>,
    /// Where the values of entries begin.
    #[cfg_attr(
        not(feature = "auth"),
        expect(dead_code, reason = "`auth` checks its entries")
    )]
    first_entry: usize,
    which: Which,
}

/// Which value a method has.
#[derive(Debug)]
enum Which {
    /// There is one for all.
    One,
    /// By the places in the methods that are served; the last is for other methods.
    Served(Methods, Vec<usize>),
    /// By the names of methods that others serve, the most specific first.
    Named(Vec<(MethodName, usize)>),
}

/// How specific a name is. A preset is more so than a name for all methods, and less than one that
/// the options have for a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Default,
    All,
    Preset,
    Service,
    Method,
}

impl<T> MethodOptions<T> {
    /// The same value for all methods.
    pub(crate) fn all(value: T) -> Self {
        Self {
            values: vec![value],
            first_entry: 1,
            which: Which::One,
        }
    }

    /// `default`, unless an entry of the option `methods` has the method's name.
    pub(crate) fn new<'a>(
        default: T,
        entries: impl IntoIterator<Item = (&'a [MethodName], T)>,
        place: &Place,
    ) -> Result<Self, Refusal> {
        Self::with_preset(default, None, entries, place)
    }

    /// The same, with a value for a service that no entry names.
    pub(crate) fn with_preset<'a>(
        default: T,
        preset: Option<(&str, T)>,
        entries: impl IntoIterator<Item = (&'a [MethodName], T)>,
        place: &Place,
    ) -> Result<Self, Refusal> {
        let mut made = match place.is_client() {
            true => Self::named(default, entries)?,
            false => Self::served(default, preset, entries, place.methods.clone())?,
        };
        if made.values.len() == 1 {
            made.which = Which::One;
        }
        Ok(made)
    }

    fn served<'a>(
        default: T,
        preset: Option<(&str, T)>,
        entries: impl IntoIterator<Item = (&'a [MethodName], T)>,
        methods: Methods,
    ) -> Result<Self, Refusal> {
        let mut values = vec![default];
        let mut which = vec![(Level::Default, 0); methods.all().len() + 1];
        if let Some((service, value)) = preset {
            for index in methods.named(service).unwrap_or_default() {
                which[index] = (Level::Preset, values.len());
            }
            values.push(value);
        }
        let first_entry = values.len();
        for (n, (names, value)) in entries.into_iter().enumerate() {
            for (m, name) in names.iter().enumerate() {
                let refusal = |message| refusal(n, m, message);
                let (named, level) = match (&name.service, &name.method) {
                    (None, None) => ((0..which.len()).collect(), Level::All),
                    (Some(service), None) => {
                        (methods.named(service).map_err(refusal)?, Level::Service)
                    }
                    (Some(service), Some(method)) => {
                        let name = format!("{service}/{method}");
                        (methods.named(&name).map_err(refusal)?, Level::Method)
                    }
                    (None, Some(_)) => return Err(refusal(WITHOUT_SERVICE.to_owned())),
                };
                for index in named {
                    let (known, _) = which[index];
                    if known == level {
                        return Err(refusal(REPEATED.to_owned()));
                    }
                    if known < level {
                        which[index] = (level, values.len());
                    }
                }
            }
            values.push(value);
        }
        let which = which.into_iter().map(|(_, value)| value).collect();
        Ok(Self {
            values,
            first_entry,
            which: Which::Served(methods, which),
        })
    }

    /// Which methods there are is not known: the names are not checked.
    fn named<'a>(
        default: T,
        entries: impl IntoIterator<Item = (&'a [MethodName], T)>,
    ) -> Result<Self, Refusal> {
        let mut values = vec![default];
        let mut which: Vec<(MethodName, usize)> = Vec::new();
        for (n, (names, value)) in entries.into_iter().enumerate() {
            for (m, name) in names.iter().enumerate() {
                if which.iter().any(|(known, _)| known == name) {
                    return Err(refusal(n, m, REPEATED.to_owned()));
                }
                if name.service.is_none() && name.method.is_some() {
                    return Err(refusal(n, m, WITHOUT_SERVICE.to_owned()));
                }
                which.push((name.clone(), values.len()));
            }
            values.push(value);
        }
        which.sort_by_key(|(name, _)| (name.method.is_none(), name.service.is_none()));
        Ok(Self {
            values,
            first_entry: 1,
            which: Which::Named(which),
        })
    }

    /// The value of a call.
    pub(crate) fn of(&self, call: &Call) -> &T {
        let value = match &self.which {
            Which::One => 0,
            Which::Served(methods, which) => {
                let other = which.len() - 1;
                which[call.index_in(methods).unwrap_or(other)]
            }
            Which::Named(which) => {
                let (service, method) = call.method().rsplit_once('/').unwrap_or_default();
                let found = which.iter().find(|(name, _)| {
                    let is = |expected: &Option<String>, found| {
                        expected.as_deref().is_none_or(|expected| expected == found)
                    };
                    is(&name.service, service) && is(&name.method, method)
                });
                found.map_or(0, |(_, value)| *value)
            }
        };
        &self.values[value]
    }

    /// The values of the entries, each with its place in the option.
    #[cfg(feature = "auth")]
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, &T)> {
        self.values[self.first_entry..].iter().enumerate()
    }
}

const REPEATED: &str = "another entry of `methods` has this name, too";

const WITHOUT_SERVICE: &str = "a method is named with its service";

/// An error at a name.
fn refusal(entry: usize, name: usize, message: String) -> Refusal {
    Refusal {
        pointer: format!("/methods/{entry}/name/{name}"),
        message,
    }
}
