#include "server/reply_batch.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/channel.h"
#include "net/stream_access.h"
#include "support/frame_feed.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/sockets.h"

namespace hotline::server::reply_batch_test {
namespace {

using framing::FrameAssembler;

/// Records where the pieces were that were sent.
class PieceTap final : public TrafficTap {
 public:
  void received(const Endpoint&, Bytes) noexcept override {}
  void sent(const Endpoint&, Bytes bytes) noexcept override { pieces.push_back(bytes); }

  std::vector<Bytes> pieces;
};

/// A batch, a stream for it, and requests in one piece of memory.
class Batch {
 public:
  Batch(std::string_view framing, std::string requests)
      : framing_(*Framing::parse(framing)), requests_(std::move(requests)), frames_(framing_) {
    auto [ours, peer] = test::stream_pair();
    peer_ = std::move(peer);
    stream_.emplace(net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(ours)),
                                            *Endpoint::parse("unix:@peer"),
                                            {.timeouts = {}, .tap = &tap_}));
    frames_.feed(std::as_writable_bytes(std::span(requests_)));
  }

  FrameAssembler::Step next() {
    const FrameAssembler::Step step = frames_.next();
    REQUIRE(step.outcome == Decoded::Outcome::frame);
    return step;
  }
  Result<void> add(const FrameAssembler::Step& request, Reply reply) {
    return replies.add(framing_, request, reply);
  }
  /// Answers with a part of the request.
  Result<void> add_part(const FrameAssembler::Step& request, Bytes part) {
    return add(request, Reply::in_place({stream(), request.payload}, part));
  }
  /// Answers the next request with itself.
  void echo() {
    const FrameAssembler::Step step = next();
    REQUIRE(add_part(step, step.payload));
  }
  /// Returns all that a flush sends.
  std::string flushed() {
    REQUIRE(replies.flush(*stream_));
    std::size_t size = 0;
    for (const Bytes piece : tap_.pieces) size += piece.size();
    return test::receive_text(peer_.get(), size);
  }

  Stream& stream() { return *stream_; }
  int peer() const { return peer_.get(); }
  void hang_up() { peer_.reset(); }
  const std::vector<Bytes>& pieces() const { return tap_.pieces; }
  const std::byte* memory() const { return as_bytes(requests_).data(); }
  const Framing& framing() const { return framing_; }

  ReplyBatch replies;

 private:
  Framing framing_;
  std::string requests_;
  FrameAssembler frames_;
  PieceTap tap_;
  UniqueFd peer_;
  std::optional<Stream> stream_;
};

