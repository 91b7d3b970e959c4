"""OpenSearch, behind nginx, which adds TLS and a user: the plugin that would is not in Maven.

Node 0 is OpenSearch, node 1 is nginx. While the file `busy` exists, nginx answers 429.
"""

import os
import subprocess
import urllib.request

from process import Cluster as Base
from process import Node, StartError, free_ports

STORE = os.environ.get("CARML_SERVERS", "/var/cache/carml-test-servers")
CLASSES = os.path.join(STORE, "opensearch")
JVM = ["-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
USER = {"username": "admin", "password": "PASSWORD"}


class Cluster(Base):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        if not os.path.exists(os.path.join(CLASSES, ".complete")):
            raise StartError("OpenSearch is not installed: run tests/servers/install opensearch")
        http, transport, front = free_ports(3)
        home = os.path.join(folder, "home")
        os.mkdir(home)
        command = ["java", *JVM, f"-Djava.io.tmpdir={folder}", "-cp", f"{CLASSES}:{CLASSES}/lib/*"]
        command += ["Main", home, str(http), str(transport)]
        self.nodes.append(Node("opensearch", command, folder, ready(http), seconds=60))
        self.direct = f"127.0.0.1:{http}"
        self.busy = os.path.join(folder, "busy")
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w") as file:
            file.write(self.config(front, http))
        command = ["nginx", "-c", config, "-p", folder, "-e", "stderr"]
        self.nodes.append(Node("nginx", command, folder, ready(http)))
        self.endpoints.append(f"{'localhost' if options.tls else '127.0.0.1'}:{front}")

    def config(self, front, http):
        tls = ""
        if self.options.tls:
            pki = self.options.pki
            tls = f"ssl_certificate {pki['server_pem']}; ssl_certificate_key {pki['server_key']};"
        if self.options.mutual_tls:
            tls += f" ssl_client_certificate {pki['ca_pem']}; ssl_verify_client on;"
        auth = ""
        if self.options.auth:
            users = os.path.join(self.folder, "users")
            done = subprocess.run(
                ["openssl", "passwd", "-apr1", USER["password"]],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            with open(users, "w") as file:
                file.write(f"{USER['username']}:{done.stdout}")
            auth = f"auth_basic opensearch; auth_basic_user_file {users};"
        folders = " ".join(
            f"{name}_temp_path {self.folder}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
daemon off; master_process off; pid {self.folder}/nginx.pid; user root;
events {{}}
http {{
 access_log off; client_max_body_size 0; {folders}
 server {{
  listen 127.0.0.1:{front}{" ssl" if self.options.tls else ""}; {tls}
  location / {{
   {auth}
   if (-f {self.busy}) {{ return 429; }}
   proxy_pass http://127.0.0.1:{http}; proxy_http_version 1.1; proxy_set_header Connection "";
  }}
 }}
}}
"""

    def describe(self):
        about = super().describe()
        about["direct"] = self.direct
        about["busy"] = self.busy
        if self.options.auth:
            about["user"] = USER
        return about


def ready(port):
    url = f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=1s"

    def ask():
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    return ask
