#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "hotline/net/stream_layer.h"

namespace hotline::test {

/// Ends a stream for its reader after some bytes, as a connection that breaks.
class CutLayer final : public StreamLayer {
 public:
  explicit CutLayer(std::size_t bytes) : left_(bytes) {}

  Result<std::size_t> decode(Bytes& wire, MutableBytes plain, std::vector<std::byte>&) override {
    const std::size_t count = std::min({wire.size(), plain.size(), left_});
    if (count == 0 && !wire.empty()) {
      return fail(make_error(ErrorKind::reset, "receive from", {}, "the test has cut it"));
    }
    std::copy_n(wire.begin(), count, plain.begin());
    wire = wire.subspan(count);
    left_ -= count;
    return count;
  }
  Result<void> encode(Bytes plain, std::vector<std::byte>& out) override {
    out.insert(out.end(), plain.begin(), plain.end());
    return {};
  }
  Result<void> encode_end(std::vector<std::byte>&) override { return {}; }

 private:
  std::size_t left_;
};

}  // namespace hotline::test
