"""etcd: one node or three, TLS, users; a current release, or Debian's."""

import json
import os
import shutil
import subprocess
import urllib.request

from process import Cluster as Base
from process import Node, StartError, free_ports

STORE = os.environ.get("CARML_SERVERS", "/var/cache/carml-test-servers")
PROGRAM = os.path.join(STORE, "etcd/etcd")
ROOT = {"username": "root", "password": "foo"}
# May read and write the keys below `app/`, and nothing else.
USER = {"username": "alice", "password": "alice-password", "prefix": "app/"}


class Cluster(Base):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        program = "etcd" if options.debian else PROGRAM
        if not shutil.which(program) or not shutil.which("etcdctl"):
            raise StartError("etcd is not installed: run tests/servers/install etcd")
        ports = free_ports(3 * options.nodes)
        scheme = "https" if options.tls else "http"
        peers = [ports[3 * index + 1] for index in range(options.nodes)]
        members = ",".join(f"n{index}=http://127.0.0.1:{peer}" for index, peer in enumerate(peers))
        for index in range(options.nodes):
            client, peer, metrics = ports[3 * index : 3 * index + 3]
            if options.port and index == 0:
                client = options.port
            url = f"{scheme}://127.0.0.1:{client}"
            command = [
                program, "--name", f"n{index}", "--data-dir", os.path.join(folder, f"n{index}"),
                "--listen-client-urls", url, "--advertise-client-urls", url,
                "--listen-peer-urls", f"http://127.0.0.1:{peer}",
                "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
                "--listen-metrics-urls", f"http://127.0.0.1:{metrics}",
                "--initial-cluster", members, "--initial-cluster-token", "carml-test",
                "--logger", "zap", "--auth-token-ttl", "5",
            ]  # fmt: skip
            if options.tls:
                pki = options.pki
                command += ["--cert-file", pki["server_pem"], "--key-file", pki["server_key"]]
            if options.mutual_tls:
                # This alone makes etcd 3.4 ask for a certificate.
                command += ["--client-cert-auth", "--trusted-ca-file", pki["ca_pem"]]
            self.nodes.append(Node(f"etcd-{index}", command, folder, healthy(metrics)))
            self.endpoints.append(f"127.0.0.1:{client}")

    def start(self):
        super().start()
        if self.options.auth:
            self.enable_auth()

    def enable_auth(self):
        prefix = USER["prefix"]
        for line in (
            ["user", "add", f"{ROOT['username']}:{ROOT['password']}"],
            ["user", "grant-role", "root", "root"],
            ["role", "add", "app"],
            ["role", "grant-permission", "app", "readwrite", "--prefix=true", prefix],
            ["user", "add", f"{USER['username']}:{USER['password']}"],
            ["user", "grant-role", USER["username"], "app"],
            ["auth", "enable"],
        ):
            self.etcdctl(*line)

    def etcdctl(self, *arguments):
        scheme = "https" if self.options.tls else "http"
        command = ["etcdctl", "--endpoints", f"{scheme}://{self.endpoints[0]}", *arguments]
        if self.options.tls:
            pki = self.options.pki
            command += ["--cacert", pki["ca_pem"]]
            command += ["--cert", pki["client_pem"], "--key", pki["client_key"]]
        done = subprocess.run(
            command, env={**os.environ, "ETCDCTL_API": "3"}, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise StartError(f"{' '.join(command)}: {done.stderr}")

    def describe(self):
        about = super().describe()
        if self.options.auth:
            about["root"] = ROOT
            about["user"] = USER
        return about


def healthy(port):
    def ask():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
                return json.load(answer)["health"] == "true"
        except (OSError, ValueError):
            return False

    return ask
