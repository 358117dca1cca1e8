// floor_files: a file over TCP with nothing between its bytes and the sockets. One end reads the
// file and sends it, the other receives it and writes it to a new file.

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "listening.h"

namespace {

// As much as the service `files` reads and sends at once.
constexpr std::size_t kBufferSize = 256 * 1024;

void send_all(int call, const char* bytes, ssize_t size) {
  while (size > 0) {
    const ssize_t sent = send(call, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0) floors::die("send");
    bytes += sent;
    size -= sent;
  }
}

int receive(const char* path) {
  const int listener = floors::listen_tcp(0, 0);
  const int call = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (call < 0) floors::die("accept4");
  const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) floors::die(path);
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferSize);
  for (;;) {
    const ssize_t size = recv(call, buffer.get(), kBufferSize, 0);
    if (size < 0) floors::die("recv");
    if (size == 0) return 0;
    if (write(file, buffer.get(), static_cast<std::size_t>(size)) != size) floors::die("write");
  }
}

int deliver(const char* port, const char* path) {
  const int call = floors::connected_socket(port);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) floors::die(path);
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferSize);
  for (;;) {
    const ssize_t size = read(file, buffer.get(), kBufferSize);
    if (size < 0) floors::die("read");
    if (size == 0) break;
    send_all(call, buffer.get(), size);
  }
  // The other end has closed when it has written everything.
  shutdown(call, SHUT_WR);
  return recv(call, buffer.get(), 1, 0) == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view conduct = count > 2 ? words[1] : "";
  if (conduct == "receive" && count == 3) return receive(words[2]);
  if (conduct == "send" && count == 4) return deliver(words[2], words[3]);
  std::fputs(
      "usage: floor_files receive FILE\n"
      "       floor_files send PORT FILE\n",
      stderr);
  return 2;
}