std::string repeated(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("replies that are their own requests are sent as one piece, in place") {
  test::on_each_engine([] {
    for (const char* name : {"lines", "u16be", "u32be", "u32le", "i32le", "varint", "netstring",
                             "mp", "delimiter=--", "fixed=5"}) {
      CAPTURE(name);
      const std::string one = test::wire(*Framing::parse(name), "hello");
      Batch batch(name, one + one + one);
      for (int i = 0; i < 3; ++i) batch.echo();
      CHECK(batch.flushed() == one + one + one);
      REQUIRE(batch.pieces().size() == 1);
      CHECK(batch.pieces()[0].data() == batch.memory());
    }
  });
}

TEST_CASE("a request framed with more bytes than necessary is answered with just enough") {
  test::on_each_engine([] {
    Batch lines("lines", "hello\r\nworld\n");
    lines.echo();
    lines.echo();
    CHECK(lines.flushed() == "hello\nworld\n");
    CHECK(lines.pieces()[0].data() == lines.memory());
    // A length of 5 in two bytes, where one would do.
    Batch varint("varint", std::string("\x85\0"
                                       "hello"
                                       "\x05"
                                       "world",
                                       13));
    const auto request = varint.next();
    const std::string before(as_text(request.payload));
    REQUIRE(varint.add_part(request, request.payload));
    varint.echo();
    CHECK(before == "hello");
    CHECK(varint.flushed() ==
          "\x05"
          "hello"
          "\x05"
          "world");
    CHECK(varint.pieces().front().data() == varint.memory() + 1);
  });
}

TEST_CASE("a reply that is the changed request is sent changed") {
  test::on_each_engine([] {
    Batch batch("u32be", std::string("\0\0\0\x05hello", 9));
    const auto request = batch.next();
    request.payload[0] = std::byte{'J'};
    REQUIRE(batch.add_part(request, request.payload));
    CHECK(batch.flushed() == std::string("\0\0\0\x05Jello", 9));
  });
}

TEST_CASE("a part of the request is framed as that, and its surroundings are not damaged") {
  test::on_each_engine([] {
    const std::string large(2000, 'x');
    Batch batch("netstring", "5:hello,2000:" + large + ",1:b,");
    auto request = batch.next();
    REQUIRE(batch.add_part(request, request.payload.first(4)));
    request = batch.next();
    REQUIRE(batch.add_part(request, request.payload.subspan(1)));
    batch.echo();
    CHECK((batch.flushed() == "4:hell,1999:" + large.substr(1) + ",1:b,"));
  });
}

TEST_CASE("short replies are copied, so that they may be freed at once") {
  test::on_each_engine([] {
    Batch batch("lines", repeated("x\n", 3));
    std::string reply(512, 'r');
    for (int i = 0; i < 3; ++i) REQUIRE(batch.add(batch.next(), reply));
    reply.assign(512, '!');
    CHECK(batch.flushed() == repeated(std::string(512, 'r') + "\n", 3));
    CHECK(batch.pieces().size() == 1);
  });
}

TEST_CASE(
    "long replies that own their bytes are kept, and long parts of a request are sent in place") {
  test::on_each_engine([] {
    Batch batch("lines", "x\n" + std::string(514, 'v') + "\nx\n");
    REQUIRE(batch.add(batch.next(), std::string(513, 'o')));
    const FrameAssembler::Step request = batch.next();
    const Bytes part = request.payload.subspan(1);
    REQUIRE(batch.add_part(request, part));
    REQUIRE(batch.add(batch.next(), std::string(100'000, 'p')));
    CHECK((batch.flushed() == std::string(513, 'o') + "\n" + std::string(513, 'v') + "\n" +
                                  std::string(100'000, 'p') + "\n"));
    CHECK(std::ranges::any_of(batch.pieces(),
                              [&](Bytes piece) { return piece.data() == part.data(); }));
  });
}

TEST_CASE("a reply that owns its bytes is never taken for its request, even at the same length") {
  test::on_each_engine([] {
    for (const char* name : {"lines", "u32be", "netstring"}) {
      CAPTURE(name);
      const Framing framing = *Framing::parse(name);
      Batch batch(name, test::wire(framing, "hello") + test::wire(framing, "world"));
      REQUIRE(batch.add(batch.next(), "HELLO"));
      REQUIRE(batch.add(batch.next(), Reply::constant("WORLD")));
      CHECK(batch.flushed() == test::wire(framing, "HELLO") + test::wire(framing, "WORLD"));
    }
  });
}

TEST_CASE("an empty reply is a frame, also for an empty request") {
  test::on_each_engine([] {
    Batch batch("netstring", "0:,1:a,0:,");
    batch.echo();
    REQUIRE(batch.add(batch.next(), ""));
    REQUIRE(batch.add(batch.next(), std::string()));
    CHECK(batch.flushed() == "0:,0:,0:,");
  });
}

TEST_CASE("a reply that cannot be framed adds nothing, and the others are sent") {
  test::on_each_engine([] {
    Batch batch("lines", "one\ntwo\nthree\n");
    batch.echo();
    CHECK(test::kind_of(batch.add(batch.next(), "a\nb")) == "invalid_argument");
    batch.echo();
    CHECK(batch.flushed() == "one\nthree\n");
    Batch fixed("fixed=3", "onetwo");
    CHECK(test::kind_of(fixed.add(fixed.next(), "four")) == "invalid_argument");
    CHECK(fixed.flushed().empty());
  });
}

TEST_CASE("a batch is full of pieces, of bytes or of copies, and empty again after a flush") {
  test::on_each_engine([] {
    for (const std::size_t size : {1U, 512U, 1000U, 100'000U}) {
      CAPTURE(size);
      Batch batch("lines", repeated("x\n", 100'000));
      std::string expected;
      const auto fill = [&] {
        int count = 0;
        for (; !batch.replies.is_full(); ++count) {
          REQUIRE(count < 50'000);
          REQUIRE(batch.add(batch.next(), std::string(size, 'r')));
          expected += std::string(size, 'r') + "\n";
        }
        return count;
      };
      const int first = fill();
      CHECK(first > 1);
      std::string received;
      std::jthread reader([&] {
        received =
            test::receive_text(batch.peer(), 2 * static_cast<std::size_t>(first) * (size + 1));
      });
      REQUIRE(batch.replies.flush(batch.stream()));
      CHECK_FALSE(batch.replies.is_full());
      CHECK(fill() == first);
      REQUIRE(batch.replies.flush(batch.stream()));
      reader.join();
      CHECK((received == expected));
    }
  });
}

TEST_CASE("without replies nothing is written, and cleared replies are not sent") {
  test::on_each_engine([] {
    Batch batch("lines", "one\ntwo\n");
    CHECK(batch.flushed().empty());
    batch.replies.flush_now(batch.stream());
    batch.echo();
    batch.replies.clear();
    CHECK(batch.flushed().empty());
    batch.echo();
    CHECK(batch.flushed() == "two\n");
  });
}

TEST_CASE("what is written without waiting is sent once, and the rest with the flush") {
  test::on_each_engine([] {
    Batch batch("lines", repeated("x\n", 9));
    const std::string large(1024 * 1024, 'l');
    std::string expected;
    for (int i = 0; i < 3; ++i) {
      REQUIRE(batch.add(batch.next(), "short"));
      REQUIRE(batch.add(batch.next(), large));
      expected += "short\n" + large + "\n";
    }
    batch.replies.flush_now(batch.stream());
    batch.replies.flush_now(batch.stream());
    CHECK_FALSE(batch.pieces().empty());
    REQUIRE(batch.add(batch.next(), "last"));
    expected += "last\n";
    std::string received;
    std::jthread reader([&] { received = test::receive_text(batch.peer(), expected.size()); });
    REQUIRE(batch.replies.flush(batch.stream()));
    reader.join();
    CHECK((received == expected));
  });
}

TEST_CASE("when all was written without waiting, nothing is left to flush") {
  test::on_each_engine([] {
    Batch batch("lines", "one\ntwo\nthree\n");
    batch.echo();
    batch.echo();
    batch.replies.flush_now(batch.stream());
    CHECK(test::receive_text(batch.peer(), 8) == "one\ntwo\n");
    const std::size_t before = batch.pieces().size();
    REQUIRE(batch.replies.flush(batch.stream()));
    CHECK(batch.pieces().size() == before);
    batch.echo();
    REQUIRE(batch.replies.flush(batch.stream()));
    CHECK(test::receive_text(batch.peer(), 6) == "three\n");
  });
}

TEST_CASE("after a flush that had no memory the batch writes without waiting again") {
  test::on_each_loop([](engine::EventLoop&) {
    Batch batch("lines", "one\ntwo\n");
    const std::size_t filled = test::fill(batch.stream().descriptor());
    batch.echo();
    bool has_thrown = false;
    {
      const test::MemoryShortage shortage;
      try {
        discard(batch.replies.flush(batch.stream()));
      } catch (const std::bad_alloc&) {
        has_thrown = true;
      }
    }
    CHECK(has_thrown);
    batch.replies.clear();
    test::receive_text(batch.peer(), filled);
    batch.echo();
    batch.replies.flush_now(batch.stream());
    std::array<char, 8> text{};
    REQUIRE(::recv(batch.peer(), text.data(), text.size(), MSG_DONTWAIT) == 4);
    CHECK(std::string_view(text.data(), 4) == "two\n");
  });
}

TEST_CASE("a peer that has gone fails the flush, and not a write without waiting") {
  test::on_each_engine([] {
    Batch batch("lines", "one\ntwo\n");
    batch.echo();
    batch.hang_up();
    batch.replies.flush_now(batch.stream());
    CHECK(test::kind_of(batch.replies.flush(batch.stream())) == "reset");
    CHECK(batch.replies.flush(batch.stream()));
  });
}

}  // namespace hotline::server::reply_batch_test
