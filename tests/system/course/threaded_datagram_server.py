import socketserver
import sys


class MyServer(socketserver.BaseRequestHandler):
    def handle(self):
        print(self.request)
        data = self.request[0]
        self.request[1].sendto(data.upper(), self.client_address)


server = socketserver.ThreadingUDPServer(('127.0.0.1', int(sys.argv[1])), MyServer)
print('listening', server.server_address[1], flush=True)
server.serve_forever()
