"""Calls with one answer."""

import grpc
from carml.kv.v1 import kv_pb2 as kv

from served import DEADLINE, Case


class Calls(Case):
    def test_a_value_is_written_read_and_removed(self):
        revision = self.put("a/b", b"\x00binary\xff")
        entry = self.kv.Get(kv.GetRequest(key="/a/b/", consistency=kv.CONSISTENCY_STALE)).entry
        self.assertEqual((entry.key, entry.value, entry.revision), ("a/b", b"\x00binary\xff", revision))
        self.assertTrue(self.kv.Exists(kv.ExistsRequest(key="a/b")).exists)
        many = self.kv.GetMany(kv.GetManyRequest(keys=["a/b", "missing"]))
        self.assertEqual(([entry.key for entry in many.entries], many.unread_keys), (["a/b"], []))
        removed = self.kv.Delete(kv.DeleteRequest(key="a/b"))
        self.assertTrue(removed.existed)
        self.assertGreater(removed.revision, revision)
        self.assertFalse(self.kv.Delete(kv.DeleteRequest(key="a/b")).existed)
        self.assertFalse(self.kv.Exists(kv.ExistsRequest(key="a/b")).exists)
        self.assertIsNone(self.get("a/b"))

    def test_compare_and_set(self):
        first = self.kv.AtomicPut(kv.AtomicPutRequest(key="k", value=b"1")).revision
        self.refused(
            grpc.StatusCode.ABORTED, "CONFLICT", self.kv.AtomicPut, kv.AtomicPutRequest(key="k", value=b"2")
        )
        second = self.kv.AtomicPut(kv.AtomicPutRequest(key="k", value=b"2", expected_revision=first)).revision
        self.assertGreater(second, first)
        stale = kv.AtomicDeleteRequest(key="k", expected_revision=first)
        info = self.refused(grpc.StatusCode.ABORTED, "CONFLICT", self.kv.AtomicDelete, stale)
        self.assertEqual((info.metadata["key"], info.metadata["applied"]), ("k", "no"))
        self.assertEqual(info.metadata["revision"], str(second))
        self.kv.AtomicDelete(kv.AtomicDeleteRequest(key="k", expected_revision=second))
        self.assertIsNone(self.get("k"))

    def test_the_store_says_what_it_has(self):
        store = self.kv.GetCapabilities(kv.GetCapabilitiesRequest())
        self.assertEqual(store.backend, "redb")
        self.assertIn(("lock", kv.CAPABILITY_SCOPE_SERVER), [(c.call, c.scope) for c in store.capabilities])

    def test_a_directory_is_read_in_pages_and_removed_without_its_siblings(self):
        keys = [f"dir/{n:03}" for n in range(250)]
        for key in [*keys, "dir", "dirty/x"]:
            self.put(key, key.encode())
        read, token, pages = [], "", 0
        while True:
            page = self.kv.List(kv.ListRequest(directory="dir", page_size=100, page_token=token))
            self.assertLessEqual(len(page.entries), 100)
            read += page.entries
            token, pages = page.next_page_token, pages + 1
            if not token:
                break
        self.assertEqual([entry.key for entry in read], keys)
        self.assertEqual([entry.value for entry in read], [key.encode() for key in keys])
        self.assertEqual(pages, 3)
        self.assertEqual(self.kv.DeleteTree(kv.DeleteTreeRequest(directory="dir")).removed, 250)
        everything = self.kv.List(kv.ListRequest())
        self.assertEqual([entry.key for entry in everything.entries], ["dir", "dirty/x"])

    def test_large_values_come_in_pages_below_the_message_limit(self):
        largest = 512 * 1024
        for n in range(12):
            self.put(f"big/{n:02}", bytes([n]) * largest)
        read, token = [], ""
        while True:
            page = self.kv.List(kv.ListRequest(directory="big", page_token=token))
            read += page.entries
            token = page.next_page_token
            if not token:
                break
        self.assertEqual([entry.value for entry in read], [bytes([n]) * largest for n in range(12)])

    def test_what_breaks_the_rules_is_refused(self):
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        for key in ["", "a//b", "a/../b", "~/x", "a\x00"]:
            self.refused(invalid, "INVALID_KEY", self.kv.Get, kv.GetRequest(key=key))
        large = kv.PutRequest(key="k", value=bytes(512 * 1024 + 1))
        self.refused(invalid, "TOO_LARGE", self.kv.Put, large)

    def test_a_key_ends_with_its_lease(self):
        granted = self.kv.LeaseGrant(kv.LeaseGrantRequest(ttl_millis=60_000))
        self.put("kept", b"", lease=granted.lease)
        alive = self.kv.LeaseKeepAlive(kv.LeaseKeepAliveRequest(lease=granted.lease))
        self.assertEqual(alive.ttl_millis, granted.ttl_millis)
        self.kv.LeaseRevoke(kv.LeaseRevokeRequest(lease=granted.lease))
        self.assertIsNone(self.get("kept"))
        gone = grpc.StatusCode.FAILED_PRECONDITION
        again = kv.LeaseKeepAliveRequest(lease=granted.lease)
        self.refused(gone, "LEASE_LOST", self.kv.LeaseKeepAlive, again)
        self.refused(gone, "LEASE_LOST", self.kv.Put, kv.PutRequest(key="k", lease=granted.lease))

    def test_a_lease_that_nobody_renews_ends(self):
        granted = self.kv.LeaseGrant(kv.LeaseGrantRequest(ttl_millis=300))
        self.put("short", b"", lease=granted.lease)
        watch = self.kv.Watch(kv.WatchRequest(key="short"), timeout=DEADLINE)
        for batch in watch:
            if batch.events.events:
                self.assertEqual(batch.events.events[0].deleted.cause, kv.DELETE_CAUSE_EXPIRED)
                break
        self.assertIsNone(self.get("short"))
