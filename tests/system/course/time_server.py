import socket
import sys
from time import strftime

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', int(sys.argv[1])))
print('listening', server.getsockname()[1], flush=True)

while True:
    msg, addr = server.recvfrom(1024)
    print('===>', msg)
    if not msg:
        time_fmt = '%Y-%m-%d-%X'
    else:
        time_fmt = msg.decode('utf-8')
    back_msg = strftime(time_fmt)
    server.sendto(back_msg.encode('utf-8'), addr)
