#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "net/stream_access.h"
#include "net/stream_state.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::layered_stream_test {
namespace {

/// Writes each byte twice, and ends with a '.'; opens by an exchange of '?' and '!'.
class Doubling final : public StreamLayer {
 public:
  enum class Opening : bool { none, exchange };

  explicit Doubling(Opening opening = Opening::none) : opening_(opening) {}

  Result<bool> open(Bytes& wire, std::vector<std::byte>& out) override {
    if (opening_ == Opening::none) return true;
    if (!std::exchange(has_asked_, true)) out.push_back(std::byte{'?'});
    if (wire.empty()) return false;
    const bool is_right = wire.front() == std::byte{'!'};
    wire = wire.subspan(1);
    if (is_right) return true;
    return fail(make_error(ErrorKind::permission_denied, "open", {}, "no !"));
  }

  Result<std::size_t> decode(Bytes& wire, MutableBytes plain, std::vector<std::byte>&) override {
    std::size_t count = 0;
    while (!wire.empty() && count < plain.size()) {
      const std::byte next = wire.front();
      if (next == std::byte{'.'}) {
        if (count > 0) return count;
        has_ended_ = true;
        return fail(make_error(ErrorKind::closed, "receive from", {}, {}));
      }
      wire = wire.subspan(1);
      if (!half_) {
        half_ = next;
      } else if (*half_ == next) {
        half_.reset();
        plain[count++] = next;
      } else {
        return fail(make_error(ErrorKind::protocol_violation, "receive from", {}, "not doubled"));
      }
    }
    return count;
  }

  Result<void> encode(Bytes plain, std::vector<std::byte>& out) override {
    ++records;
    for (const std::byte each : plain) out.insert(out.end(), 2, each);
    return {};
  }

  Result<void> encode_end(std::vector<std::byte>& out) override {
    out.push_back(std::byte{'.'});
    return {};
  }

  ErrorKind end_of_wire() const override {
    return has_ended_ ? ErrorKind::closed : ErrorKind::truncated;
  }

  int records = 0;

 private:
  Opening opening_;
  bool has_asked_ = false;
  bool has_ended_ = false;
  std::optional<std::byte> half_;
};

struct LayeredCall {
  Stream stream;
  UniqueFd peer;
  Doubling* layer;
};

LayeredCall layered(Doubling::Opening opening = Doubling::Opening::none) {
  auto [ours, peer] = test::stream_pair();
  Stream stream = net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(ours)),
                                          *Endpoint::parse("unix:@peer"), {});
  auto layer = std::make_unique<Doubling>(opening);
  Doubling* const raw = layer.get();
  REQUIRE(stream.add_layer(std::move(layer)));
  return {std::move(stream), std::move(peer), raw};
}

std::string received(Stream& stream) {
  const auto bytes = stream.receive();
  return bytes ? std::string(as_text(*bytes)) : "";
}

}  // namespace

TEST_CASE("a layer decodes what arrives and encodes what is written") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    test::send_text(call.peer.get(), "aabb");
    CHECK(received(call.stream) == "ab");
    CHECK(call.stream.write_all(as_bytes("hey")));
    CHECK(test::receive_text(call.peer.get(), 6) == "hheeyy");
  });
}

TEST_CASE("a receive waits on if what arrived decodes to nothing") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    test::send_text(call.peer.get(), "a");
    CHECK(call.stream.receive_now()->empty());
    test::send_text(call.peer.get(), "ab");
    CHECK(received(call.stream) == "a");
    CHECK(call.stream.receive_now()->empty());
  });
}

TEST_CASE("what does not fit a read is left for the next one") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    test::send_text(call.peer.get(), "aabbcc");
    std::array<std::byte, 2> two{};
    CHECK(call.stream.read_exact(two));
    CHECK(as_text(two) == "ab");
    CHECK(call.stream.has_unread());
    CHECK(received(call.stream) == "c");
    CHECK_FALSE(call.stream.has_unread());
  });
}

