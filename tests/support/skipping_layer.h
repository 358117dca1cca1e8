#pragma once

#include <cstddef>
#include <vector>

#include "hotline/net/stream_layer.h"

namespace hotline::test {

/// Drops each '~' that it decodes, as TLS does with the beginning of a record.
class SkippingLayer final : public StreamLayer {
 public:
  Result<std::size_t> decode(Bytes& wire, MutableBytes plain, std::vector<std::byte>&) override {
    std::size_t count = 0;
    for (; !wire.empty() && count < plain.size(); wire = wire.subspan(1)) {
      if (wire.front() != std::byte{'~'}) plain[count++] = wire.front();
    }
    return count;
  }
  Result<void> encode(Bytes plain, std::vector<std::byte>& out) override {
    out.insert(out.end(), plain.begin(), plain.end());
    return {};
  }
  Result<void> encode_end(std::vector<std::byte>&) override { return {}; }
};

}  // namespace hotline::test
