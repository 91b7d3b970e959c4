//! Calls of CarML and of a raw client in turns, so that both meet the same load. Both have a deadline: a
//! call without one waits for ever for a server that is silent.

use std::time::Instant;

use tokio::time::timeout;

use carml_bench_kv::{Times, report};
use carml_runtime::kv::{Key, Kv};

use crate::{TIMEOUT, raw::Raw};

const KEYS: usize = 200;
const GETS: usize = 5_000;
const PUTS: usize = 2_000;
const VALUE: [u8; 100] = [7; 100];

fn name(i: usize) -> String {
    format!("keys/{:03}", i.wrapping_mul(7919) % KEYS)
}

/// Prints what `get` and `put` of an existing key take.
pub(crate) async fn compare(provider: &str, raw: &impl Raw, kv: &Kv) {
    for i in 0..KEYS {
        let key = Key::parse(&name(i)).unwrap();
        kv.put(key, &VALUE[..], None).await.unwrap();
    }
    let get = async |i: usize, of: &mut Sides| {
        let key = Key::parse(&name(i)).unwrap();
        let native = format!("bench/{key}");
        for ours in of.turn(i) {
            let start = Instant::now();
            let found = match ours {
                true => kv.get(&key).await.unwrap().unwrap().value.len(),
                false => timeout(TIMEOUT, raw.get(&native)).await.unwrap(),
            };
            of.add(ours, start);
            assert_eq!(found, VALUE.len());
        }
    };
    let put = async |i: usize, of: &mut Sides| {
        let key = Key::parse(&name(i)).unwrap();
        let native = format!("bench/{key}");
        for ours in of.turn(i) {
            let mut value = VALUE;
            value[..8].copy_from_slice(&(2 * i + usize::from(ours)).to_be_bytes());
            let (key, start) = (key.clone(), Instant::now());
            match ours {
                true => drop(kv.put(key, value.to_vec(), None).await.unwrap()),
                false => timeout(TIMEOUT, raw.put(&native, value.to_vec()))
                    .await
                    .unwrap(),
            }
            of.add(ours, start);
        }
    };
    let mut gets = Sides::default();
    for i in 0..GETS {
        get(i, &mut gets).await;
    }
    gets.report(&format!("{provider} get"));
    let mut puts = Sides::default();
    for i in 0..PUTS {
        put(i, &mut puts).await;
    }
    puts.report(&format!("{provider} put"));
}

#[derive(Default)]
struct Sides {
    raw: Times,
    ours: Times,
}

impl Sides {
    /// Whether CarML is called, first and second.
    fn turn(&self, i: usize) -> [bool; 2] {
        [i.is_multiple_of(2), !i.is_multiple_of(2)]
    }

    fn add(&mut self, ours: bool, start: Instant) {
        match ours {
            true => self.ours.add(start),
            false => self.raw.add(start),
        }
    }

    fn report(mut self, what: &str) {
        report(what, &mut self.raw, &mut self.ours);
    }
}