TEST_CASE("more than a buffer is decoded in pieces without a loss") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    const std::string text(100'000, 'x');
    std::thread sender([&] { test::send_text(call.peer.get(), text + text); });
    std::size_t total = 0;
    while (total < text.size()) total += received(call.stream).size();
    CHECK(total == text.size());
    sender.join();
  });
}

TEST_CASE("all that has arrived is decoded at once") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    // Two buffers of the smallest size.
    const std::string wire(2 * net::LayerCodec::kRecordBytes, 'x');
    test::send_text(call.peer.get(), wire);
    CHECK(received(call.stream).size() == wire.size() / 2);
  });
}

TEST_CASE("more than one record is decoded at once, up to a large buffer") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    const std::string wire(96 * 1024, 'x');
    test::send_text(call.peer.get(), wire);
    std::size_t total = received(call.stream).size();
    CHECK(total > net::LayerCodec::kRecordBytes);
    while (total < wire.size() / 2) total += received(call.stream).size();
    CHECK(total == wire.size() / 2);
  });
}

TEST_CASE("where the loop has small buffers only, as much as a record is decoded at once") {
  if (!probe_uring().is_usable) return;
  test::on_loop(EngineKind::uring,
                [](engine::EventLoop&) {
                  LayeredCall call = layered();
                  const std::string wire(3 * net::LayerCodec::kRecordBytes, 'x');
                  test::send_text(call.peer.get(), wire);
                  CHECK(received(call.stream).size() == net::LayerCodec::kRecordBytes);
                  CHECK(received(call.stream).size() == net::LayerCodec::kRecordBytes / 2);
                },
                {.receive_buffer_bytes = 4096});
}

TEST_CASE("an end that arrives with earlier bytes is returned after them, and stays") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    // On uring the end is in the second buffer.
    const std::string wire(net::LayerCodec::kRecordBytes, 'x');
    test::send_text(call.peer.get(), wire + ".");
    CHECK(received(call.stream).size() == wire.size() / 2);
    CHECK(call.stream.has_unread());
    CHECK(test::kind_of(call.stream.receive()) == "closed");
    CHECK(test::kind_of(call.stream.receive()) == "closed");
  });
}

TEST_CASE("a failure in a later buffer is returned after the bytes before it, and stays") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    const std::string wire(net::LayerCodec::kRecordBytes, 'x');
    test::send_text(call.peer.get(), wire + "yz");
    auto bytes = call.stream.receive();
    // Where one buffer has all of it, the layer fails before it returns any.
    if (bytes) {
      CHECK(bytes->size() == wire.size() / 2);
      CHECK(call.stream.has_unread());
      bytes = call.stream.receive();
    }
    CHECK(test::kind_of(bytes) == "protocol_violation");
    CHECK(test::kind_of(call.stream.receive()) == "protocol_violation");
  });
}

TEST_CASE("the handshake comes before the first receive, or on request") {
  test::on_each_engine([] {
    LayeredCall call = layered(Doubling::Opening::exchange);
    test::send_text(call.peer.get(), "!aa");
    CHECK(call.stream.handshake());
    CHECK(test::receive_text(call.peer.get(), 1) == "?");
    CHECK(received(call.stream) == "a");
    LayeredCall lazy = layered(Doubling::Opening::exchange);
    test::send_text(lazy.peer.get(), "!bb");
    CHECK(received(lazy.stream) == "b");
    LayeredCall writing = layered(Doubling::Opening::exchange);
    test::send_text(writing.peer.get(), "!");
    CHECK(writing.stream.write_all(as_bytes("c")));
    CHECK(test::receive_text(writing.peer.get(), 3) == "?cc");
  });
}

TEST_CASE("a handshake that fails ends the stream, and the failure stays") {
  test::on_each_engine([] {
    LayeredCall call = layered(Doubling::Opening::exchange);
    test::send_text(call.peer.get(), "x");
    const auto opened = call.stream.handshake();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().message() == "cannot open unix:@peer: no !");
    CHECK(test::kind_of(call.stream.receive()) == "permission_denied");
    CHECK(test::kind_of(call.stream.write_all(as_bytes("x"))) == "permission_denied");
  });
}

