#include "framing/frame_batch.h"

#include <array>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/channel.h"
#include "net/stream_access.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::framing::frame_batch_test {
namespace {

/// Counts the writes.
class WriteCount final : public TrafficTap {
 public:
  void received(const Endpoint&, Bytes) noexcept override {}
  void sent(const Endpoint&, Bytes) noexcept override { ++count; }

  int count = 0;
};

struct Written {
  std::string text;
  int pieces = 0;
};

Written written(const Framing& framing, const std::vector<std::string>& payloads) {
  auto [ours, peer] = test::stream_pair();
  WriteCount writes;
  Stream stream =
      net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(ours)),
                              *Endpoint::parse("unix:@peer"), {.timeouts = {}, .tap = &writes});
  std::string text;
  {
    const std::jthread reader([&, fd = peer.get()] { text = test::receive_until_end(fd); });
    std::array<std::byte, 1000> memory;
    FrameBatch batch(stream, memory);
    for (const std::string& payload : payloads) {
      REQUIRE(batch.add(*encode(framing, as_bytes(payload)), as_bytes(payload)));
    }
    REQUIRE(batch.flush());
    stream.close();
  }
  return {text, writes.count};
}

}  // namespace

TEST_CASE("small frames are written together, in order") {
  const Written wrote = written(*Framing::parse("netstring"), {"one", "", "three"});
  CHECK(wrote.text == "3:one,0:,5:three,");
  CHECK(wrote.pieces == 1);
}

TEST_CASE("no frames write nothing") {
  const Written wrote = written(*Framing::parse("netstring"), {});
  CHECK(wrote.text == "");
  CHECK(wrote.pieces == 0);
}

TEST_CASE("large and small frames keep their order over as many writes as necessary") {
  const Framing framing = *Framing::parse("lines");
  std::vector<std::string> payloads;
  std::string expected;
  for (std::size_t i = 0; i < 200; ++i) {
    const std::size_t size = i % 9 == 0 ? 40'000 : i * 37 % 700;
    payloads.emplace_back(size, static_cast<char>('a' + i % 26));
    expected.append(payloads.back()).append("\n");
  }
  CHECK(written(framing, payloads).text == expected);
}

TEST_CASE("a write to a peer that has gone fails") {
  auto [ours, peer] = test::stream_pair();
  Stream stream = net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(ours)),
                                          *Endpoint::parse("unix:@peer"), {});
  peer.reset();
  std::array<std::byte, 1000> memory;
  FrameBatch batch(stream, memory);
  const Framing framing = *Framing::parse("lines");
  REQUIRE(batch.add(*encode(framing, as_bytes("x")), as_bytes("x")));
  CHECK(test::kind_of(batch.flush()) == "reset");
}

}  // namespace hotline::framing::frame_batch_test
