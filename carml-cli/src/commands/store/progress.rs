//! What is shown of a transfer.

use carml_runtime::store::{Event, Events};

use crate::commands::progress::Progress;

/// Where a transfer reports to, and what shows it until it ends.
pub(super) fn observed(key: &str, is_quiet: bool) -> (Events, impl Future<Output = ()>) {
    let (events, mut listener) = Events::new();
    let mut shown = Progress::new(is_quiet).transfer();
    let key = key.to_owned();
    let show = async move {
        let mut total = None;
        while let Some(event) = listener.next().await {
            match event {
                Event::Started { size } => {
                    total = size;
                    shown.started(&key, size, 0);
                }
                Event::Progress { bytes } => shown.progress(bytes, total),
                Event::Retry { after, why } => shown.retry(after, &why),
                _ => {}
            }
        }
    };
    (events, show)
}
