#include "engine/launcher/launched_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <concepts>
#include <string>
#include <utility>

#include "core/check.h"

#include "engine/end_code.h"
#include "engine/engine.h"
#include "engine/launcher/launch_request.h"
#include "engine/launcher/pseudo_terminal.h"
#include "engine/operations/read_write.h"
#include "engine/operations/system_result.h"
#include "engine/process_limit.h"
#include "engine/signal_actions.h"

namespace hotline::engine {
namespace {

// What a pipe holds at first, and once its program has filled it. All large pipes of a user
// together may have 64 MiB.
constexpr std::size_t kPipeBytes = 64 * 1024;
constexpr std::size_t kLargePipeBytes = 256 * 1024;

constexpr std::string_view kWait = "wait for a program";
constexpr std::string_view kReadOutput = "read the output of a program";
constexpr std::string_view kWriteInput = "write to a program";
constexpr std::string_view kResize = "resize a terminal";
constexpr std::string_view kSignal = "signal a program";

Error keeper_died(std::string_view operation) {
  return make_error(ErrorKind::reset, operation, {}, "its supervising process (keeper) died");
}

/// Calls `receive` again if it fails because the keeper has ended without having read a signal. The
/// system reports that once, before the messages that the keeper sent.
int past_reset(const std::invocable auto& receive) {
  const int size = receive();
  return size == -ECONNRESET ? receive() : size;
}

/// Reads the next message of the keeper. Only the keeper writes to its socket, and each message is
/// one packet.
Result<LaunchStatus> read_status(Channel& channel, std::string_view operation) {
  LaunchStatus status;
  const int size = past_reset([&] {
    Read read(channel, std::as_writable_bytes(std::span(&status, 1)));
    return Engine::current().perform(read, Deadline::never());
  });
  if (size == sizeof status) return status;
  if (size < 0) return fail(operation_error(size, operation));
  return fail(keeper_died(operation));
}

Error start_error(const LaunchStatus& status, const LaunchOptions& options) {
  const std::string& program = options.arguments.front();
  switch (status.kind) {
    case StatusKind::directory_failed: {
      Error error =
          system_error(status.value, "start a program in", escaped_word(options.directory));
      error.advice = "is it a directory that this user may enter?";
      return error;
    }
    case StatusKind::keeper_failed: {
      Error error = system_error(status.value, "start", escaped_word(program));
      error.kind = ErrorKind::resource_exhausted;
      error.detail = strerrordesc_np(status.value);
      error.advice = process_limit_hint();
      return error;
    }
    case StatusKind::killed_at_start:
      return make_error(ErrorKind::reset, "start", escaped_word(program),
                        "its process was killed before it ran");
    default: break;
  }
  Error error = system_error(status.value, "start", escaped_word(program));
  if (error.kind == ErrorKind::not_found) {
    error.advice = program.find('/') == std::string::npos
                       ? "no directory of its PATH has it: give its path, or install it"
                       : "check the path, and the interpreter that its first line names";
  } else if (error.kind == ErrorKind::permission_denied) {
    error.advice = "is it a file that this user may execute?";
  }
  return error;
}

ProcessEnd end_of(const LaunchStatus& status) {
  using std::chrono::microseconds;
  return {.exit_status = status.value,
          .signal = status.signal,
          .usage = {.user = microseconds(status.user_us),
                    .system = microseconds(status.system_us),
                    .memory_max_bytes = status.memory_max_bytes,
                    .has_dumped_core = status.has_dumped_core != 0}};
}

Error input_unread() {
  return make_error(ErrorKind::closed, kWriteInput, {}, "no process reads its input any more");
}

/// Returns the error of a read or write on `channel`, which another fiber may have closed
/// during the wait.
Error transfer_error(int result, const Channel& channel, std::string_view operation) {
  if (result == -kCancelEnd && !channel.is_open()) {
    return make_error(ErrorKind::closed, operation, {}, "it was closed");
  }
  return operation_error(result, operation);
}

}  // namespace

LaunchedProcess::LaunchedProcess(LaunchDescriptors ends)
    : outputs_{Channel(std::move(ends.output)), Channel(std::move(ends.error))},
      input_(std::move(ends.input)),
      status_(std::move(ends.status)),
      has_terminal_(outputs_[0].is_open() && !outputs_[1].is_open()) {
  if (input_.is_open()) ignore_failed_writes();
}

Result<void> LaunchedProcess::wait_for_start(const LaunchOptions& options) {
  const auto status = read_status(status_, "start a program");
  if (!status) return fail(status.error());
  if (status->kind != StatusKind::started) return fail(start_error(*status, options));
  pid_ = status->value;
  return {};
}

Result<std::size_t> LaunchedProcess::read_some(OutputStream output, MutableBytes into) {
  if (ends_at_once(output)) return 0;
  Channel& channel = channel_of(output);
  if (!channel.is_open()) {
    return fail(make_error(ErrorKind::closed, kReadOutput, {}, "it was closed"));
  }
  Read read(channel, into, OnDrain::goes_on, BlockingMode::non_blocking);
  const int size = Engine::current().perform(read, Deadline::never());
  if (size == -EIO && has_terminal_) return 0;
  if (size < 0) return fail(transfer_error(size, channel, kReadOutput));
  const auto count = static_cast<std::size_t>(size);
  if (count >= kPipeBytes) grow(output);
  return count;
}

Result<std::size_t> LaunchedProcess::write_some(Bytes bytes) {
  check_use(!bytes.empty(), "no bytes are written to a program: write one at least");
  if (!input_.is_open()) {
    return fail(make_error(ErrorKind::closed, kWriteInput, {}, "its input is empty or was closed"));
  }
  if (has_terminal_ && is_hung_up(input_.fd())) return fail(input_unread());
  Write write(input_, bytes, BlockingMode::non_blocking);
  const int size = Engine::current().perform(write, Deadline::never());
  if (size == -EPIPE || (size == -EIO && has_terminal_)) return fail(input_unread());
  if (size < 0) return fail(transfer_error(size, input_, kWriteInput));
  const auto count = static_cast<std::size_t>(size);
  last_typed_ = static_cast<char>(bytes[count - 1]);
  return count;
}

/// The program has filled the pipe: with a larger one, it and this process take turns less often. A
/// system that allows no more leaves it as it is.
void LaunchedProcess::grow(OutputStream output) {
  bool& has_grown = has_grown_[static_cast<std::size_t>(output)];
  if (!std::exchange(has_grown, true)) {
    ::fcntl(channel_of(output).fd(), F_SETPIPE_SZ, static_cast<int>(kLargePipeBytes));
  }
}

void LaunchedProcess::close_output(OutputStream output) {
  // A terminal is hung up when the last descriptor of its near end is closed.
  if (has_terminal_ && output == OutputStream::standard_output) input_.close();
  channel_of(output).close();
}

void LaunchedProcess::close_input() {
  const bool is_first = input_.is_open();
  input_.close();
  if (is_first && has_terminal_) type(typed_end(outputs_[0].fd(), last_typed_));
}

/// Writes through the output's descriptor of the terminal, because the input's is closed.
void LaunchedProcess::type(std::string_view text) {
  Bytes rest = as_bytes(text);
  while (!rest.empty() && outputs_[0].is_open()) {
    Write write(outputs_[0], rest, BlockingMode::non_blocking);
    const int size = Engine::current().perform(write, Deadline::never());
    if (size < 0) return;
    rest = rest.subspan(static_cast<std::size_t>(size));
  }
}

Result<void> LaunchedProcess::resize(std::uint16_t rows, std::uint16_t columns) {
  if (!has_terminal_) return Process::resize(rows, columns);
  if (!outputs_[0].is_open()) {
    return fail(make_error(ErrorKind::closed, kResize, {}, "it was hung up"));
  }
  const int result = resize_terminal(outputs_[0].fd(), rows, columns);
  if (result < 0) return fail(system_error(-result, kResize));
  return {};
}

/// Fails if the keeper has reported the end of the program, or has died.
Result<void> LaunchedProcess::check_running() const {
  char byte = 0;
  const int size = past_reset([&] {
    return system_result(
        [&] { return ::recv(status_.fd(), &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT); });
  });
  if (end_ || size > 0) return fail(make_error(ErrorKind::closed, kSignal, {}, "it has ended"));
  if (size != -EAGAIN) return fail(keeper_died(kSignal));
  return {};
}

Result<void> LaunchedProcess::send_signal(int signal) {
  if (signal < 1 || signal > SIGRTMAX) {
    return fail(make_error(ErrorKind::invalid_argument, kSignal, {},
                           "there is no signal " + std::to_string(signal)));
  }
  if (auto checked = check_running(); !checked) return checked;
  const int result = send_signal_request(status_.fd(), signal);
  if (result == 0) return {};
  if (result == -EPIPE || result == -ECONNRESET) {
    // The keeper may have ended since; otherwise it was this process that shut the socket down.
    if (auto checked = check_running(); !checked) return checked;
    return fail(make_error(ErrorKind::closed, kSignal, {}, "it was killed"));
  }
  Error error = system_error(-result, kSignal);
  error.kind = ErrorKind::resource_exhausted;
  return fail(std::move(error));
}

Result<ProcessEnd> LaunchedProcess::wait() {
  if (end_) return *end_;
  const auto status = read_status(status_, kWait);
  if (!status) return fail(status.error());
  has_left_ = status->kind == StatusKind::ended_first;
  end_ = end_of(*status);
  return *end_;
}

Result<void> LaunchedProcess::finish() {
  if (!has_left_) return {};
  kill();
  if (auto status = read_status(status_, kWait); !status) return fail(std::move(status.error()));
  has_left_ = false;
  return {};
}

void LaunchedProcess::kill() { ::shutdown(status_.fd(), SHUT_WR); }

}  // namespace hotline::engine
