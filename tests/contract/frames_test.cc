#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include "contract/peer.h"
#include "contract/server_process.h"
#include "hotline/engine/clock.h"
#include "hotline/services/upper.h"

using contract::observed;
using contract::Peer;
using contract::row;
using contract::ServerProcess;
using contract::upper_cased;
using contract::varied_bytes;
using hotline::Message;
using hotline::Reply;

namespace {

constexpr std::string_view kU32be = "?framing=u32be&max=1MiB";

/// Returns the payload in the framing u32be.
std::string framed(std::string_view payload) {
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame += static_cast<char>(payload.size() >> shift & 0xFF);
  }
  return frame += payload;
}

std::string receive_frame(Peer& peer) {
  std::size_t size = 0;
  for (const char c : peer.receive(4)) size = size << 8 | static_cast<unsigned char>(c);
  return peer.receive(size);
}

std::vector<std::string> framed_endpoints(std::string_view options = kU32be) {
  std::vector<std::string> endpoints;
  for (const std::string& uri : contract::stream_endpoints()) {
    endpoints.push_back(uri + std::string(options));
  }
  return endpoints;
}

/// Waits for the test's flag if the message says so; otherwise answers at once.
Reply wait_if_told(const Message& message) {
  ++observed().calls;
  const bool is_told = hotline::as_text(message.bytes()) == "wait";
  while (is_told && observed().flag == 0) {
    if (!hotline::sleep_for(std::chrono::milliseconds(2))) break;
  }
  ++observed().returns;
  hotline::to_upper(message.bytes());
  return Reply::in_place(message);
}

}  // namespace

TEST_CASE("Every frame is answered with one frame, an empty one with an empty one") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    Peer peer(server.endpoint());
    for (const std::string& text : {std::string("hello"), std::string(), varied_bytes(70'000)}) {
      peer.send(framed(text));
      CHECK(receive_frame(peer) == upper_cased(text));
    }
  }
}

TEST_CASE("Frames that arrive one byte at a time, and many at once, are all answered") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    Peer peer(server.endpoint());
    for (const char c : framed("one") + framed("")) peer.send({&c, 1});
    CHECK(receive_frame(peer) == "ONE");
    CHECK(receive_frame(peer).empty());
    std::string burst;
    for (int i = 0; i < 500; ++i) burst += framed("message " + std::to_string(i));
    peer.send(burst);
    for (int i = 0; i < 500; ++i) CHECK(receive_frame(peer) == "MESSAGE " + std::to_string(i));
  }
}

TEST_CASE("Replies of many sizes keep the order of their requests") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, [](const Message& message) -> Reply {
      const std::size_t size = std::stoul(std::string(hotline::as_text(message.bytes())));
      if (size % 3 == 0) return {};
      return size % 2 == 0 ? Reply(std::string(size, 'x')) : Reply::in_place(message);
    });
    Peer peer(server.endpoint());
    std::string burst;
    for (std::size_t size = 1; size < 40'000; size = size * 3 / 2 + 1) {
      burst += framed(std::to_string(size));
    }
    peer.establish();
    contract::Beside sender([&] { peer.send(burst); });
    for (std::size_t size = 1; size < 40'000; size = size * 3 / 2 + 1) {
      if (size % 3 == 0) continue;
      CHECK(receive_frame(peer) == (size % 2 == 0 ? std::string(size, 'x') : std::to_string(size)));
    }
    sender.join();
  }
}

TEST_CASE("A handler that waits delays the later messages of its call, and no other call") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, wait_if_told);
    Peer slow(server.endpoint());
    slow.send(framed("before") + framed("wait") + framed("behind"));
    CHECK(contract::eventually([] { return observed().calls == 2; }));
    if (!row().is_serial()) {
      Peer other(server.endpoint());
      other.send(framed("other"));
      CHECK(receive_frame(other) == "OTHER");
    }
    observed().flag = 1;
    CHECK(receive_frame(slow) == "BEFORE");
    CHECK(receive_frame(slow) == "WAIT");
    CHECK(receive_frame(slow) == "BEHIND");
  }
}

TEST_CASE("Each time that a handler waits, the replies to the earlier messages are sent") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, contract::wait_for_flag);
    Peer peer(server.endpoint());
    peer.send(framed("now") + framed("1") + framed("2") + framed("now too") + framed("3"));
    CHECK(receive_frame(peer) == "now");
    observed().flag = 1;
    CHECK(receive_frame(peer) == "1");
    observed().flag = 2;
    CHECK(receive_frame(peer) == "2");
    CHECK(receive_frame(peer) == "now too");
    observed().flag = 3;
    CHECK(receive_frame(peer) == "3");
  }
}

