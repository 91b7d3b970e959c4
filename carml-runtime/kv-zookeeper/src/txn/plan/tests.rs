//! Plans of transactions.

use carml_kv::Revision;
use zookeeper_client::Stat;

use super::*;

const OWNER: i64 = 7;

fn namespace() -> Namespace {
    Namespace::new("ns").unwrap()
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

/// Nodes below the bucket: a path, its value, its number of children and the session that owns it.
fn state(nodes: &[(&str, Option<&'static str>, i32, i64)]) -> State {
    let mut state = State {
        guards: (0..16).map(|shard| (shard, 0)).collect(),
        ..State::default()
    };
    for (path, value, num_children, ephemeral_owner) in nodes {
        let stat = Stat {
            czxid: 1,
            mzxid: 5,
            pzxid: 1,
            ctime: 0,
            mtime: 0,
            version: 3,
            cversion: 0,
            aversion: 0,
            ephemeral_owner: *ephemeral_owner,
            data_length: 0,
            num_children: *num_children,
        };
        let node = Node::new(value.map_or(DIRECTORY, str::as_bytes), stat);
        state.nodes.insert(format!("/ns{path}"), Some(node));
    }
    state
}

/// The operations on the nodes of keys, in their order.
fn steps(txn: &Txn, state: &State) -> Vec<String> {
    let plan = plan("transaction", &namespace(), txn, state, Some(OWNER)).unwrap();
    let shown = plan
        .steps
        .iter()
        .filter(|step| !path_of(step).contains("/~/"));
    shown
        .map(|step| match step {
            Step::Check(path, _) => format!("check {path}"),
            Step::Create {
                path, ephemeral, ..
            } => format!("create {path} {ephemeral}"),
            Step::Set(path, data, _) if *data == DIRECTORY => format!("empty {path}"),
            Step::Set(path, ..) => format!("set {path}"),
            Step::Delete(path, _) => format!("delete {path}"),
            Step::Held { place, .. } => format!("held {place}"),
        })
        .collect()
}

#[test]
fn directories_are_made_with_their_first_key_and_go_with_their_last() {
    let empty = state(&[("", None, 1, 0)]);
    let put = Txn::new().put(key("a/b/c"), "v").put(key("a"), "v");
    assert_eq!(
        steps(&put, &empty),
        [
            "create /ns/a false",
            "create /ns/a/b false",
            "create /ns/a/b/c false"
        ]
    );
    let one = state(&[
        ("", None, 2, 0),
        ("/a", None, 1, 0),
        ("/a/b", None, 1, 0),
        ("/a/b/c", Some("v"), 0, 0),
    ]);
    let delete = Txn::new().delete(key("a/b/c"));
    assert_eq!(
        steps(&delete, &one),
        ["delete /ns/a/b/c", "delete /ns/a/b", "delete /ns/a"]
    );
    let other = delete.put(key("a/d"), "v");
    assert_eq!(
        steps(&other, &one),
        ["delete /ns/a/b/c", "delete /ns/a/b", "create /ns/a/d false"]
    );
}

#[test]
fn a_key_with_keys_below_it_stays_as_a_directory() {
    let state = state(&[("", None, 2, 0), ("/a", Some("v"), 2, 0)]);
    let delete = Txn::new().delete(key("a"));
    assert_eq!(steps(&delete, &state), ["empty /ns/a"]);
}

#[test]
fn a_key_moves_between_leases_as_a_new_node() {
    let mut state = state(&[
        ("", None, 3, 0),
        ("/own", Some("v"), 0, OWNER),
        ("/free", Some("v"), 0, 0),
        ("/parent", Some("v"), 1, 0),
    ]);
    state.leases.insert(OWNER);
    let leased = |name: &str| {
        Txn::new().put_leased(key(name), "v", carml_kv::LeaseId(OWNER.cast_unsigned()))
    };
    assert_eq!(steps(&leased("own"), &state), ["set /ns/own"]);
    let moved = ["delete /ns/free", "create /ns/free true"];
    assert_eq!(steps(&leased("free"), &state), moved);
    let freed = ["delete /ns/own", "create /ns/own false"];
    assert_eq!(steps(&Txn::new().put(key("own"), "v"), &state), freed);
    let namespace = namespace();
    let refused = plan("put", &namespace, &leased("parent"), &state, Some(OWNER));
    assert_eq!(refused.unwrap_err().kind, ErrorKind::InvalidArgument);
    // The request fails if the lease has ended in the meantime.
    let plan = plan("put", &namespace, &leased("own"), &state, Some(OWNER)).unwrap();
    let lease = Step::Check(namespace.lease(OWNER), None);
    assert!(plan.steps.contains(&lease), "{:?}", plan.steps);
}

#[test]
fn what_a_condition_has_read_is_checked_by_the_request() {
    let namespace = namespace();
    let state = state(&[("", None, 1, 0), ("/a", Some("v"), 0, 0)]);
    let txn = Txn::new()
        .expect(key("a"), Some(Revision(5)))
        .expect(key("gone/k"), None)
        .put(key("b"), "v");
    let expected = [
        "check /ns/a",
        "create /ns/gone false",
        "delete /ns/gone",
        "create /ns/b false",
    ];
    assert_eq!(steps(&txn, &state), expected);
    let plan = plan("transaction", &namespace, &txn, &state, None).unwrap();
    let guard = namespace.guard(namespace.shard("/ns/a"));
    assert!(plan.steps.contains(&Step::Check(guard, Some(0))));
    let wrong = Txn::new().expect(key("a"), Some(Revision(4)));
    let refused = super::plan("transaction", &namespace, &wrong, &state, None);
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Conflict);
}
