"""The course's server that asks every caller for a secret.

usage: authenticated_server.py PORT SECRET
"""
import hmac
import os
import socket
import sys


def conn_auth(conn, secret_key):
    msg = os.urandom(32)
    conn.sendall(msg)
    h = hmac.new(secret_key, msg, digestmod='md5')
    digest = h.digest()
    respone = conn.recv(len(digest))
    return hmac.compare_digest(respone, digest)


def data_handler(conn, secret_key):
    if not conn_auth(conn, secret_key):
        conn.close()
        return
    while True:
        data = conn.recv(1024)
        if not data:
            break
        conn.sendall(data.upper())


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(('127.0.0.1', int(sys.argv[1])))
server.listen(5)
print('listening', server.getsockname()[1], flush=True)
while True:
    conn, addr = server.accept()
    data_handler(conn, sys.argv[2].encode('utf-8'))
