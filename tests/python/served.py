"""A served store, and a client that notes which calls were made."""

import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

import grpc
from carml.kv.v1 import kv_pb2, kv_pb2_grpc
from grpc_status import rpc_status
from google.rpc import error_details_pb2

DEADLINE = 10


class Server:
    """`carml kv serve` on a file of its own, on a free port."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        log = os.path.join(self.folder.name, "log")
        file = os.path.join(self.folder.name, "kv.redb")
        # A file, not a pipe: nobody reads the log while it is written.
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [os.environ["CARML"], "kv", "serve", "--file", file, "--listen", "127.0.0.1:0"],
                stdout=out,
                stderr=out,
            )
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end and self.process.poll() is None:
            with open(log, encoding="utf-8") as text:
                said = re.search(r"is served on (\S+)\n", text.read())
            if said:
                self.address = said.group(1)
                return
            time.sleep(0.02)
        with open(log, encoding="utf-8") as text:
            said = text.read()
        raise RuntimeError(f"the server did not start, exit code {self.process.poll()}: {said}")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=DEADLINE)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


class Noting(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Notes the name of each call."""

    def __init__(self, called):
        self.called = called

    def intercept_unary_unary(self, proceed, details, request):
        self.called.add(details.method.rsplit("/")[-1])
        return proceed(details, request)

    intercept_unary_stream = intercept_unary_unary


class Case(unittest.TestCase):
    """A test with a server of its own."""

    called = set()

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.kv = self.client()

    def client(self):
        channel = grpc.insecure_channel(self.server.address)
        self.addCleanup(channel.close)
        return kv_pb2_grpc.KeyValueStub(grpc.intercept_channel(channel, Noting(Case.called)))

    def put(self, key, value=b"", **rest):
        return self.kv.Put(kv_pb2.PutRequest(key=key, value=value, **rest), timeout=DEADLINE).revision

    def get(self, key):
        response = self.kv.Get(kv_pb2.GetRequest(key=key), timeout=DEADLINE)
        return response.entry.value if response.HasField("entry") else None

    def refused(self, code, reason, call, *arguments, **rest):
        """The call must fail so, and say why in a form that programs read."""
        with self.assertRaises(grpc.RpcError) as caught:
            answer = call(*arguments, timeout=DEADLINE, **rest)
            next(iter(answer))
        self.assertEqual(caught.exception.code(), code, caught.exception)
        info = error_details_pb2.ErrorInfo()
        details = rpc_status.from_call(caught.exception).details
        self.assertTrue(any(detail.Unpack(info) for detail in details))
        self.assertEqual((info.domain, info.reason), ("kv.carml", reason))
        return info
