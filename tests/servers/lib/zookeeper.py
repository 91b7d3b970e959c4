"""ZooKeeper: one server or three, TLS, SASL users."""

import os
import socket

from process import Cluster as Base
from process import Node, StartError, free_ports

JARS = "/usr/share/java"
# Without netty-codec the Netty factory, which TLS needs, accepts connections and never answers.
CLASS_PATH = (
    "zookeeper", "slf4j-simple", "netty-codec", "netty-resolver",
    "netty-transport-native-unix-common",
)  # fmt: skip
JVM = ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
USER = {"username": "bob", "password": "bob-password"}


class Cluster(Base):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        if not os.path.exists(f"{JARS}/zookeeper.jar"):
            raise StartError("ZooKeeper is not installed: run tests/servers/install zookeeper")
        ports = free_ports(4 * options.nodes)
        members = ""
        if options.nodes > 1:
            for index in range(options.nodes):
                quorum, election = ports[4 * index + 2 : 4 * index + 4]
                members += f"server.{index + 1}=127.0.0.1:{quorum}:{election}\n"
        for index in range(options.nodes):
            plain, secure = ports[4 * index : 4 * index + 2]
            home = os.path.join(folder, f"n{index}")
            os.mkdir(home)
            with open(os.path.join(home, "myid"), "w") as file:
                file.write(str(index + 1))
            config = os.path.join(folder, f"n{index}.cfg")
            with open(config, "w") as file:
                file.write(self.config(home, plain, secure) + members)
            jars = ":".join(f"{JARS}/{jar}.jar" for jar in CLASS_PATH)
            command = ["java", *JVM, *self.login(), "-cp", jars]
            command += ["org.apache.zookeeper.server.quorum.QuorumPeerMain", config]
            self.nodes.append(
                Node(f"zookeeper-{index}", command, folder, serving(plain), seconds=60)
            )
            self.endpoints.append(f"127.0.0.1:{secure if options.tls else plain}")

    def config(self, home, plain, secure):
        lines = {
            "tickTime": 500,
            "initLimit": 20,
            "syncLimit": 10,
            "minSessionTimeout": 1000,
            "maxSessionTimeout": 600000,
            "maxClientCnxns": 0,
            "dataDir": home,
            "clientPort": plain,
            "clientPortAddress": "127.0.0.1",
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "*",
            "extendedTypesEnabled": "true",
        }
        if self.options.tls:
            pki = self.options.pki
            keys = os.path.join(self.folder, "server-keys.pem")
            with open(keys, "w") as out:
                for part in ("server_key", "server_pem"):
                    with open(pki[part]) as file:
                        out.write(file.read())
            lines |= {
                "serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory",
                "secureClientPort": secure,
                "secureClientPortAddress": "127.0.0.1",
                "ssl.keyStore.location": keys,
                "ssl.keyStore.type": "PEM",
                "ssl.trustStore.location": pki["ca_pem"],
                "ssl.trustStore.type": "PEM",
                "ssl.clientAuth": "need" if self.options.mutual_tls else "none",
            }
        if self.options.auth:
            provider = "org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
            lines["authProvider.sasl"] = provider
        return "".join(f"{key}={value}\n" for key, value in lines.items())

    def login(self):
        if not self.options.auth:
            return []
        path = os.path.join(self.folder, "jaas.conf")
        with open(path, "w") as file:
            file.write(
                "Server {\n org.apache.zookeeper.server.auth.DigestLoginModule required\n"
                f' user_{USER["username"]}="{USER["password"]}";\n}};\n'
            )
        return [f"-Djava.security.auth.login.config={path}"]

    def describe(self):
        about = super().describe()
        if self.options.auth:
            about["user"] = USER
        return about


def serving(port):
    """`srvr` answers with a mode only in a quorum; `ruok` answers without one too."""

    def ask():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"srvr")
                answer = b""
                while part := connection.recv(4096):
                    answer += part
                return b"Mode:" in answer
        except OSError:
            return False

    return ask