TEST_CASE("Data that is not a frame ends its call, after the replies to the frames before it") {
  for (const std::string& uri : framed_endpoints("?framing=netstring&max=100")) {
    for (const std::string_view wrong : {"x", "01:a,", "3:abcd", "101:", "-1:"}) {
      CAPTURE(uri);
      CAPTURE(wrong);
      ServerProcess server(uri, hotline::UpperMessages());
      Peer peer(server.endpoint());
      peer.send("2:ok," + std::string(wrong) + "5:never,");
      peer.end_writes();
      CHECK(peer.receive_to_end() == "2:OK,");
      CHECK_FALSE(peer.was_reset());
      Peer next(server.endpoint());
      CHECK(next.exchange("1:a,") == "1:A,");
    }
  }
}

TEST_CASE(
    "A caller that ends within a frame gets the replies to the earlier frames, and no other") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    const auto counting = [](const Message& message) {
      ++observed().calls;
      return hotline::upper_message(message);
    };
    ServerProcess server(uri, counting);
    const std::string cut = framed("whole") + framed("never whole");
    for (std::size_t size = framed("whole").size(); size < cut.size(); ++size) {
      Peer peer(server.endpoint());
      peer.send(std::string_view(cut).substr(0, size));
      peer.end_writes();
      CHECK(peer.receive_to_end() == framed("WHOLE"));
    }
    server.drain();
    server.wait();
    CHECK(observed().calls == 11 + 4);
  }
}

TEST_CASE("A caller that resets within a frame does not affect other callers") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    for (std::size_t size = 0; size <= 5; ++size) {
      Peer peer(server.endpoint());
      peer.send(framed("hello").substr(0, size));
      peer.reset();
    }
    Peer peer(server.endpoint());
    peer.send(framed("well"));
    CHECK(receive_frame(peer) == "WELL");
  }
}

TEST_CASE("A handler that throws resets its own call only") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, [](const Message& message) -> Reply {
      if (message.bytes().empty()) throw std::runtime_error("empty");
      return hotline::upper_message(message);
    });
    Peer peer(server.endpoint());
    peer.send(framed("good") + framed(""));
    peer.receive_to_end();
    Peer next(server.endpoint());
    next.send(framed("good"));
    CHECK(receive_frame(next) == "GOOD");
    next.close();
    server.drain();
    CHECK(server.wait().handler_failures == 1);
  }
}

TEST_CASE("A drain ends silent framed calls, and answers what has arrived") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, wait_if_told);
    Peer silent(server.endpoint());
    silent.send(framed("hello"));
    CHECK(receive_frame(silent) == "HELLO");
    if (row().is_serial()) silent.close();
    Peer busy(server.endpoint());
    busy.send(framed("wait") + framed("behind"));
    CHECK(contract::eventually([] { return observed().calls == 2; }));
    server.drain();
    if (!row().is_serial()) CHECK(silent.receive_to_end().empty());
    silent.close();
    observed().flag = 1;
    CHECK(receive_frame(busy) == "WAIT");
    CHECK(receive_frame(busy) == "BEHIND");
    CHECK(busy.receive_to_end().empty());
    const auto report = server.wait();
    CHECK(report.cut == 0);
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("A silent framed caller is disconnected at its deadline") {
  const auto impatient = [](hotline::ServerOptions& options) {
    options.timeouts.first_byte = std::chrono::milliseconds(500);
    options.timeouts.idle = std::chrono::milliseconds(500);
  };
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages(), impatient);
    Peer mute(server.endpoint());
    CHECK(mute.receive_to_end().empty());
    Peer peer(server.endpoint());
    peer.send(framed("hello") + framed("half").substr(0, 6));
    CHECK(receive_frame(peer) == "HELLO");
    CHECK(peer.receive_to_end().empty());
  }
}

TEST_CASE("If one call is requested, one message is answered") {
  for (const std::string& uri : framed_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages(), [](hotline::ServerOptions& options) {
      options.calls = hotline::CallCount::one;
    });
    Peer peer(server.endpoint());
    peer.send(framed("first") + framed("second"));
    CHECK(receive_frame(peer) == "FIRST");
    peer.end_writes();
    CHECK(peer.receive_to_end().empty());
    CHECK(server.wait().calls == 1);
  }
}
