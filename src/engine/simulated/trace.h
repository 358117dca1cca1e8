#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"

namespace hotline::engine {

/// All events of a simulated run in one number: two runs with the same number had the same events,
/// to the byte. The text lines are for people, and are made only if there is a sink.
class Trace {
 public:
  using Sink = std::function<void(std::string_view line)>;

  explicit Trace(Sink sink = {}) : sink_(std::move(sink)) {}

  /// Records that `what`, a literal, happened at `when` on `host`, with its results.
  void note(Duration when, std::string_view host, std::string_view what, std::int64_t first,
            std::int64_t second = 0);

  /// Records bytes that went from one side to the other.
  void note_bytes(Bytes bytes);

  std::uint64_t hash() const { return hash_; }

 private:
  void mix(std::uint64_t word);

  Sink sink_;
  std::uint64_t hash_ = 0;
};

}  // namespace hotline::engine
