#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// The streams that a program writes to.
enum class StandardStream : std::uint8_t { output = 1, error = 2 };

/// Opens those of the three standard descriptors that are closed, so that no socket or file takes
/// their numbers. Reading such a standard input, or writing to such an output, fails with EBADF as
/// on a closed descriptor. Call it first in a program, before it starts threads. Returns 0, or the
/// errno if a descriptor could not be opened.
int hold_standard_streams();

/// From now on a write to a pipe that no process reads fails with EPIPE, and one beyond the limit
/// on the size of files with EFBIG, instead of ending the program by a signal. Programs that are
/// started later inherit that. A program's own handler stays. Any thread.
void fail_lost_writes();

/// Writes all of `text`. Blocks while `stream` has no room, even if another process has set
/// O_NONBLOCK on it; so never call it on a loop. Returns 0, or the errno of the write that failed.
int write_standard(StandardStream stream, std::string_view text);

/// Writes as much of `text` as needs no wait; a pipe takes a text of up to PIPE_BUF bytes entirely
/// or not at all. Returns the number of bytes, the
/// negated EAGAIN if there is no room, or the negated errno of the write that failed.
int write_standard_at_once(StandardStream stream, std::string_view text);

/// Writes all of `text`, usually one line, but waits no longer than `patience` for room. Returns 0,
/// EAGAIN if there was no room by then, or the errno of the write that failed. After a failure a
/// part of `text` may have been written; a pipe takes a text of up to PIPE_BUF bytes entirely or
/// not at all. Blocks the thread.
int write_standard_within(StandardStream stream, std::string_view text,
                          std::chrono::milliseconds patience);

/// Waits until `stream` has room, for at most `patience`. Returns false if it has none by then: a
/// write would wait for the process that reads it. Blocks the thread.
bool wait_for_room(StandardStream stream, std::chrono::milliseconds patience);

/// The size of a terminal in characters.
struct TerminalSize {
  std::size_t columns = 0;
  std::size_t rows = 0;

  bool operator==(const TerminalSize&) const = default;
};

/// Returns the size of the terminal that `stream` is, or nullopt if it is not a terminal or its
/// size is unknown.
std::optional<TerminalSize> terminal_size(StandardStream stream);

}  // namespace hotline
