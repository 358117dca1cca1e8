#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/host_output.h"
#include "cli/shared_spill.h"
#include "hotline/core/bytes.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// An output that is kept until the end: its last bytes in memory, the others in a SharedSpill,
/// which is the same in all calls.
class CollectedOutput {
 public:
  /// So much is in memory at most.
  static constexpr std::size_t kPieceBytes = 64 * 1024;

  using Sink = std::function<Result<void>(std::string_view piece)>;

  /// Adds bytes at the end. Fails as SharedSpill::add().
  Result<void> append(Bytes bytes, SharedSpill& spill);

  std::uint64_t size() const { return spilled_.size() * kPieceBytes + last_.size(); }

  /// Returns a number that is the same for equal outputs, and rarely for others.
  std::size_t digest() const;

  /// Calls `sink` with all bytes, in pieces. Fails as SharedSpill::read() and as `sink`.
  Result<void> read(const SharedSpill& spill, const Sink& sink) const;

  /// Returns all bytes.
  Result<std::string> text(const SharedSpill& spill) const;

  /// Returns true if both have the same bytes.
  Result<bool> is_equal(const CollectedOutput& other, const SharedSpill& spill) const;

 private:
  Result<void> spill_last(SharedSpill& spill);

  std::vector<std::uint64_t> spilled_;  ///< Where the earlier pieces are, each of kPieceBytes.
  std::string last_;
  std::size_t digest_ = 0;  ///< That of the earlier pieces.
};

/// Collects an output.
class CollectingOutput : public HostOutput {
 public:
  /// Takes at most `bytes_max` bytes: more is `too_large`. `into` and `spill` must outlive it.
  CollectingOutput(CollectedOutput& into, SharedSpill& spill, std::uint64_t bytes_max)
      : into_(into), spill_(spill), bytes_max_(bytes_max) {}

  Result<void> take(Bytes piece) override;
  Result<void> finish(OutputEnd) override { return {}; }

 private:
  CollectedOutput& into_;
  SharedSpill& spill_;
  std::uint64_t bytes_max_;
};

}  // namespace hotline::cli
