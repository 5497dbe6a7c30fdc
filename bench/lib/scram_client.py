"""The least PostgreSQL client that logs in with SCRAM-SHA-256, over TLS or plain, and then keeps still."""

import base64
import functools
import hashlib
import hmac
import os
import socket
import ssl
import struct

AUTH_OK, AUTH_SASL, AUTH_SASL_CONTINUE, AUTH_SASL_FINAL = 0, 10, 11, 12


@functools.lru_cache
def salted_password(password, salt, iterations):
    """The same for every client of a user, so it is derived once."""
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)


def read_exactly(stream, count):
    data = b""
    while len(data) < count:
        part = stream.recv(count - len(data))
        if not part:
            raise RuntimeError("the server closed the connection during the login")
        data += part
    return data


def read_message(stream):
    kind, length = struct.unpack("!cI", read_exactly(stream, 5))
    body = read_exactly(stream, length - 4)
    if kind == b"E":
        raise RuntimeError("login: " + body.replace(b"\0", b" ").decode(errors="replace"))
    return kind, body


def read_auth(stream, expected):
    kind, body = read_message(stream)
    code = struct.unpack("!I", body[:4])[0]
    if kind != b"R" or code != expected:
        raise RuntimeError(f"login: expected authentication request {expected}, got {kind!r} {code}")
    return body[4:]


def send_message(stream, body):
    stream.sendall(b"p" + struct.pack("!I", len(body) + 4) + body)


def authenticate(stream, password):
    read_auth(stream, AUTH_SASL)
    nonce = base64.b64encode(os.urandom(18)).decode()
    first = f"n=,r={nonce}"
    initial = ("n,," + first).encode()
    send_message(stream, b"SCRAM-SHA-256\0" + struct.pack("!I", len(initial)) + initial)
    challenge = read_auth(stream, AUTH_SASL_CONTINUE).decode()
    fields = dict(part.split("=", 1) for part in challenge.split(","))
    salted = salted_password(password, base64.b64decode(fields["s"]), int(fields["i"]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    without_proof = f"c=biws,r={fields['r']}"
    message = ",".join((first, challenge, without_proof)).encode()
    signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()
    send_message(stream, f"{without_proof},p={proof}".encode())
    read_auth(stream, AUTH_SASL_FINAL)
    read_auth(stream, AUTH_OK)


def connect(port, user, password, database, tls=None):
    """Returns a logged-in connection; tls is an ssl.SSLContext, or None for a plain one."""
    stream = socket.create_connection(("127.0.0.1", port), 30)
    if tls is not None:
        stream.sendall(struct.pack("!II", 8, 80877103))  # SSLRequest
        if read_exactly(stream, 1) != b"S":
            raise RuntimeError("the server refuses TLS")
        stream = tls.wrap_socket(stream)
    parameters = b"".join(word.encode() + b"\0" for word in ("user", user, "database", database)) + b"\0"
    stream.sendall(struct.pack("!II", len(parameters) + 8, 196608) + parameters)
    authenticate(stream, password)
    while read_message(stream)[0] != b"Z":
        pass
    return stream


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
