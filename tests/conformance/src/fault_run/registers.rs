//! Clients that read and write a few keys; each key has a history that is judged.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use carml_runtime::kv::{Applied, Entry, Error, ErrorKind, Kv, Revision};
use rand::Rng as _;
use tokio::task::JoinSet;

use super::{Run, report::Figures};
use crate::{
    key,
    linearizable::{Answer, Operation, Request, Verdict, judge},
};

const CLIENTS: usize = 4;
/// After so many calls, the clients go on to other keys.
const CALLS: u64 = 240;

#[derive(Default)]
struct Shared {
    calls: AtomicU64,
    histories: Mutex<HashMap<u64, Vec<Operation>>>,
}

pub(super) struct Registers {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

pub(super) async fn start(run: &Arc<Run>) -> Registers {
    let (shared, mut clients) = (Arc::<Shared>::default(), JoinSet::new());
    for _ in 0..CLIENTS {
        let kv = run.client().await;
        clients.spawn(client(run.clone(), kv, shared.clone()));
    }
    Registers { shared, clients }
}

impl Registers {
    pub(super) async fn finish(mut self, run: &Run) {
        while let Some(client) = self.clients.join_next().await {
            client.unwrap();
        }
        let histories = std::mem::take(&mut *self.shared.histories.lock().unwrap());
        for (name, history) in histories {
            Figures::add(&run.figures.histories);
            match judge(&history) {
                Verdict::Linearizable => {}
                Verdict::Undecided => Figures::add(&run.figures.undecided),
                Verdict::Violation => {
                    Figures::add(&run.figures.not_linearizable);
                    say!(run, "register {name} is not linearizable: {history:#?}");
                }
            }
        }
    }
}

async fn client(run: Arc<Run>, kv: Kv, shared: Arc<Shared>) {
    // What this client read last, to compare with.
    let mut last: HashMap<u64, Option<(u64, Revision)>> = HashMap::new();
    while !run.is_over() {
        let value = shared.calls.fetch_add(1, Ordering::Relaxed);
        // Two keys at a time.
        let name = value / CALLS * 2 + value % 2;
        let (kind, pause) = {
            let mut random = rand::rng();
            (random.random_range(0..10), random.random_range(5..25))
        };
        let known = last.get(&name).copied();
        let path = key(&format!("r/{name}"));
        let start = run.now();
        let (request, answer) = match (kind, known) {
            (0..4, _) => {
                let read = run.call(kv.get(&path)).await;
                if let Ok(entry) = &read {
                    let read = entry.as_ref().map(|e| (number(e), e.revision));
                    last.insert(name, read);
                }
                let read = read.map(|entry| Answer::Value(entry.as_ref().map(number)));
                (Request::Get, read)
            }
            (4, _) => {
                let removed = run.call(kv.delete(path)).await;
                (Request::Delete, removed.map(Answer::Removed))
            }
            (5..7, Some(known)) => {
                let expected = known.map(|(_, revision)| revision);
                let swap = kv.atomic_put(path, value.to_string(), expected, None);
                let swapped = match run.call(swap).await {
                    Err(e) if e.kind == ErrorKind::Conflict => Ok(Answer::Swapped(false)),
                    swapped => swapped.map(|_| Answer::Swapped(true)),
                };
                (Request::Swap(known.map(|(value, _)| value), value), swapped)
            }
            _ => {
                let written = run.call(kv.put(path, value.to_string(), None)).await;
                (Request::Put(value), written.map(|_| Answer::Written))
            }
        };
        if let Some(answer) = told(request, answer) {
            let operation = Operation {
                request,
                answer,
                start,
                end: run.now(),
            };
            let mut histories = shared.histories.lock().unwrap();
            histories.entry(name).or_default().push(operation);
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

fn number(entry: &Entry) -> u64 {
    std::str::from_utf8(&entry.value).unwrap().parse().unwrap()
}

/// `None`: the call has no effect, and tells nothing.
fn told(request: Request, answer: Result<Answer, Error>) -> Option<Answer> {
    match answer {
        Ok(answer) => Some(answer),
        Err(_) if request == Request::Get => None,
        Err(e) => match (e.applied, request) {
            (Applied::No, _) => None,
            (Applied::Yes, Request::Put(_)) => Some(Answer::Written),
            (Applied::Yes, Request::Swap(..)) => Some(Answer::Swapped(true)),
            (Applied::Yes | Applied::Maybe, _) => Some(Answer::Unknown),
        },
    }
}
