//! A fake session: notices and answers reach a follower in every order that the servers and the tasks
//! of the client allow.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use carml_kv::{SnapshotReason, WatchStart};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::*;

/// What a write does to keys of the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Put(&'static str),
    Delete(&'static str),
}

/// One write; those of other programs, and ends of sessions, do not change the clock.
#[derive(Clone, Debug)]
struct Write {
    changes: Vec<Change>,
    clock: bool,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    mzxid: i64,
    pzxid: i64,
    is_directory: bool,
}

const ROOT: &str = "";

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(ROOT, |(parent, _)| parent)
}

fn key(path: &str) -> Key {
    path.parse().unwrap()
}

#[derive(Debug)]
struct Server {
    zxid: i64,
    clock: i64,
    nodes: BTreeMap<String, Node>,
    /// When each key was changed.
    changed: BTreeMap<&'static str, i64>,
}

impl Server {
    fn new() -> Server {
        let root = Node {
            mzxid: 1,
            pzxid: 1,
            is_directory: true,
        };
        Server {
            zxid: 1,
            clock: 1,
            nodes: BTreeMap::from([(ROOT.to_owned(), root)]),
            changed: BTreeMap::new(),
        }
    }

    /// The nodes that the servers notify of.
    fn write(&mut self, write: &Write) -> Vec<String> {
        self.zxid += 1;
        if write.clock {
            self.clock = self.zxid;
        }
        let mut notices = Vec::new();
        for change in &write.changes {
            match change {
                Change::Put(path) => self.put(path, &mut notices),
                Change::Delete(path) => self.delete(path, &mut notices),
            }
        }
        notices
    }

    fn put(&mut self, path: &'static str, notices: &mut Vec<String>) {
        self.changed.insert(path, self.zxid);
        for (path, is_directory) in [(parent(path), true), (path, false)] {
            if let Some(node) = self.nodes.get_mut(path) {
                if !is_directory {
                    node.mzxid = self.zxid;
                    notices.push(path.to_owned());
                }
                continue;
            }
            let node = Node {
                mzxid: self.zxid,
                pzxid: self.zxid,
                is_directory,
            };
            self.nodes.insert(path.to_owned(), node);
            self.nodes.get_mut(parent(path)).unwrap().pzxid = self.zxid;
            notices.push(path.to_owned());
        }
    }

    fn delete(&mut self, path: &'static str, notices: &mut Vec<String>) {
        if self.nodes.remove(path).is_none() {
            return;
        }
        self.changed.insert(path, self.zxid);
        notices.push(path.to_owned());
        let above = parent(path);
        self.nodes.get_mut(above).unwrap().pzxid = self.zxid;
        let is_empty = !self
            .nodes
            .keys()
            .any(|one| one.starts_with(&format!("{above}/")));
        if above != ROOT && is_empty {
            self.nodes.remove(above);
            notices.push(above.to_owned());
            self.nodes.get_mut(parent(above)).unwrap().pzxid = self.zxid;
        }
    }

    fn removed_at(&self, path: &str) -> i64 {
        let above = std::iter::successors(Some(parent(path)), |path| Some(parent(path)));
        let mut above = above.filter_map(|path| self.nodes.get(path));
        above.next().unwrap().pzxid
    }

    fn entries(&self) -> State {
        let nodes = self.nodes.iter().filter(|(_, node)| !node.is_directory);
        nodes
            .map(|(path, node)| (key(path), revision(node.mzxid)))
            .collect()
    }
}

type State = BTreeMap<Key, Revision>;

#[derive(Clone, Debug)]
enum Request {
    Clock,
    Children(String),
    Node(String),
    RemovedAt(String),
}

#[derive(Clone, Debug)]
enum Answer {
    Clock(i64),
    Children(Vec<String>),
    Node(String, Option<Node>),
    RemovedAt(i64),
}

