"""A certificate authority for tests, with a server's and a client's certificate.

The authority and the certificates are kept apart: strict verifiers refuse the certificate of an
authority as a server's own.
"""

import os
import subprocess

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
SERVER_NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1"


def create(folder):
    """Returns the paths: ca, server and client certificate and key, and those of a foreign CA."""
    os.mkdir(folder)
    path = {
        f"{name}_{kind}": os.path.join(folder, f"{name}.{kind}")
        for name in ("ca", "server", "client", "expired", "other_ca")
        for kind in ("pem", "key")
    }
    authority(path, "ca", "CarML test CA")
    authority(path, "other_ca", "Another test CA")
    leaf(folder, path, "server", "localhost", SERVER_NAMES)
    leaf(folder, path, "client", "test-client", "DNS:test-client,URI:spiffe://carml.test/client")
    leaf(folder, path, "expired", "localhost", SERVER_NAMES, expired=True)
    return path


def authority(path, name, subject):
    openssl(
        "req", "-x509", *CURVE, "-days", "3650", "-subj", f"/CN={subject}",
        "-keyout", path[f"{name}_key"], "-out", path[f"{name}_pem"],
        "-addext", "basicConstraints=critical,CA:TRUE",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip


def leaf(folder, path, name, subject, names, expired=False):
    request = os.path.join(folder, f"{name}.csr")
    extensions = os.path.join(folder, f"{name}.ext")
    with open(extensions, "w") as file:
        file.write(
            "basicConstraints=CA:FALSE\n"
            "keyUsage=digitalSignature\n"
            "extendedKeyUsage=serverAuth,clientAuth\n"
            f"subjectAltName={names}\n"
        )
    openssl(
        "req", *CURVE, "-subj", f"/CN={subject}", "-keyout", path[f"{name}_key"], "-out", request
    )
    if expired:
        sign_in_the_past(folder, path, name, request, extensions)
        return
    openssl(
        "x509", "-req", "-in", request, "-days", "3650", "-extfile", extensions,
        "-CA", path["ca_pem"], "-CAkey", path["ca_key"], "-CAcreateserial",
        "-out", path[f"{name}_pem"],
    )  # fmt: skip


def sign_in_the_past(folder, path, name, request, extensions):
    """`openssl x509` of OpenSSL 3.0 cannot date a certificate back; `openssl ca` can."""
    config = os.path.join(folder, "ca.cnf")
    open(os.path.join(folder, "index.txt"), "w").close()
    with open(config, "w") as file:
        file.write(
            "[ca]\ndefault_ca=test\n[test]\n"
            f"database={folder}/index.txt\nnew_certs_dir={folder}\nrand_serial=yes\n"
            "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"
        )
    openssl(
        "ca", "-batch", "-config", config, "-in", request, "-extfile", extensions, "-notext",
        "-cert", path["ca_pem"], "-keyfile", path["ca_key"], "-out", path[f"{name}_pem"],
        "-startdate", "20200101000000Z", "-enddate", "20200102000000Z",
    )  # fmt: skip


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
