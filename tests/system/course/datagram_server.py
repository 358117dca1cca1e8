import socket
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', int(sys.argv[1])))
print('listening', server.getsockname()[1], flush=True)

while True:
    data, addr = server.recvfrom(1024)
    print(data, addr)
    server.sendto(data.upper(), addr)
