//! The watch of the bucket in one session.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use zookeeper_client::{EventType, PersistentWatcher, SessionId, SessionState};

/// What a watch tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// A node was made, written or removed.
    Changed(String),
    /// There is no connection.
    Disconnected,
    /// Nothing more comes: the session has ended, or has a new connection, for which the servers
    /// notify only of watches that are made again.
    Over,
}

/// The channel in which the client library puts the notices of a watch.
pub(super) trait Notices: Send {
    /// The next one. It is not asked after [`Notice::Over`].
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Notice>;
}

impl Notices for PersistentWatcher {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Notice> {
        let event = std::task::ready!(pin!(self.changed()).poll(cx));
        Poll::Ready(match (event.event_type, event.session_state) {
            (EventType::Session, SessionState::SyncConnected) => Notice::Over,
            (EventType::Session, state) if state.is_terminated() => Notice::Over,
            (EventType::Session, _) => Notice::Disconnected,
            _ => Notice::Changed(event.path),
        })
    }
}

/// A watch, and whether it still tells of all changes.
pub(super) struct Link {
    pub(super) session: SessionId,
    notices: Box<dyn Notices>,
    is_over: bool,
    /// Of the task that waits for notices.
    waker: Waker,
}

impl Link {
    pub(super) fn new(session: SessionId, notices: impl Notices + 'static) -> Link {
        Link {
            session,
            notices: Box::new(notices),
            is_over: false,
            waker: Waker::noop().clone(),
        }
    }

    /// Waits for notices and passes them on; ready when the watch is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, pass_on: impl FnMut(Notice)) -> Poll<()> {
        self.waker.clone_from(cx.waker());
        self.drain(pass_on)
    }

    /// Passes on the notices that have arrived; ready when the watch is over.
    pub(super) fn drain(&mut self, mut pass_on: impl FnMut(Notice)) -> Poll<()> {
        let waker = self.waker.clone();
        let mut cx = Context::from_waker(&waker);
        while !self.is_over {
            let notice = std::task::ready!(self.notices.poll_next(&mut cx));
            if notice == Notice::Over {
                self.is_over = true;
                // It may be another task that drains.
                waker.wake_by_ref();
            }
            pass_on(notice);
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use super::*;

    impl Notices for mpsc::Receiver<Notice> {
        fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Notice> {
            self.try_recv().map_or(Poll::Pending, Poll::Ready)
        }
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl std::task::Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn whoever_drains_first_gets_each_notice_once_and_the_end_wakes_the_hub() {
        let (sender, receiver) = mpsc::channel();
        let mut link = Link::new(SessionId(1), receiver);
        let (wakes, mut passed_on) = (Arc::<Wakes>::default(), Vec::new());
        let waker = Waker::from(wakes.clone());
        let polled = link.poll(&mut Context::from_waker(&waker), |n| passed_on.push(n));
        assert!(polled.is_pending() && passed_on.is_empty());
        let notices = [
            Notice::Changed("/a".to_owned()),
            Notice::Disconnected,
            Notice::Over,
        ];
        for notice in &notices[..2] {
            sender.send(notice.clone()).unwrap();
        }
        assert!(link.drain(|n| passed_on.push(n)).is_pending());
        assert_eq!(passed_on, notices[..2]);
        assert_eq!(wakes.0.load(Ordering::SeqCst), 0);
        sender.send(notices[2].clone()).unwrap();
        assert!(link.drain(|n| passed_on.push(n)).is_ready());
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        let polled = link.poll(&mut Context::from_waker(&waker), |n| passed_on.push(n));
        assert!(polled.is_ready());
        assert_eq!(passed_on, notices);
    }
}
