import socketserver
import sys


class MyServer(socketserver.BaseRequestHandler):
    def handle(self):
        print(self.client_address)
        while True:
            try:
                data = self.request.recv(1024)
                if not data:
                    break
                print(data.decode('utf-8'))
                self.request.send(data.upper())
            except Exception as e:
                print(e)
                break


server = socketserver.ThreadingTCPServer(('127.0.0.1', int(sys.argv[1])), MyServer)
print('listening', server.server_address[1], flush=True)
server.serve_forever()
