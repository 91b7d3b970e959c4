//! The objects of a bucket.

use std::collections::VecDeque;

use carml_store::{Entry, EntryKind, Error, ListOptions, provider::Entries};
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use opendal_core::{Operator, options};

use crate::{error::Context, read::unquoted};

/// The most that S3 lists at once.
const PAGE: usize = 1000;

pub(crate) fn list(operator: Operator, prefix: &str, asked: ListOptions) -> Entries {
    let is_recursive = !asked.delimiter;
    let options = options::ListOptions {
        recursive: is_recursive,
        limit: Some(asked.limit.unwrap_or(PAGE).clamp(1, PAGE)),
        start_after: asked.after,
        ..options::ListOptions::default()
    };
    let (whole, name) = (prefix.to_owned(), prefix.to_owned());
    let opened = async move { operator.lister_options(&whole, options).await };
    let entries = stream::once(opened).try_flatten();
    let entries = entries.map_ok(move |found| {
        let (name, metadata) = found.into_parts();
        if metadata.is_dir() && !is_recursive {
            return Entry::folder(name);
        }
        Entry::object(
            name,
            metadata.content_length(),
            metadata.etag().map(unquoted),
            metadata.last_modified().map(Into::into),
        )
    });
    let entries = entries.map_err({
        let name = name.clone();
        move |error| Context::new("list", &name).error(error)
    });
    // OpenDAL lists more than asked for if the prefix is not a path, and the folder itself.
    let entries = entries.try_filter(move |entry| {
        let is_folder_itself = entry.key.is_none() && entry.name == name;
        future::ready(entry.name.starts_with(&name) && !is_folder_itself)
    });
    match is_recursive {
        true => entries.boxed(),
        false => ordered(entries.boxed()),
    }
}

/// The entries in the order of their names: of each page, OpenDAL gives the folders first.
fn ordered(entries: Entries) -> Entries {
    let state = Ordered {
        entries: Some(entries),
        folders: VecDeque::new(),
        last: None,
    };
    stream::unfold(state, |mut state| async move {
        let entry = state.next().await?;
        Some((entry, state))
    })
    .boxed()
}

struct Ordered {
    /// `None`: all were received.
    entries: Option<Entries>,
    /// Folders that come after the last entry that was given.
    folders: VecDeque<Entry>,
    /// What was received and not given.
    last: Option<Entry>,
}

impl Ordered {
    async fn next(&mut self) -> Option<Result<Entry, Error>> {
        loop {
            if let Some(entry) = &self.last {
                // An entry of the next page is after all folders of this one.
                let first = self.folders.front();
                let is_before = first.is_some_and(|folder| folder.name < entry.name);
                return match is_before {
                    true => self.folders.pop_front(),
                    false => self.last.take(),
                }
                .map(Ok);
            }
            let Some(entries) = &mut self.entries else {
                return self.folders.pop_front().map(Ok);
            };
            match entries.next().await {
                Some(Ok(entry)) if entry.kind == EntryKind::Folder => self.folders.push_back(entry),
                Some(Ok(entry)) => self.last = Some(entry),
                Some(Err(error)) => {
                    self.entries = None;
                    self.folders.clear();
                    return Some(Err(error));
                }
                None => self.entries = None,
            }
        }
    }
}
