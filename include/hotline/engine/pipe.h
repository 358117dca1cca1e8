#pragma once

#include <cstddef>
#include <memory>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"

namespace hotline {

/// Reads bytes from a pipe, FIFO, terminal or file, such as standard input: what is not a socket,
/// for which a Stream is. The descriptor stays in the mode that it is in, so that other programs
/// that share it are not disturbed. Move only; one fiber or thread reads at a time, and where a
/// loop has waited, only that loop uses it.
///
///     auto input = PipeReader::standard_input();
///     if (!input) return fail(input.error());
///     std::array<std::byte, 4096> bytes;
///     while (const auto size = input->read_some(bytes)) use(Bytes(bytes).first(*size));
///
/// A file is read at once, whatever the disk takes: on a loop read large ones in offload().
class PipeReader {
 public:
  /// Owns `fd`, which must be open for reading.
  explicit PipeReader(UniqueFd fd);

  /// Makes one for standard input. The descriptor 0 stays open when it is destroyed. Fails with
  /// `resource_exhausted`, and with EBADF if standard input is closed.
  static Result<PipeReader> standard_input();

  PipeReader(PipeReader&&) noexcept;
  PipeReader& operator=(PipeReader&&) noexcept;
  ~PipeReader();

  /// Reads at least one byte into `into`, which must not be empty. Returns how many. Suspends the
  /// fiber; a thread without a loop blocks. Fails with `closed` at the end, with `timed_out` at
  /// `deadline`, with `cancelled`, and with the errno of read(2). A drain does not end it.
  Result<std::size_t> read_some(MutableBytes into, Deadline deadline = Deadline::never());

  /// Waits until read_some would not. Fails as that does, except that the end is not a failure.
  Result<void> wait(Deadline deadline = Deadline::never());

 private:
  struct State;

  std::unique_ptr<State> state_;
};

/// Writes bytes to a pipe, FIFO, terminal or file. Mode, moves and threads are as for PipeReader.
/// To make one lets writes fail, in the whole process, where SIGPIPE or SIGXFSZ would end the
/// program, unless it has handlers for them.
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

  /// Writes all of `bytes`. Fails as write_some does; an unknown part of them was written then.
  Result<void> write_all(Bytes bytes, Deadline deadline = Deadline::never());

 private:
  struct State;

  std::unique_ptr<State> state_;
};

}  // namespace hotline
