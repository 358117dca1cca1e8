#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace hotline {

/// The streams that a program writes to.
enum class StandardStream : std::uint8_t { output = 1, error = 2 };

/// Opens those of the three standard descriptors that are closed, so that no socket and no file
/// takes their numbers. Reading such a standard input and writing to such an output fails with
/// EBADF, as it would on a closed one. Call it first in a program, before there are threads.
/// Returns 0, or the errno if there is no descriptor for one of them.
int hold_standard_streams();

/// Writes all of `text`. Waits as long as `stream` takes no more, even if whoever shares it has set
/// O_NONBLOCK; so never call it on a loop. Returns 0, or the errno of the write that failed.
int write_standard(StandardStream stream, std::string_view text);

/// Writes all of `text`, a line as a rule, but waits no longer than `patience` for room. Returns 0,
/// EAGAIN if there was none by then, or the errno of the write that failed. Up to PIPE_BUF bytes go
/// to a pipe whole or not at all; of a longer text a part may have gone. Blocks the thread.
int write_standard_within(StandardStream stream, std::string_view text,
                          std::chrono::milliseconds patience);

/// Waits until `stream` takes more, at most for `patience`. Returns false if it does not by then: a
/// write would wait for whoever reads it. Blocks the thread.
bool wait_for_room(StandardStream stream, std::chrono::milliseconds patience);

}  // namespace hotline
