"""Watches and locks."""

import threading

import grpc
from carml.kv.v1 import kv_pb2 as kv

from served import DEADLINE, Case


def events(watch):
    """The next batch of events."""
    for batch in watch:
        if batch.WhichOneof("batch") == "events":
            return batch.events


class Watches(Case):
    def test_a_missing_key_is_watched_until_it_comes_and_goes(self):
        watch = self.kv.Watch(kv.WatchRequest(key="k"), timeout=DEADLINE)
        first = next(watch).snapshot
        self.assertEqual((list(first.entries), first.reason), ([], kv.SNAPSHOT_REASON_START))
        revision = self.put("k", b"v")
        self.put("other", b"")
        put = events(watch)
        self.assertEqual((put.revision, put.events[0].put.value), (revision, b"v"))
        self.kv.Delete(kv.DeleteRequest(key="k"))
        self.assertEqual(events(watch).events[0].deleted.cause, kv.DELETE_CAUSE_EXPLICIT)
        watch.cancel()

    def test_a_tree_is_watched_and_a_removal_of_all_is_one_batch(self):
        for key in ["t/1", "t/2", "tree"]:
            self.put(key)
        watch = self.kv.WatchTree(kv.WatchTreeRequest(directory="t"), timeout=DEADLINE)
        snapshot = next(watch).snapshot
        self.assertEqual([entry.key for entry in snapshot.entries], ["t/1", "t/2"])
        self.kv.DeleteTree(kv.DeleteTreeRequest(directory="t"))
        gone = events(watch)
        self.assertEqual(sorted(event.deleted.key for event in gone.events), ["t/1", "t/2"])
        watch.cancel()

    def test_a_watch_goes_on_where_another_one_ended(self):
        revisions = [self.put("k", str(n).encode()) for n in range(5)]
        resumed = self.kv.Watch(kv.WatchRequest(key="k", after_revision=revisions[1]), timeout=DEADLINE)
        self.assertEqual([events(resumed).revision for _ in range(3)], revisions[2:])
        resumed.cancel()

    def test_a_large_snapshot_arrives_whole(self):
        for n in range(12):
            self.put(f"big/{n:02}", bytes([n]) * 512 * 1024)
        watch = self.kv.WatchTree(kv.WatchTreeRequest(directory="big"), timeout=DEADLINE)
        entries = []
        for batch in watch:
            entries += batch.snapshot.entries
            if not batch.snapshot.partial:
                break
        self.assertEqual([entry.value[0] for entry in entries], list(range(12)))
        watch.cancel()


class Locks(Case):
    def lock(self, **rest):
        return self.kv.Lock(kv.LockRequest(key="jobs", **rest), timeout=DEADLINE)

    def test_one_holds_and_the_next_waits_its_turn(self):
        first = self.lock()
        token = next(first).held.fencing_token
        waiting, answered = self.lock(), threading.Event()
        answers = []

        def wait():
            answers.append(next(waiting))
            answered.set()

        waiter = threading.Thread(target=wait)
        waiter.start()
        self.assertFalse(answered.wait(0.3), "two hold the lock")
        self.refused(
            grpc.StatusCode.ABORTED, "BUSY", self.kv.Lock, kv.LockRequest(key="jobs", wait_millis=0)
        )
        first.cancel()
        self.assertTrue(answered.wait(DEADLINE))
        waiter.join()
        self.assertGreater(answers[0].held.fencing_token, token)
        waiting.cancel()
        self.assertIsNone(self.get("jobs"), "locking wrote the key")

    def test_a_lock_is_renewed_fences_writes_and_is_released(self):
        held = next(lock := self.lock()).held
        renewal = kv.HoldKeepAliveRequest(hold=held.hold)
        kept = self.kv.HoldKeepAlive(renewal, timeout=DEADLINE)
        self.assertGreater(kept.ttl_millis, 1_000)
        fenced = kv.CommitRequest(
            conditions=[
                kv.Condition(held=kv.HeldToken(key="jobs", fencing_token=held.fencing_token))
            ],
            operations=[kv.Operation(put=kv.PutRequest(key="k", value=b"v"))],
        )
        self.assertEqual(list(self.kv.Commit(fenced, timeout=DEADLINE).counts), [1])
        self.kv.Release(kv.ReleaseRequest(hold=held.hold), timeout=DEADLINE)
        self.assertEqual(next(lock).WhichOneof("state"), "lost")
        lost = grpc.StatusCode.FAILED_PRECONDITION
        self.refused(lost, "LOCK_LOST", self.kv.Commit, fenced)
        self.refused(lost, "LOCK_LOST", self.kv.HoldKeepAlive, renewal)
        free = self.lock(wait_millis=0)
        next(free)
        free.cancel()

    def test_a_holder_is_seen_and_its_lock_is_broken(self):
        held = next(lock := self.lock(holder="job 1")).held
        (hold,) = self.kv.ListHolds(kv.ListHoldsRequest(key="jobs"), timeout=DEADLINE).holds
        self.assertEqual((hold.holder, hold.fencing_token), ("job 1", held.fencing_token))
        broken = kv.BreakHoldRequest(key="jobs", fencing_token=held.fencing_token)
        self.kv.BreakHold(broken, timeout=DEADLINE)
        self.assertEqual(next(lock).WhichOneof("state"), "lost")

    def test_observers_see_who_leads(self):
        leaders = self.kv.Observe(kv.ObserveRequest(key="jobs"), timeout=DEADLINE)
        self.assertFalse(next(leaders).HasField("leader"))
        campaign = kv.CampaignRequest(key="jobs", value=b"10.0.0.5")
        leads = self.kv.Campaign(campaign, timeout=DEADLINE)
        token = next(leads).leads.fencing_token
        leader = next(leaders).leader
        self.assertEqual((leader.fencing_token, leader.value), (token, b"10.0.0.5"))
        self.kv.Proclaim(kv.ProclaimRequest(key="jobs", fencing_token=token, value=b"10.0.0.6"))
        self.assertEqual(next(leaders).leader.value, b"10.0.0.6")
        leads.cancel()
        self.assertFalse(next(leaders).HasField("leader"))
        leaders.cancel()

    def test_a_caller_that_is_gone_holds_nothing(self):
        for _ in range(50):
            held = self.lock()
            next(held)
            waiting = self.lock()
            waiting.cancel()
            held.cancel()
        free = self.lock()
        next(free)
        free.cancel()


class Drain(Case):
    def test_open_streams_end_with_unavailable_and_the_server_ends_at_once(self):
        watch = self.kv.Watch(kv.WatchRequest(key="k"), timeout=DEADLINE)
        next(watch)
        lock = self.kv.Lock(kv.LockRequest(key="jobs"), timeout=DEADLINE)
        next(lock)
        self.assertEqual(self.server.terminate(), 0)
        for stream in (watch, lock):
            with self.assertRaises(grpc.RpcError) as caught:
                for _ in stream:
                    pass
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
