#pragma once

#include <cstddef>
#include <memory>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"
#include "hotline/engine/on_drain.h"

namespace hotline HOTLINE_PUBLIC {

/// Reads bytes from a pipe, FIFO, terminal or file, such as standard input; use a Stream for a
/// socket. It does not change the blocking mode of the descriptor, which other programs may share.
/// Move only. One fiber or thread may read at a time. After a fiber of a loop has waited on it,
/// only that loop may use it.
///
///     auto input = PipeReader::standard_input();
///     if (!input) return fail(input.error());
///     std::array<std::byte, 4096> bytes;
///     while (const auto size = input->read_some(bytes)) use(Bytes(bytes).first(*size));
///
/// A read of a file blocks the thread until the disk has answered: on a loop, read large files in
/// offload().
class PipeReader {
 public:
  /// Owns `fd`, which must be open for reading.
  explicit PipeReader(UniqueFd fd);

  /// Returns a reader of standard input. The descriptor 0 stays open when the reader is destroyed.
  /// Fails with `resource_exhausted`, and with EBADF if standard input is closed.
  static Result<PipeReader> standard_input();

  PipeReader(PipeReader&&) noexcept;
  PipeReader& operator=(PipeReader&&) noexcept;
  ~PipeReader();

  /// Reads at least one byte into `into`, which must not be empty. Returns how many. Suspends the
  /// fiber; a thread without a loop blocks. Fails with `closed` at the end, with `timed_out` at
  /// `deadline`, with `cancelled`, and with the errno of read(2). A drain ends it with
  /// `draining` if `on_drain` says so and there is nothing to read.
  Result<std::size_t> read_some(MutableBytes into, Deadline deadline = Deadline::never(),
                                OnDrain on_drain = OnDrain::goes_on);

  /// Waits until read_some() would not wait. Fails as read_some() does, except that the end is not
  /// a failure.
  Result<void> wait(Deadline deadline = Deadline::never(), OnDrain on_drain = OnDrain::goes_on);

 private:
  struct State;

  std::unique_ptr<State> state_;
};

/// Writes bytes to a pipe, FIFO, terminal or file. Mode, moves and threads are as for PipeReader.
/// Making a writer changes SIGPIPE and SIGXFSZ for the whole process, unless the program has
/// handlers for them: a write then fails where the signal would end the program.
class PipeWriter {
 public:
  /// Owns `fd`, which must be open for writing.
  explicit PipeWriter(UniqueFd fd);

  PipeWriter(PipeWriter&&) noexcept;
  PipeWriter& operator=(PipeWriter&&) noexcept;
  ~PipeWriter();

  /// Writes at least one byte of `bytes`, which must not be empty. Returns how many. Suspends the
  /// fiber; a thread without a loop blocks. Fails with `reset` if no reader is left, with
  /// `timed_out` at `deadline`, with `cancelled`, and with the errno of write(2). A drain does not
  /// end it.
  Result<std::size_t> write_some(Bytes bytes, Deadline deadline = Deadline::never());

  /// Writes all of `bytes`. Fails as write_some() does; it is then unknown how many were written.
  Result<void> write_all(Bytes bytes, Deadline deadline = Deadline::never());

 private:
  struct State;

  std::unique_ptr<State> state_;
};

}  // namespace hotline