/// What the follower does with the answers to its last requests.
#[derive(Clone, Debug)]
enum Step {
    ViewBegins,
    ViewLists,
    ViewReads,
    RoundReads,
    RoundReadsAgain,
    Waits,
}

/// A client with one watch, its consumer, and the server.
struct Session<'a> {
    choose: &'a mut dyn FnMut(usize) -> usize,
    server: Server,
    /// Sent, and not executed yet.
    requests: VecDeque<Request>,
    /// Received, in the channel of the watch.
    channel: Vec<String>,
    /// Passed on by the hub.
    news: BTreeSet<String>,
    answers: Vec<Answer>,
    expected: usize,
    step: Step,
    from: WatchStart,
    view: View,
    read: Vec<Found>,
    ledger: Ledger,
    /// What the consumer has got.
    state: State,
    last: Revision,
    puts: BTreeSet<(Key, Revision)>,
}

impl Session<'_> {
    fn run(writes: &[Write], choose: &mut dyn FnMut(usize) -> usize) {
        let mut session = Session {
            choose,
            server: Server::new(),
            requests: VecDeque::new(),
            channel: Vec::new(),
            news: BTreeSet::new(),
            answers: Vec::new(),
            expected: 0,
            step: Step::Waits,
            from: WatchStart::Now,
            view: View::default(),
            read: Vec::new(),
            ledger: Ledger::default(),
            state: State::new(),
            last: Revision(0),
            puts: BTreeSet::new(),
        };
        session.starts(WatchStart::Now);
        let mut writes = writes.iter();
        loop {
            // Whatever can happen next.
            let waits = matches!(session.step, Step::Waits);
            let answered = !waits && session.answers.len() == session.expected;
            let can = [
                writes.len() > 0,
                !session.requests.is_empty(),
                !session.channel.is_empty(),
                answered || waits && !session.news.is_empty(),
            ];
            let can: Vec<usize> = (0..can.len()).filter(|i| can[*i]).collect();
            if can.is_empty() {
                break;
            }
            match can[(session.choose)(can.len())] {
                0 => {
                    let notices = session.server.write(writes.next().unwrap());
                    session.channel.extend(notices);
                }
                1 => session.executes(),
                2 => session.catches_up(),
                _ => session.follows(),
            }
        }
        assert_eq!(session.state, session.server.entries(), "the last state");
    }

    fn starts(&mut self, from: WatchStart) {
        (self.from, self.ledger) = (from, Ledger::default());
        self.news.clear();
        self.sends(Step::ViewBegins, vec![Request::Clock]);
    }

    fn sends(&mut self, step: Step, requests: Vec<Request>) {
        (self.step, self.expected) = (step, requests.len());
        self.requests.extend(requests);
    }

    fn executes(&mut self) {
        let answer = match self.requests.pop_front().unwrap() {
            Request::Clock => Answer::Clock(self.server.clock),
            Request::Children(path) => {
                let nodes = self.server.nodes.keys();
                let below = nodes.filter(|one| *one != ROOT && parent(one) == path);
                Answer::Children(below.cloned().collect())
            }
            Request::Node(path) => {
                let node = self.server.nodes.get(&path).copied();
                Answer::Node(path, node)
            }
            Request::RemovedAt(path) => Answer::RemovedAt(self.server.removed_at(&path)),
        };
        self.answers.push(answer);
    }

    /// As `Hub::catch_up`: by the task of the hub, or by a reader.
    fn catches_up(&mut self) {
        self.news.extend(self.channel.drain(..));
    }

    /// As `Follower` and `View::read`.
    fn follows(&mut self) {
        let answers = std::mem::take(&mut self.answers);
        match std::mem::replace(&mut self.step, Step::Waits) {
            Step::ViewBegins => {
                let [Answer::Clock(clock)] = answers[..] else {
                    panic!("{answers:?}");
                };
                self.view = View {
                    clock,
                    ..View::default()
                };
                self.sends(Step::ViewReads, vec![Request::Node(ROOT.to_owned())]);
            }
            Step::ViewReads => self.views(answers),
            Step::ViewLists => {
                let lists = answers.into_iter().flat_map(|answer| match answer {
                    Answer::Children(paths) => paths,
                    other => panic!("{other:?}"),
                });
                let nodes = lists.map(Request::Node).collect();
                self.sends(Step::ViewReads, nodes);
                if self.expected == 0 {
                    self.views(vec![]);
                }
            }
            Step::Waits => {
                self.ledger.begin();
                let news = std::mem::take(&mut self.news);
                let nodes = news.into_iter().map(Request::Node).collect();
                self.sends(Step::RoundReads, nodes);
            }
            Step::RoundReads => {
                let mut missing = Vec::new();
                for answer in answers {
                    match answer {
                        Answer::Node(path, Some(node)) => self.found(&path, Some(node), node.mzxid),
                        Answer::Node(path, None) => {
                            missing.push(Request::RemovedAt(path.clone()));
                            missing.push(Request::Node(path));
                        }
                        other => panic!("{other:?}"),
                    }
                }
                match missing.is_empty() {
                    true => self.round_ends(),
                    false => self.sends(Step::RoundReadsAgain, missing),
                }
            }
            Step::RoundReadsAgain => {
                for pair in answers.chunks(2) {
                    let [Answer::RemovedAt(removed), Answer::Node(path, node)] = pair else {
                        panic!("{pair:?}");
                    };
                    self.found(path, *node, node.map_or(*removed, |node| node.mzxid));
                }
                self.round_ends();
            }
        }
    }

    fn views(&mut self, answers: Vec<Answer>) {
        let mut parents = Vec::new();
        for answer in answers {
            let Answer::Node(path, Some(node)) = answer else {
                continue;
            };
            self.view.latest = self.view.latest.max(node.mzxid).max(node.pzxid);
            match node.is_directory {
                true => parents.push(Request::Children(path)),
                false => {
                    let entry = entry(&path, node);
                    self.view.entries.insert(entry.key.clone(), entry);
                }
            }
        }
        if !parents.is_empty() {
            self.sends(Step::ViewLists, parents);
            return;
        }
        self.step = Step::Waits;
        self.catches_up();
        self.view.quiet = self.news.is_empty();
        let reason = self.view.reason(self.from);
        let floor = super::super::known_until(self.from, reason);
        let revision = self.ledger.knows(&self.view, floor);
        if reason == Some(SnapshotReason::IndexReset) {
            // What had the last revision may have been removed while it was read.
            assert!(!self.view.quiet, "a revision that was delivered is known");
            self.last = Revision(0);
        }
        assert!(revision >= self.last, "a snapshot is older than a batch");
        let entries = self.view.entries.values();
        let entries: State = entries.map(|e| (e.key.clone(), e.revision)).collect();
        match reason {
            Some(_) => self.state = entries,
            None => assert_eq!(self.state, entries, "a change was lost by a resume"),
        }
        self.delivered(revision);
    }

    fn found(&mut self, path: &str, node: Option<Node>, zxid: i64) {
        let node = node.filter(|node| !node.is_directory);
        self.read.push(Found {
            key: key(path),
            entry: node.map(|node| entry(path, node)),
            zxid,
        });
    }

    fn round_ends(&mut self) {
        self.step = Step::Waits;
        self.catches_up();
        for found in std::mem::take(&mut self.read) {
            self.ledger.read(found);
        }
        let batches = self.ledger.end(self.news.is_empty());
        for batch in batches {
            let Batch::Events { revision, events } = batch else {
                panic!("{batch:?}");
            };
            assert!(revision > self.last, "{revision:?} after {:?}", self.last);
            for event in events {
                match event {
                    Event::Put(entry) => {
                        assert_eq!(entry.revision, revision);
                        let before = self.state.insert(entry.key.clone(), revision);
                        assert!(before < Some(revision), "an older value");
                        assert!(
                            self.puts.insert((entry.key, revision)),
                            "a change came twice"
                        );
                    }
                    Event::Delete { key, .. } => {
                        assert!(self.state.remove(&key).is_some(), "a removal came twice");
                    }
                }
            }
            self.delivered(revision);
            // The consumer may leave after each batch, and come back.
            if (self.choose)(4) == 3 {
                self.requests.clear();
                self.answers.clear();
                return self.starts(WatchStart::Revision(revision));
            }
        }
    }

    /// All changes up to a revision have been delivered, except those that later ones replaced.
    fn delivered(&mut self, at: Revision) {
        self.last = at;
        let entries = self.server.entries();
        for (path, changed) in &self.server.changed {
            let removal = match self.server.nodes.get(*path) {
                Some(node) if !node.is_directory => *changed,
                _ => self.server.removed_at(path),
            };
            if revision(removal) <= at {
                let (got, is) = (self.state.get(&key(path)), entries.get(&key(path)));
                assert_eq!(got, is, "{path} was changed before {at:?}");
            }
        }
    }
}

