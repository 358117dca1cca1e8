"""Both sides of the handshake of multiprocessing.connection as Python 3.12 and later have it.

Written after the description in CPython 3.12, Lib/multiprocessing/connection.py, because Debian 12
has Python 3.11, whose handshake is the legacy one with MD5. The framing is that of the installed
Python.
"""
import hmac
import os
from multiprocessing import AuthenticationError

CHALLENGE, WELCOME, FAILURE = b"#CHALLENGE#", b"#WELCOME#", b"#FAILURE#"
DIGESTS = (b"md5", b"sha256", b"sha384", b"sha3_256", b"sha3_384")


def split(message):
    """(digest, payload); the digest is md5 for the legacy forms."""
    if len(message) in (16, 20):
        return "md5", message
    digest, brace, payload = message[1:].partition(b"}")
    if message[:1] != b"{" or not brace or digest not in DIGESTS:
        raise AuthenticationError(f"not understood: {message!r}")
    return digest.decode(), payload


def deliver_challenge(connection, authkey, digest="sha256"):
    message = b"{%s}%s" % (digest.encode(), os.urandom(40))
    connection.send_bytes(CHALLENGE + message)
    name, mac = split(connection.recv_bytes(256))
    if not hmac.compare_digest(hmac.new(authkey, message, name).digest(), mac):
        connection.send_bytes(FAILURE)
        raise AuthenticationError("digest received was wrong")
    connection.send_bytes(WELCOME)


def answer_challenge(connection, authkey):
    message = connection.recv_bytes(256)
    if not message.startswith(CHALLENGE):
        raise AuthenticationError(f"no challenge: {message!r}")
    message = message[len(CHALLENGE):]
    name, _ = split(message)
    mac = hmac.new(authkey, message, name).digest()
    connection.send_bytes(mac if len(message) == 20 else b"{%s}%s" % (name.encode(), mac))
    if connection.recv_bytes(256) != WELCOME:
        raise AuthenticationError("digest sent was rejected")


def as_client(connection, authkey):
    answer_challenge(connection, authkey)
    deliver_challenge(connection, authkey)


def as_server(connection, authkey):
    deliver_challenge(connection, authkey)
    answer_challenge(connection, authkey)
