"""versitygw: one server that is compatible with S3, with one bucket, over a folder."""

import os
import ssl
import urllib.error
import urllib.request

from process import Cluster as Base
from process import Node, StartError, free_ports

STORE = os.environ.get("CARML_SERVERS", "/var/cache/carml-test-servers")
PROGRAM = os.path.join(STORE, "versitygw/versitygw")
# All users of the server are this one: `--auth` changes nothing.
ACCESS_KEY = "test-access-key"
SECRET_KEY = "test-secret-key"
REGION = "us-east-1"
BUCKET = "carml"


class Cluster(Base):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        if not os.path.exists(PROGRAM):
            raise StartError("versitygw is not installed: run tests/servers/install versitygw")
        self.data = os.path.join(folder, "data")
        # A folder is a bucket.
        os.makedirs(os.path.join(self.data, BUCKET))
        port = free_ports(1)[0]
        command = [PROGRAM, "--port", f"127.0.0.1:{port}", "--region", REGION, "--keep-alive"]
        command += ["--access", ACCESS_KEY, "--secret", SECRET_KEY]
        if options.tls:
            command += ["--cert", options.pki["server_pem"], "--key", options.pki["server_key"]]
        command += ["posix", self.data]
        scheme = "https" if options.tls else "http"
        ready = self.answers(f"{scheme}://127.0.0.1:{port}/")
        self.nodes.append(Node("versitygw", command, folder, ready))
        self.endpoints.append(f"127.0.0.1:{port}")

    @staticmethod
    def answers(url):
        context = ssl._create_unverified_context() if url.startswith("https") else None

        def ready():
            try:
                urllib.request.urlopen(url, timeout=1, context=context)
            except urllib.error.HTTPError:
                # Nobody may list buckets without a signature.
                return True
            except OSError:
                return False
            return True

        return ready

    def describe(self):
        about = super().describe()
        about.update(access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION, bucket=BUCKET)
        about.update(data=self.data)
        return about
