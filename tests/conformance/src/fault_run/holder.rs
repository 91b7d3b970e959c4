//! A process that holds a lock and writes with its token, for `kv-holder`.
//!
//! Each line that it prints is a [`Line`].

use std::{
    fmt,
    str::FromStr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use carml_runtime::kv::{ErrorKind, Guard, Kv, Txn};

use super::{locks::is_valid, target::TARGETS};
use crate::key;

/// The lock.
pub(super) const LOCK: &str = "held";
/// What is written with its token.
pub(super) const FENCED: &str = "held-fenced";

/// How often a late holder tries to write, unless it is refused.
const LATE_WRITES: usize = 50;

/// What a holder prints.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    /// The lock is held with this token, and until this time, in nanoseconds since 1970.
    Held { token: u64, until: u128 },
    /// A write with this token was acknowledged.
    Wrote { token: u64, revision: u64 },
    /// The lock with this token was lost, and is no longer used.
    Lost { token: u64 },
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Held { token, until } => write!(f, "held {token} {until}"),
            Line::Wrote { token, revision } => write!(f, "wrote {token} {revision}"),
            Line::Lost { token } => write!(f, "lost {token} 0"),
        }
    }
}

impl FromStr for Line {
    type Err = ();

    fn from_str(text: &str) -> Result<Line, ()> {
        let words: Vec<&str> = text.split(' ').collect();
        let &[word, token, number] = words.as_slice() else {
            return Err(());
        };
        let token = token.parse().map_err(|_| ())?;
        Ok(match word {
            "held" => Line::Held {
                token,
                until: number.parse().map_err(|_| ())?,
            },
            "wrote" => Line::Wrote {
                token,
                revision: number.parse().map_err(|_| ())?,
            },
            _ => Line::Lost { token },
        })
    }
}

/// Nanoseconds since 1970, which all processes of a machine count alike.
pub(super) fn now() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_nanos()
}

/// A stop between the two clocks makes it earlier, never later.
fn valid_until(guard: &Guard) -> u128 {
    let now = now();
    let left = guard.valid_until().map(|until| until - Instant::now());
    now + left.map_or(0, |left| left.as_nanos())
}

/// Acquires the lock again and again, until it is killed.
pub async fn hold(server: &str, endpoints: Vec<String>) {
    let target = TARGETS.iter().find(|target| target.server == server);
    let kv = (target.expect("a server").open)(endpoints).await;
    loop {
        match kv.acquire(key(LOCK)).await {
            Ok(guard) => work(&kv, guard).await,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn work(kv: &Kv, guard: Guard) {
    let token = guard.token();
    let write = || {
        let write = Txn::new().require(&guard);
        kv.commit(write.put(key(FENCED), token.to_string()))
    };
    while is_valid(&guard) {
        let until = valid_until(&guard);
        println!("{}", Line::Held { token, until });
        if let Ok(done) = write().await {
            let revision = done.revision.0;
            println!("{}", Line::Wrote { token, revision });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Late writes, as of a program that does not ask whether it still has the lock.
    for _ in 0..LATE_WRITES {
        match write().await {
            Ok(done) => {
                let revision = done.revision.0;
                println!("{}", Line::Wrote { token, revision });
            }
            Err(e) if e.kind == ErrorKind::LockLost => break,
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("{}", Line::Lost { token });
}
