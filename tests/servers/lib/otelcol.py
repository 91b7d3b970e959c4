"""The collector of OpenTelemetry, which takes OTLP over HTTP and writes a line of JSON per request."""

import os
import urllib.error
import urllib.request

from process import Cluster as Base
from process import Node, StartError, free_ports

STORE = os.environ.get("CARML_SERVERS", "/var/cache/carml-test-servers")
PROGRAM = os.path.join(STORE, "otelcol/otelcol")
CONFIG = """\
receivers:
  otlp:
    protocols:
      http: {{ endpoint: "127.0.0.1:{port}" }}
exporters:
  file: {{ path: "{messages}", flush_interval: 50ms }}
service:
  telemetry: {{ metrics: {{ level: none }} }}
  pipelines:
    traces: {{ receivers: [otlp], exporters: [file] }}
"""


class Cluster(Base):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        if not os.path.exists(PROGRAM):
            raise StartError("otelcol is not installed: run tests/servers/install otelcol")
        (port,) = free_ports(1)
        self.messages = os.path.join(folder, "spans.jsonl")
        config = os.path.join(folder, "config.yaml")
        with open(config, "w") as file:
            file.write(CONFIG.format(port=port, messages=self.messages))
        command = [PROGRAM, "--config", f"file:{config}"]
        self.nodes.append(Node("otelcol", command, folder, answers(port)))
        self.endpoints.append(f"127.0.0.1:{port}")

    def describe(self):
        about = super().describe()
        about.update(messages=self.messages)
        return about


def answers(port):
    def ask():
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/traces", timeout=1)
        except urllib.error.HTTPError:
            # It takes POST alone.
            return True
        except OSError:
            return False
        return True

    return ask
