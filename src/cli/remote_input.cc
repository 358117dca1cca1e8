#include "cli/remote_input.h"

#include <cerrno>
#include <cstddef>

#include "cli/standard_input.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kInputBytes = 64 * 1024;

}  // namespace

void RemoteInput::send(RunningCommand& command) {
  // Without filling it: most commands get little input.
  if (!room_) room_ = std::make_unique_for_overwrite<std::byte[]>(kInputBytes);
  while (!has_ended_) {
    // The first time after a resumption this also sends what did not arrive, though nothing was
    // read since.
    if (!send_rest(command) || !read()) break;
  }
  if (failure_ != 0) return command.abort();
  // Why it failed is known to the reader of the outputs.
  if (has_ended_) discard(command.end_input());
}

/// Returns false if the command takes no more.
bool RemoteInput::send_rest(RunningCommand& command) {
  const std::uint64_t before = command.input_size();
  const auto written = command.write_input(unsent_);
  unsent_ = unsent_.subspan(command.input_size() - before);
  return written.has_value();
}

/// Reads the next piece. Returns false if the wait for it was cancelled, or failed.
bool RemoteInput::read() {
  std::ptrdiff_t count = 0;
  if (const auto ready = StandardInput::wait_ready(); ready) {
    count = StandardInput::read({room_.get(), kInputBytes});
  } else if (ready.error().kind == ErrorKind::cancelled) {
    return false;
  } else {
    count = ready.error().native_code == 0 ? -ENOMEM : -ready.error().native_code;
  }
  // Without a standard input it is empty. After another failure its end would not be true.
  has_ended_ = count == 0 || count == -EBADF;
  if (has_ended_) return true;
  if (count < 0) failure_ = static_cast<int>(-count);
  if (count > 0) unsent_ = {room_.get(), static_cast<std::size_t>(count)};
  return count > 0;
}

}  // namespace hotline::cli
