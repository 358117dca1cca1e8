import socket
import sys

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect(('127.0.0.1', int(sys.argv[1])))

while True:
    cmd = input('>>: ').strip()
    if not cmd:
        continue
    if cmd == 'quit':
        break
    client.send(cmd.encode('utf-8'))
    length = int(client.recv(1024).decode('utf-8'))
    client.send('ready'.encode('utf-8'))
    recv_size = 0
    recv_msg = b''
    while recv_size < length:
        recv_msg += client.recv(1024)
        recv_size = len(recv_msg)
    print(recv_msg.decode('utf-8'), flush=True)