TEST_CASE("a peer that leaves during the handshake leaves a truncated stream") {
  test::on_each_engine([] {
    LayeredCall call = layered(Doubling::Opening::exchange);
    ::shutdown(call.peer.get(), SHUT_WR);
    CHECK(test::kind_of(call.stream.handshake()) == "truncated");
  });
}

TEST_CASE("an end of the socket without the layer's end is a truncated stream") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    test::send_text(call.peer.get(), "aa");
    CHECK(received(call.stream) == "a");
    call.peer.reset();
    CHECK(test::kind_of(call.stream.receive()) == "truncated");
    CHECK(test::kind_of(call.stream.receive()) == "truncated");
  });
}

TEST_CASE("the layer's end is an orderly end, although the socket stays open") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    test::send_text(call.peer.get(), "aa.");
    CHECK(received(call.stream) == "a");
    CHECK(test::kind_of(call.stream.receive()) == "closed");
    CHECK(test::kind_of(call.stream.receive()) == "closed");
    CHECK(call.stream.write_all(as_bytes("b")));
    CHECK(test::receive_text(call.peer.get(), 2) == "bb");
  });
}

TEST_CASE("ending the writes and closing send the layer's end once") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    CHECK(call.stream.write_all(as_bytes("a")));
    CHECK(call.stream.shut_down_writes());
    call.stream.close();
    CHECK(test::receive_until_end(call.peer.get()) == "aa.");
    LayeredCall closed = layered();
    CHECK(closed.stream.handshake());
    closed.stream.close();
    CHECK(test::receive_until_end(closed.peer.get()) == ".");
    UniqueFd peer;
    {
      LayeredCall dropped = layered();
      CHECK(dropped.stream.handshake());
      peer = std::move(dropped.peer);
    }
    CHECK(test::receive_until_end(peer.get()) == ".");
  });
}

TEST_CASE("an abort sends no end, so that nothing looks complete") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    call.stream.abort();
    CHECK(test::receive_until_end(call.peer.get()).empty());
  });
}

TEST_CASE("small pieces are encoded together, and large ones by themselves") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    const std::array<Bytes, 3> pieces{as_bytes("a"), as_bytes("b"), as_bytes("c")};
    CHECK(call.stream.write_all(pieces));
    CHECK(call.layer->records == 1);
    CHECK(test::receive_text(call.peer.get(), 6) == "aabbcc");
  });
}

TEST_CASE("a write that must not wait counts what was encoded, and the next write sends the rest") {
  test::on_each_engine([] {
    LayeredCall call = layered();
    CHECK(call.stream.handshake());
    const std::string text(64 * 1024, 'x');
    std::size_t written = 0;
    std::size_t now = 0;
    do {
      const std::array<Bytes, 1> pieces{as_bytes(text)};
      now = call.stream.write_now(pieces);
      written += now;
    } while (now == text.size());
    CHECK(net::StreamAccess::has_unsent(call.stream));
    std::string seen;
    std::thread reader([&] { seen = test::receive_text(call.peer.get(), 2 * written + 2); });
    CHECK(call.stream.write_all(as_bytes("y")));
    reader.join();
    CHECK(seen == std::string(2 * written, 'x') + "yy");
  });
}

TEST_CASE("bytes that had arrived before the layer belong to it") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Stream stream = net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(ours)),
                                            *Endpoint::parse("unix:@peer"), {});
    test::send_text(peer.get(), "xaabb");
    std::array<std::byte, 1> one{};
    CHECK(stream.read_exact(one));
    REQUIRE(stream.add_layer(std::make_unique<Doubling>()));
    CHECK(received(stream).starts_with("a"));
    CHECK(test::kind_of(stream.add_layer(std::make_unique<Doubling>())) == "unsupported");
  });
}

TEST_CASE("a stream that leaves its loop keeps what was not decoded") {
  test::on_each_loop([](engine::EventLoop&) {
    LayeredCall call = layered();
    test::send_text(call.peer.get(), "aabbcc");
    std::array<std::byte, 1> one{};
    CHECK(call.stream.read_exact(one));
    call.stream.leave_loop();
    CHECK(received(call.stream) == "bc");
  });
}

}  // namespace hotline::layered_stream_test
