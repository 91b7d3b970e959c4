//! Standard output, written by a thread of its own: a full pipe stops no call.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd as _,
    sync::Arc,
    thread,
};

use tracing_subscriber::fmt::MakeWriter;

use crate::{
    line::OWN_TARGET,
    queue::{Batch, Queue},
};

/// Starts the thread.
pub(crate) fn spawn(queue: Arc<Queue>) -> io::Result<()> {
    // Not through the lock of `io::stdout`, which would be held while the pipe is full.
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    thread::Builder::new()
        .name("carml-log".to_owned())
        .spawn(move || {
            let mut batch = Batch::default();
            loop {
                let lost = queue.take(&mut batch);
                if out.write_all(batch.bytes()).is_err() {
                    // Nobody reads any more, or it is a file on a disk that is full. What follows
                    // is tried again, and what was lost is said when that succeeds.
                    queue.lose(lost + batch.len() as u64);
                } else if lost > 0 {
                    tracing::warn!(
                        target: OWN_TARGET,
                        lost,
                        "log lines were lost: standard output did not take them"
                    );
                }
            }
        })
        .map(drop)
}

/// Lines of another format for the same thread: one per event.
pub(crate) struct Events(pub(crate) Arc<Queue>);

/// Pushes what was written when it is dropped.
pub(crate) struct EventWriter<'a> {
    queue: &'a Queue,
    line: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Events {
    type Writer = EventWriter<'a>;

    fn make_writer(&'a self) -> EventWriter<'a> {
        EventWriter {
            queue: &self.0,
            line: Vec::new(),
        }
    }
}

impl Write for EventWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for EventWriter<'_> {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.queue.push(&self.line);
        }
    }
}
