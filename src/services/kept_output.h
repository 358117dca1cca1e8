#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/event.h"
#include "hotline/engine/spill_file.h"
#include "services/output_digest.h"

namespace hotline::services {

/// One output of a command that is kept, in a file of limited size: from the command, which writes
/// it, to the client that is attached, which reads it from any offset that is still kept. One
/// fiber or thread writes and one reads at a time, on any loop.
class KeptOutput {
 public:
  /// What is kept at most, and how far the command may be ahead of an attached client.
  struct Bounds {
    std::uint64_t kept_max = std::uint64_t{32} << 20;
    std::uint64_t ahead_max = std::uint64_t{1} << 20;
  };

  /// What a client may not have received yet of what was passed on to it: the credit of its flow,
  /// and what the session and the kernel hold. So much stays kept.
  static constexpr std::uint64_t kInFlightMax = std::uint64_t{4} << 20;

  KeptOutput(SpillFile file, const Bounds& bounds) : file_(std::move(file)), bounds_(bounds) {}

  // For the command.

  /// Waits until bytes can be appended, and returns how many. Without a client that is until
  /// kept_max is reached; then the command waits for one.
  Result<std::size_t> wait_room();

  Result<void> append(Bytes bytes);

  /// Notes that nothing follows; `dropped` bytes were written after that and are not kept.
  void end(std::uint64_t dropped);

  // For the client.

  /// A client that reads. A value.
  struct Reader {
    std::uint64_t number = 0;
    std::uint64_t offset = 0;  ///< Where it begins.
    OutputDigest digest{};     ///< What is before its next byte.
  };

  /// Returns false if attach() would return nullopt.
  bool has_kept(std::optional<std::uint64_t> offset) const;

  /// Begins to read at `offset`; nullopt: at the oldest byte that is kept. Returns nullopt if that
  /// is not kept, or was not written yet. Fails as SpillFile::read().
  Result<std::optional<Reader>> attach(std::optional<std::uint64_t> offset);

  /// Ends reading: the command may run on as if there were no client. Any later attach() has the
  /// same effect for `reader`.
  void detach(const Reader& reader);

  /// Returns the next bytes, at most `size_max`, after waiting for one; empty at the end. Fails
  /// with `closed` if `reader` does not read any more.
  Result<std::string> read(Reader& reader, std::size_t size_max);

  std::uint64_t end_offset() const;
  std::uint64_t dropped() const;

  /// Returns the digest of everything that was appended. After end().
  const OutputDigest& digest() const { return digest_; }

 private:
  std::uint64_t room() const;
  std::uint64_t discardable() const;
  Result<void> make_place(std::uint64_t size);
  Result<void> discard_to(std::uint64_t begin);
  Result<void> add_kept(OutputDigest& digest, std::uint64_t begin, std::uint64_t end) const;
  bool is_reading(const Reader& reader) const { return reader.number == reader_number_; }

  SpillFile file_;
  const Bounds bounds_;
  mutable std::mutex mutex_;
  std::uint64_t begin_ = 0;  ///< The oldest byte that is kept.
  std::uint64_t end_ = 0;
  std::uint64_t read_to_ = 0;                     ///< How far clients have got.
  std::optional<std::uint64_t> reader_offset_{};  ///< What the reader needs from here on.
  std::uint64_t reader_number_ = 0;               ///< 0: no client reads.
  std::uint64_t last_number_ = 0;
  bool has_ended_ = false;
  std::uint64_t dropped_ = 0;
  OutputDigest digest_;        ///< Everything; the writer's.
  OutputDigest begin_digest_;  ///< What is before begin_.
  Event has_room_;
  Event has_grown_;
};

}  // namespace hotline::services
