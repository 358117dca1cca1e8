#include "net/layer_codec.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::layer_codec_test {
namespace {

/// Passes bytes on unchanged, and fails when it is told to.
class Passing final : public StreamLayer {
 public:
  Result<std::size_t> decode(Bytes& wire, MutableBytes plain,
                             std::vector<std::byte>& out) override {
    if (is_broken) {
      out.push_back(std::byte{'!'});
      return fail(make_error(ErrorKind::protocol_violation, "receive from", {}, "broken"));
    }
    const std::size_t count = std::min(wire.size(), plain.size());
    std::copy_n(wire.begin(), count, plain.begin());
    wire = wire.subspan(count);
    return count;
  }
  Result<void> encode(Bytes plain, std::vector<std::byte>& out) override {
    records.push_back(plain.size());
    if (records.size() > records_max) return refusal();
    out.insert(out.end(), plain.begin(), plain.end());
    return {};
  }
  Result<void> encode_end(std::vector<std::byte>& out) override {
    if (cannot_end) return refusal();
    out.push_back(std::byte{'.'});
    return {};
  }

  static std::unexpected<Error> refusal() {
    return fail(make_error(ErrorKind::protocol_violation, "send to", {}, "refused"));
  }

  bool is_broken = false;
  bool cannot_end = false;
  std::size_t records_max = 100;
  std::vector<std::size_t> records;
};

struct Made {
  std::unique_ptr<Passing> layer = std::make_unique<Passing>();
  Passing& passing = *layer;
  engine::Channel channel{UniqueFd()};
  net::LayerCodec codec{std::move(layer), channel};

  void feed(const std::string& text) {
    engine::Buffer buffer(text.size());
    std::ranges::copy(as_bytes(text), buffer.memory().begin());
    buffer.set_filled(text.size());
    codec.feed(std::move(buffer));
  }
};

iovec piece(const std::string& text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

TEST_CASE("pieces are gathered up to a record, and a larger one is a record of its own") {
  Made made;
  CHECK(made.codec.open() == 1);
  const std::string small(1000, 's');
  const std::string large(net::LayerCodec::kRecordBytes + 1, 'l');
  const std::array pieces{piece(small), piece(small), piece(large), piece(small)};
  CHECK(made.codec.encode(pieces) == 1);
  CHECK(made.passing.records == std::vector<std::size_t>{2000, large.size(), 1000});
  CHECK(made.codec.outgoing.size() == 3000 + large.size());
}

TEST_CASE("the end of the writes is encoded once, and only after the opening") {
  Made made;
  CHECK(made.codec.encode_end() == 1);
  CHECK(made.codec.outgoing.empty());
  CHECK(made.codec.open() == 1);
  CHECK(made.codec.encode_end() == 1);
  CHECK(made.codec.encode_end() == 1);
  CHECK(made.codec.outgoing.size() == 1);
}

TEST_CASE("after a failure every step fails with the first reason") {
  Made made;
  CHECK(made.codec.open() == 1);
  made.feed("text");
  made.passing.is_broken = true;
  std::array<std::byte, 8> into{};
  CHECK(made.codec.decode(into) == net::LayerCodec::kFailed);
  CHECK(made.codec.outgoing.size() == 1);
  made.passing.is_broken = false;
  CHECK(made.codec.decode(into) == net::LayerCodec::kFailed);
  CHECK(made.codec.encode({}) == net::LayerCodec::kFailed);
  CHECK(made.codec.encode_end() == net::LayerCodec::kFailed);
  CHECK(made.codec.end_wire() == net::LayerCodec::kFailed);
  CHECK(made.codec.failure().detail == "broken");
}

TEST_CASE("a record that cannot be encoded fails the write, whichever of it that is") {
  const std::string small(1000, 's');
  const std::string large(net::LayerCodec::kRecordBytes + 1, 'l');
  const std::array pieces{piece(small), piece(large), piece(small)};
  for (std::size_t encoded = 0; encoded < 3; ++encoded) {
    Made made;
    made.passing.records_max = encoded;
    CHECK(made.codec.open() == 1);
    CHECK(made.codec.encode(pieces) == net::LayerCodec::kFailed);
    CHECK(made.passing.records.size() == encoded + 1);
    CHECK(made.codec.failure().detail == "refused");
    CHECK(made.codec.encode(pieces) == net::LayerCodec::kFailed);
    CHECK(made.passing.records.size() == encoded + 1);
  }
}

TEST_CASE("a write that a large piece ends has no record after it, and one of nothing has none") {
  Made made;
  CHECK(made.codec.open() == 1);
  const std::string large(net::LayerCodec::kRecordBytes + 1, 'l');
  const std::array one{piece(large)};
  CHECK(made.codec.encode(one) == 1);
  CHECK(made.codec.encode({}) == 1);
  CHECK(made.passing.records == std::vector<std::size_t>{large.size()});
}

TEST_CASE("an end that cannot be encoded is a failure, and is not tried again") {
  Made made;
  made.passing.cannot_end = true;
  CHECK(made.codec.open() == 1);
  CHECK(made.codec.encode_end() == net::LayerCodec::kFailed);
  made.passing.cannot_end = false;
  CHECK(made.codec.encode_end() == net::LayerCodec::kFailed);
  CHECK(made.codec.outgoing.empty());
}

TEST_CASE("nothing is decoded without bytes, and the rest stays for the next step") {
  Made made;
  CHECK(made.codec.open() == 1);
  std::array<std::byte, 3> into{};
  CHECK(made.codec.decode(into) == 0);
  made.feed("texts");
  CHECK(made.codec.has_buffered());
  CHECK(made.codec.decode(into) == 3);
  CHECK(made.codec.decode(into) == 2);
  CHECK_FALSE(made.codec.has_buffered());
}

}  // namespace hotline::layer_codec_test
