"""rsyslog: UDP, TCP, TLS and a local socket; each message becomes a line of JSON in a file."""

import os
import socket

from process import Cluster as Base
from process import Node, StartError, free_ports

STORE = os.environ.get("CARML_SERVERS", "/var/cache/carml-test-servers")
ROOT = os.path.join(STORE, "rsyslog")
LIBRARIES = os.path.join(ROOT, "usr/lib/x86_64-linux-gnu")
# The members of a line, and what they are of a message.
PROPERTIES = {
    "input": "inputname",
    "priority": "pri",
    "time": "timereported",
    "host": "hostname",
    "app": "app-name",
    "process": "procid",
    "id": "msgid",
    "data": "structured-data",
    "message": "msg",
    "raw": "rawmsg",
}


class Cluster(Base):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        program = os.path.join(ROOT, "usr/sbin/rsyslogd")
        if not os.path.exists(program):
            raise StartError("rsyslog is not installed: run tests/servers/install rsyslog")
        self.udp, self.tcp, self.tls = free_ports(3)
        self.socket = os.path.join(folder, "log.socket")
        self.messages = os.path.join(folder, "messages.jsonl")
        config = os.path.join(folder, "rsyslog.conf")
        with open(config, "w") as file:
            file.write(self.config())
        open(self.messages, "w").close()
        command = ["env", f"LD_LIBRARY_PATH={LIBRARIES}", program, "-n", "-f", config]
        command += ["-M", os.path.join(LIBRARIES, "rsyslog"), "-i", os.path.join(folder, "pid")]
        self.nodes.append(Node("rsyslog", command, folder, self.listens))
        self.endpoints.append(f"127.0.0.1:{self.tcp}")

    def config(self):
        properties = "\n".join(
            f' property(outname="{name}" name="{of}" format="jsonf" {extra(of)})'
            for name, of in PROPERTIES.items()
        )
        keys = ""
        tls = ""
        if self.options.tls:
            pki = self.options.pki
            keys = (
                f' defaultNetstreamDriverCAFile="{pki["ca_pem"]}"'
                f' defaultNetstreamDriverCertFile="{pki["server_pem"]}"'
                f' defaultNetstreamDriverKeyFile="{pki["server_key"]}"'
            )
            mode = "x509/certvalid" if self.options.mutual_tls else "anon"
            tls = (
                f'input(type="imtcp" address="127.0.0.1" port="{self.tls}" ruleset="all" name="tls"'
                f' streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="{mode}")\n'
            )
        return f"""
global(workDirectory="{self.folder}" maxMessageSize="64k" preserveFQDN="on"
 parser.escapeControlCharactersOnReceive="off"{keys})
module(load="imudp") module(load="imtcp") module(load="imuxsock" SysSock.Use="off")
template(name="json" type="list" option.jsonf="on") {{
{properties}
}}
ruleset(name="all") {{ action(type="omfile" file="{self.messages}" template="json") }}
input(type="imudp" address="127.0.0.1" port="{self.udp}" ruleset="all" name="udp")
input(type="imtcp" address="127.0.0.1" port="{self.tcp}" ruleset="all" name="tcp")
{tls}input(type="imuxsock" socket="{self.socket}" createPath="on" rateLimit.interval="0"
 ruleset="all")
"""

    def listens(self):
        ports = [self.tcp, self.tls] if self.options.tls else [self.tcp]
        try:
            for port in ports:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return os.path.exists(self.socket)

    def describe(self):
        about = super().describe()
        about["udp"] = f"127.0.0.1:{self.udp}"
        about["tcp"] = f"127.0.0.1:{self.tcp}"
        about["socket"] = self.socket
        about["messages"] = self.messages
        if self.options.tls:
            about["tls"] = f"localhost:{self.tls}"
        return about


def extra(name):
    return {"pri": 'datatype="number"', "timereported": 'dateFormat="rfc3339"'}.get(name, "")
