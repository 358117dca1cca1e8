#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"

namespace hotline::engine {

/// Everything that happened in a simulated run, in one number: two runs with the same number went
/// the same way, to the byte. The lines are for people, and are made only if somebody wants them.
class Trace {
 public:
  using Sink = std::function<void(std::string_view line)>;

  explicit Trace(Sink sink = {}) : sink_(std::move(sink)) {}

  /// `what` happened at `when` on `host`: a literal and what it gave.
  void note(Duration when, std::string_view host, std::string_view what, std::int64_t first,
            std::int64_t second = 0);

  /// Bytes that went from one side to another.
  void note_bytes(Bytes bytes);

  std::uint64_t hash() const { return hash_; }

 private:
  void mix(std::uint64_t word);

  Sink sink_;
  std::uint64_t hash_ = 0;
};

}  // namespace hotline::engine
