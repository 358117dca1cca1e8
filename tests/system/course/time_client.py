import socket
import sys

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

while True:
    msg = input('>>: ').strip()
    if msg == 'quit':
        break
    client.sendto(msg.encode('utf-8'), ('127.0.0.1', int(sys.argv[1])))
    data = client.recv(1024)
    print(data.decode('utf-8'), flush=True)
