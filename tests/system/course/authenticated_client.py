"""The course's client that answers a challenge: sends its arguments, one after another.

usage: authenticated_client.py PORT SECRET MESSAGE...
"""
import hmac
import socket
import sys


def conn_auth(conn, secret_key):
    msg = conn.recv(32)
    h = hmac.new(secret_key, msg, digestmod='md5')
    digest = h.digest()
    conn.sendall(digest)


client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect(('127.0.0.1', int(sys.argv[1])))
conn_auth(client, sys.argv[2].encode('utf-8'))
for data in sys.argv[3:]:
    client.sendall(data.encode('utf-8'))
    respone = client.recv(1024)
    print(respone.decode('utf-8'))
client.close()
