"""What every gRPC client may ask of a server, and that no call was left out."""

import threading

import grpc
from carml.kv.v1 import kv_pb2 as kv
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2 as health
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from served import DEADLINE, Case

SERVICE = kv.DESCRIPTOR.services_by_name["KeyValue"]
SERVING = health.HealthCheckResponse.SERVING
NOT_SERVING = health.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health.HealthCheckResponse.SERVICE_UNKNOWN


class Health(Case):
    def setUp(self):
        super().setUp()
        channel = grpc.insecure_channel(self.server.address)
        self.addCleanup(channel.close)
        self.health = HealthStub(channel)

    def request(self, service):
        return health.HealthCheckRequest(service=service)

    def test_check(self):
        for service in ["", SERVICE.full_name]:
            answer = self.health.Check(self.request(service), timeout=DEADLINE)
            self.assertEqual(answer.status, SERVING)
        with self.assertRaises(grpc.RpcError) as caught:
            self.health.Check(self.request("nobody"), timeout=DEADLINE)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_watch_of_an_unknown_service_stays_open(self):
        watch = self.health.Watch(self.request("nobody"), timeout=DEADLINE)
        self.assertEqual(next(watch).status, SERVICE_UNKNOWN)
        ended = threading.Event()
        watch.add_callback(ended.set)
        self.assertFalse(ended.wait(0.3))
        watch.cancel()

    def test_watch_sees_the_drain(self):
        watch = self.health.Watch(self.request(SERVICE.full_name), timeout=DEADLINE)
        self.assertEqual(next(watch).status, SERVING)
        self.assertEqual(self.server.terminate(), 0)
        self.assertEqual(next(watch).status, NOT_SERVING)


class Reflection(Case):
    def test_a_client_without_the_proto_learns_the_service(self):
        channel = grpc.insecure_channel(self.server.address)
        self.addCleanup(channel.close)
        database = ProtoReflectionDescriptorDatabase(channel)
        self.assertIn(SERVICE.full_name, database.get_services())
        service = DescriptorPool(database).FindServiceByName(SERVICE.full_name)
        learnt = {method.name: method.server_streaming for method in service.methods}
        self.assertEqual(learnt, {method.name: method.server_streaming for method in SERVICE.methods})


class ZLast(Case):
    """Runs after the other modules and classes, as unittest takes them by name."""

    def test_every_call_of_the_proto_was_made(self):
        self.assertEqual(Case.called, {method.name for method in SERVICE.methods})
