import socket
import subprocess
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(('127.0.0.1', int(sys.argv[1])))
server.listen(5)
print('listening', server.getsockname()[1], flush=True)

while True:
    conn, addr = server.accept()
    while True:
        try:
            cmd = conn.recv(1024)
            if not cmd:
                break
            res = subprocess.Popen(cmd.decode('utf-8'), shell=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            err = res.stderr.read()
            if err:
                back_msg = err
            else:
                back_msg = res.stdout.read()
            if not back_msg:
                back_msg = '操作成功'.encode('utf-8')
            conn.send(str(len(back_msg)).encode('utf-8'))
            data = conn.recv(1024)
            if data.decode('utf-8') == 'ready':
                conn.send(back_msg)
        except Exception as e:
            print(e)
            break