fn entry(path: &str, node: Node) -> Entry {
    Entry {
        key: key(path),
        value: bytes::Bytes::new(),
        revision: revision(node.mzxid),
        lease: None,
    }
}

fn write(changes: &[Change], clock: bool) -> Write {
    Write {
        changes: changes.to_vec(),
        clock,
    }
}

/// Runs every sequence of choices; the result is how many there are.
fn every_order(writes: &[Write]) -> usize {
    let (mut taken, mut runs) = (Vec::<(usize, usize)>::new(), 0);
    loop {
        let mut next = 0;
        Session::run(writes, &mut |of| {
            if next == taken.len() {
                taken.push((0, of));
            }
            next += 1;
            taken[next - 1].0
        });
        runs += 1;
        while taken.pop_if(|(choice, of)| *choice + 1 == *of).is_some() {}
        match taken.last_mut() {
            Some((choice, _)) => *choice += 1,
            None => return runs,
        }
    }
}

#[test]
fn each_change_comes_once_and_in_order_however_few_writes_are_interleaved() {
    use Change::{Delete, Put};
    let runs = [
        [write(&[Put("a")], true), write(&[Put("b")], true)],
        [write(&[Put("a")], true), write(&[Put("a")], false)],
        [write(&[Put("a")], false), write(&[Delete("a")], false)],
        [
            write(&[Put("d/x")], true),
            write(&[Delete("d/x"), Put("a")], true),
        ],
    ]
    .iter()
    .map(|writes| every_order(writes))
    .sum::<usize>();
    assert!(runs > 10_000, "{runs}");
}

#[test]
fn each_change_comes_once_and_in_order_however_many_writes_are_interleaved() {
    for seed in 0..20_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let writes = (0..random.random_range(3..12)).map(|_| {
            let changes = (0..random.random_range(1..3)).map(|_| {
                let path = ["a", "b", "d/x", "d/y"][random.random_range(0..4)];
                match random.random_bool(0.6) {
                    true => Change::Put(path),
                    false => Change::Delete(path),
                }
            });
            let mut changes: Vec<Change> = changes.collect();
            changes.dedup_by_key(|change| match change {
                Change::Put(path) | Change::Delete(path) => *path,
            });
            write(&changes, random.random_bool(0.7))
        });
        let writes: Vec<Write> = writes.collect();
        // Some steps are rare in some runs, so that a slow hub, a slow server and a slow follower are
        // all met.
        let skew: f64 = random.random_range(0.0..1.0);
        let run = std::panic::AssertUnwindSafe(|| {
            Session::run(&writes, &mut |of| match random.random_bool(skew) {
                true => of - 1,
                false => random.random_range(0..of),
            });
        });
        if let Err(why) = std::panic::catch_unwind(run) {
            eprintln!("seed {seed}: {writes:?}");
            std::panic::resume_unwind(why);
        }
    }
}
