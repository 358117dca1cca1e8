#include "engine/launcher/launched_process.h"

#include <sys/socket.h>

#include <cerrno>

#include "engine/end_code.h"
#include "engine/engine.h"
#include "engine/launcher/launch_request.h"
#include "engine/launcher/launcher_wire.h"
#include "engine/operations/read_write.h"
#include "engine/process_limit.h"

namespace hotline::engine {
namespace {

constexpr std::string_view kWait = "wait for a program";

/// Reads the next message of the keeper. Only the keeper writes to its socket, and each message is
/// one packet.
Result<LaunchStatus> read_status(Channel& channel, std::string_view operation) {
  LaunchStatus status;
  Read read(channel, std::as_writable_bytes(std::span(&status, 1)));
  const int size = Engine::current().perform(read, Deadline::never());
  if (size == sizeof status) return status;
  if (size < 0) return fail(operation_error(size, operation));
  return fail(make_error(ErrorKind::reset, operation, {}, "its supervising process (keeper) died"));
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

}  // namespace

Result<void> LaunchedProcess::wait_for_start(const LaunchOptions& options) {
  const auto status = read_status(status_, "start a program");
  if (!status) return fail(status.error());
  if (status->kind == StatusKind::started) return {};
  return fail(start_error(*status, options));
}

Result<std::size_t> LaunchedProcess::read_some(OutputStream output, MutableBytes into) {
  Read read(outputs_[static_cast<std::size_t>(output)], into);
  const int size = Engine::current().perform(read, Deadline::never());
  if (size < 0) return fail(operation_error(size, "read the output of a program"));
  return static_cast<std::size_t>(size);
}

Result<ProcessEnd> LaunchedProcess::wait() {
  if (end_) return *end_;
  const auto status = read_status(status_, kWait);
  if (!status) return fail(status.error());
  has_left_ = status->kind == StatusKind::ended_first;
  end_ = ProcessEnd{status->value, status->signal};
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
