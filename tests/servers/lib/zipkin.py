"""Zipkin with its store in memory."""

import os
import urllib.request

from process import Cluster as Base
from process import Node, StartError, free_ports

STORE = os.environ.get("CARML_SERVERS", "/var/cache/carml-test-servers")
JAR = os.path.join(STORE, "zipkin/zipkin.jar")
JVM = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


class Cluster(Base):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        if not os.path.exists(JAR):
            raise StartError("Zipkin is not installed: run tests/servers/install zipkin")
        (port,) = free_ports(1)
        # `QUERY_PORT` alone would listen on every address.
        command = [
            "env", "STORAGE_TYPE=mem", "SELF_TRACING_ENABLED=false", "java", *JVM, "-jar", JAR,
            "--armeria.ports[0].address=127.0.0.1", f"--armeria.ports[0].port={port}",
            "--armeria.ports[0].protocols[0]=http",
        ]  # fmt: skip
        self.nodes.append(Node("zipkin", command, folder, healthy(port), seconds=60))
        self.endpoints.append(f"127.0.0.1:{port}")


def healthy(port):
    def ask():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    return ask
