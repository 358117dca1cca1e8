// floor_output: the output of a program over TCP with nothing between them. The server gives each
// caller one program whose standard output is the socket itself; the client reads to the end.

#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "listening.h"

namespace {

constexpr std::size_t kBufferSize = 128 * 1024;

// Returns the status of the program, as waitpid(2) gives it.
int run(char** arguments, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = 0;
  if (posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments, environ) != 0) {
    floors::die("posix_spawnp");
  }
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) floors::die("waitpid");
  return status;
}

[[noreturn]] void serve(char** arguments) {
  const int listener = floors::listen_tcp(0, 0);
  for (;;) {
    const int caller = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0) floors::die("accept4");
    if (run(arguments, caller) != 0) std::fputs("floor_output: the program failed\n", stderr);
    close(caller);
  }
}

// What arrives goes to standard output, and its length to standard error.
int read_all(const char* port) {
  const int call = floors::connected_socket(port);
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferSize);
  long long total = 0;
  for (;;) {
    const ssize_t size = recv(call, buffer.get(), kBufferSize, 0);
    if (size < 0) floors::die("recv");
    if (size == 0) break;
    if (write(STDOUT_FILENO, buffer.get(), static_cast<std::size_t>(size)) != size)
      floors::die("write");
    total += size;
  }
  std::fprintf(stderr, "%lld\n", total);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view conduct = count > 2 ? words[1] : "";
  if (conduct == "serve") serve(words + 2);
  if (conduct == "read") return read_all(words[2]);
  std::fputs(
      "usage: floor_output serve PROGRAM [ARGUMENT...]\n"
      "       floor_output read PORT\n",
      stderr);
  return 2;
}
