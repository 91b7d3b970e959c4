"""Consul: one server or three, TLS, ACLs."""

import json
import os
import ssl
import urllib.error
import urllib.request

from process import Cluster as Base
from process import Node, StartError, free_ports, wait_until

STORE = os.environ.get("CARML_SERVERS", "/var/cache/carml-test-servers")
PROGRAM = os.path.join(STORE, "consul/usr/bin/consul")
MANAGEMENT = "00000000-0000-4000-8000-000000000001"
# What a service needs below `app/`, and nothing else.
RULES = """
key_prefix "app/" { policy = "write" }
service_prefix "" { policy = "write" }
session_prefix "" { policy = "write" }
agent_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
"""


class Cluster(Base):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        if not os.path.exists(PROGRAM):
            raise StartError("Consul is not installed: run tests/servers/install consul")
        self.token = None
        ports = free_ports(3 * options.nodes)
        serf = [ports[3 * index + 2] for index in range(options.nodes)]
        for index in range(options.nodes):
            http, server, _ = ports[3 * index : 3 * index + 3]
            file = os.path.join(folder, f"n{index}.json")
            with open(file, "w") as out:
                json.dump(self.config(index, http, server, serf), out)
            command = [PROGRAM, "agent", "-config-file", file]
            self.nodes.append(Node(f"consul-{index}", command, folder, self.has_leader(http)))
            self.endpoints.append(f"127.0.0.1:{http}")

    def config(self, index, http, server, serf):
        config = {
            "server": True,
            "bootstrap_expect": self.options.nodes,
            "node_name": f"n{index}",
            "data_dir": os.path.join(self.folder, f"n{index}"),
            "bind_addr": "127.0.0.1",
            "client_addr": "127.0.0.1",
            "ports": {
                "http": -1 if self.options.tls else http,
                "https": http if self.options.tls else -1,
                "server": server,
                "serf_lan": serf[index],
                "dns": -1,
                "serf_wan": -1,
                "grpc": -1,
            },
            "disable_update_check": True,
            "session_ttl_min": "1s",
            "performance": {"raft_multiplier": 1},
            "leave_on_terminate": False,
            "retry_interval": "1s",
            "retry_join": [f"127.0.0.1:{port}" for port in serf] if len(serf) > 1 else [],
        }
        if self.options.tls:
            pki = self.options.pki
            config.update(ca_file=pki["ca_pem"], cert_file=pki["server_pem"])
            config.update(key_file=pki["server_key"])
            config.update(verify_incoming_https=self.options.mutual_tls)
        if self.options.auth:
            config["acl"] = {
                "enabled": True,
                "default_policy": "deny",
                "tokens": {"master": MANAGEMENT},
            }
        return config

    def start(self):
        super().start()
        if self.options.auth:
            self.create_token()

    def create_token(self):
        """ACLs answer a moment later than the leader."""
        port = self.endpoints[0].rpartition(":")[2]

        def ready():
            return self.request(port, "GET", "/v1/acl/tokens") is not None

        wait_until(ready, 30, lambda: "Consul's ACLs did not come up")
        self.request(port, "PUT", "/v1/acl/policy", {"Name": "app", "Rules": RULES})
        token = self.request(port, "PUT", "/v1/acl/token", {"Policies": [{"Name": "app"}]})
        if not token:
            raise StartError("Consul made no token")
        self.token = token["SecretID"]

    def request(self, port, method, path, body=None):
        """The answer, or None if there is none or it is an error."""
        scheme = "https" if self.options.tls else "http"
        request = urllib.request.Request(
            f"{scheme}://127.0.0.1:{port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Consul-Token": MANAGEMENT} if self.options.auth else {},
        )
        context = None
        if self.options.tls:
            pki = self.options.pki
            context = ssl.create_default_context(cafile=pki["ca_pem"])
            context.load_cert_chain(pki["client_pem"], pki["client_key"])
        try:
            with urllib.request.urlopen(request, timeout=1, context=context) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None

    def has_leader(self, port):
        return lambda: bool(self.request(port, "GET", "/v1/status/leader"))

    def describe(self):
        about = super().describe()
        if self.options.auth:
            about["management_token"] = MANAGEMENT
            about["token"] = self.token
            about["user"] = {"prefix": "app/"}
        return about
