#include "engine/launcher/process_launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "engine/above_standard.h"
#include "engine/annotations.h"
#include "engine/end_code.h"
#include "engine/engine.h"
#include "engine/launcher/launch_request.h"
#include "engine/launcher/launched_process.h"
#include "engine/launcher/launcher_process.h"
#include "engine/launcher/launcher_wire.h"
#include "engine/launcher/pseudo_terminal.h"
#include "engine/operations/system_result.h"
#include "engine/operations/wait_ready.h"

namespace hotline::engine {
namespace {

constexpr std::string_view kStartProgram = "start a program";

// How long the launcher may take to end all its descendants.
constexpr int kEndMs = 5000;

struct Ends {
  UniqueFd near;
  UniqueFd far;
};

/// Both ends of everything between the server and one program with its keeper.
struct Connections {
  LaunchDescriptors near;
  LaunchDescriptors far;
};

/// `make` is pipe2(2) or socketpair(2); the near end is the first.
template <typename Make>
Result<Ends> make_ends(Make make, std::string_view operation) {
  std::array<int, 2> fds{};
  if (make(fds.data()) < 0 || !above_standard(fds)) return fail(system_error(errno, operation));
  return Ends{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// Makes a pipe whose near end, for reading or for writing, is non-blocking. The mode belongs to
/// that end only, so that the program at the far end does not notice.
Result<Ends> make_pipe(Direction direction) {
  auto ends = make_ends([](int* fds) { return ::pipe2(fds, O_CLOEXEC); }, kStartProgram);
  if (!ends) return ends;
  if (direction == Direction::write) std::swap(ends->near, ends->far);
  ::fcntl(ends->near.get(), F_SETFL, O_NONBLOCK);
  return ends;
}

Result<Ends> make_sockets(std::string_view operation) {
  return make_ends(
      [](int* fds) { return ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds); },
      operation);
}

using DescriptorMember = UniqueFd LaunchDescriptors::*;

Result<void> add_ends(Connections& made, DescriptorMember member, Result<Ends> ends) {
  if (!ends) return fail(std::move(ends.error()));
  made.near.*member = std::move(ends->near);
  made.far.*member = std::move(ends->far);
  return {};
}

Result<void> add_pipes(Connections& made, ProcessInput input) {
  Result<void> added = add_ends(made, &LaunchDescriptors::output, make_pipe(Direction::read));
  if (added) added = add_ends(made, &LaunchDescriptors::error, make_pipe(Direction::read));
  if (!added || input == ProcessInput::empty) return added;
  return add_ends(made, &LaunchDescriptors::input, make_pipe(Direction::write));
}

/// The near end is there twice, so that one can be closed while a fiber waits on the other.
Result<void> add_terminal(Connections& made, const TerminalOptions& options) {
  auto terminal = open_pseudo_terminal(options);
  if (!terminal) return fail(std::move(terminal.error()));
  made.near.input.reset(::fcntl(terminal->near.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!made.near.input) return fail(system_error(errno, kStartProgram));
  return add_ends(made, &LaunchDescriptors::output,
                  Ends{std::move(terminal->near), std::move(terminal->far)});
}

Result<Connections> connect(const LaunchOptions& options) {
  Connections made;
  Result<void> added =
      options.terminal ? add_terminal(made, *options.terminal) : add_pipes(made, options.input);
  if (added) added = add_ends(made, &LaunchDescriptors::status, make_sockets(kStartProgram));
  if (!added) return fail(std::move(added.error()));
  return made;
}

/// Waits until `socket` has something to read, an end, or room to write. All threads share the
/// descriptor but a channel belongs to one, so each wait has a copy.
int wait_ready(int socket, Direction direction) {
  Channel channel{UniqueFd(::fcntl(socket, F_DUPFD_CLOEXEC, STDERR_FILENO + 1))};
  if (!channel.is_open()) return -errno;
  WaitReady wait(channel, direction);
  return Engine::current().perform(wait, Deadline::never());
}

Error death() {
  return make_error(ErrorKind::reset, kStartProgram, {}, "the launcher has died",
                    "start the server again");
}

Result<void> send_whole(int socket, Bytes message, const LaunchDescriptors& descriptors) {
  for (;;) {
    int result = send_request(socket, message, descriptors);
    if (result == -EAGAIN)
      result = wait_ready(socket, Direction::write);
    else if (result == 0)
      return {};
    if (result == -EPIPE || result == -ECONNRESET) return fail(death());
    if (result < 0) return fail(operation_error(result, kStartProgram));
  }
}

}  // namespace

ProcessLauncher::ProcessLauncher(pid_t pid, UniqueFd requests)
    : owner_(::getpid()), pid_(pid), requests_(std::move(requests)) {
  // Several requests at once. Where the system allows less, one request still fits.
  const int size = 4 * static_cast<int>(kRequestBytesMax);
  if (::setsockopt(requests_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0) {
    ::setsockopt(requests_.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  }
}

ProcessLauncher::~ProcessLauncher() {
  // In a process forked from the owner this is a copy.
  if (::getpid() != owner_) return;
  ::shutdown(requests_.get(), SHUT_RDWR);
  const UniqueFd pidfd(above_standard(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))));
  pollfd polled{pidfd.get(), POLLIN, 0};
  if (system_result([&] { return ::poll(&polled, 1, kEndMs); }) == 0) ::kill(pid_, SIGKILL);
  system_result([&] { return ::waitpid(pid_, nullptr, 0); });
}

Result<std::unique_ptr<Process>> ProcessLauncher::launch(const LaunchOptions& options) {
  auto message = encode_request(options);
  if (!message) return fail(std::move(message.error()));
  auto connections = connect(options);
  if (!connections) return fail(std::move(connections.error()));
  auto process = std::make_unique<LaunchedProcess>(std::move(connections->near));
  {
    // From here on only the keeper has them, so that its death is noticed.
    const LaunchDescriptors descriptors = std::move(connections->far);
    auto sent = send_whole(requests_.get(), as_bytes(*message), descriptors);
    if (!sent) return fail(std::move(sent.error()));
  }
  auto started = process->wait_for_start(options);
  if (!started) return fail(std::move(started.error()));
  return process;
}

Error ProcessLauncher::wait_dead() {
  // The launcher sends nothing more, so the socket becomes readable only at its end.
  const int result = wait_ready(requests_.get(), Direction::read);
  return result < 0 ? operation_error(result, "watch the launcher") : death();
}

}  // namespace hotline::engine
