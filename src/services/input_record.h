#pragma once

#include <cstdint>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/services/running_command.h"
#include "services/flow_trailer.h"
#include "services/output_digest.h"

namespace hotline::services {

/// Whether the input of a command may have to be sent again, over another connection.
enum class InputMemory : bool { none, keeps_tail };

/// The most bytes at the end of the input that are kept to be sent again. A server that follows
/// docs/wire/remote.md has the command's input up to fewer bytes than its credit, which is not more
/// with the default options of a session.
inline constexpr std::size_t kInputTailMax = 1U << 20;

/// The standard input of a command as its client sends it, over one or more streams: which bytes
/// the current stream carries, and the digests. No I/O. All offsets count from the first byte of
/// the input.
class InputRecord {
 public:
  explicit InputRecord(InputMemory memory, InputBegin begin = InputBegin::first_byte)
      : memory_(memory), begin_(begin) {}

  /// Begins a stream. `offset` is CommandAnswer::input_offset: what the server has already.
  /// `is_wanted`: the server takes input from this stream. Fails with `unsupported` if the bytes
  /// from `offset` on are not kept any more.
  Result<void> begin(bool is_wanted, std::uint64_t offset);

  /// Returns bytes that were added and that this stream has yet to carry. Valid until the next call
  /// of another function.
  Bytes unsent() const;

  /// Notes that the stream carries the next `count` bytes of unsent().
  void note_sent(std::size_t count);

  /// Returns how many of `count` bytes to add next this stream must not carry.
  std::size_t skipped(std::size_t count) const;

  /// Adds bytes. Those after skipped() were sent. Nothing is unsent before.
  void add(Bytes bytes);

  /// Returns true if the server has, with what this stream carries, just what was added: the flow
  /// can end.
  bool is_level() const { return !is_wanted_ || position_ == size(); }

  /// Returns where the input ends: after what was added, and what was there before.
  std::uint64_t size() const { return before_ + added(); }

  /// Returns how many bytes were added.
  std::uint64_t added() const { return whole_.size(); }

  /// Returns the trailer for the end of this stream's flow.
  InputTrailer trailer() const;

 private:
  void carry(Bytes bytes);

  InputMemory memory_;
  InputBegin begin_;
  std::uint64_t before_ = 0;  ///< How many bytes the server had that were never added.
  OutputDigest whole_{};
  OutputDigest flow_{};
  bool is_wanted_ = true;
  std::uint64_t position_ = 0;  ///< Where the next byte of this stream belongs.
  std::string tail_{};          ///< The last bytes that were added.
};

}  // namespace hotline::services
