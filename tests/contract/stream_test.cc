#include <doctest/doctest.h>

#include <new>
#include <stdexcept>
#include <vector>

#include "contract/peer.h"
#include "contract/server_process.h"
#include "hotline/engine/clock.h"
#include "hotline/services/upper.h"

using contract::observed;
using contract::observed_upper;
using contract::Peer;
using contract::ServerProcess;
using contract::upper_cased;
using contract::varied_bytes;
using hotline::ErrorKind;
using hotline::Stream;

namespace {

constexpr std::size_t kBulkBytes = 16 * 1024 * 1024;

/// Answers in upper case, and reports to the test how the call went.
bool ended_with(ErrorKind kind) {
  return contract::eventually([] { return observed().returns == observed().calls; }) &&
         observed().end_kind == static_cast<int>(kind);
}

}  // namespace

TEST_CASE("A message is answered completely") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper);
    Peer peer(server.endpoint());
    CHECK(peer.exchange("hello, Wörld 123") == "HELLO, WöRLD 123");
    CHECK(peer.exchange("again") == "AGAIN");
  }
}

TEST_CASE("Bytes that arrive one at a time are all answered") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper);
    Peer peer(server.endpoint());
    const std::string text = varied_bytes(300);
    for (const char c : text) peer.send({&c, 1});
    CHECK(peer.receive(text.size()) == upper_cased(text));
  }
}

TEST_CASE("16 MB go there and back byte for byte") {
  const std::string text = varied_bytes(kBulkBytes, 7);
  for (const std::string& uri : contract::stream_endpoints(contract::Seeds::first)) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper);
    Peer peer(server.endpoint());
    peer.establish();
    contract::Beside sender([&] {
      peer.send(text);
      peer.end_writes();
    });
    const std::string answer = peer.receive_to_end();
    sender.join();
    CHECK(answer.size() == text.size());
    CHECK(answer == upper_cased(text));
  }
}

TEST_CASE("A caller that ends its writes still gets every reply, and then the end") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper);
    Peer peer(server.endpoint());
    peer.send("last words");
    peer.end_writes();
    CHECK(peer.receive_to_end() == "LAST WORDS");
    CHECK_FALSE(peer.was_reset());
    CHECK(ended_with(ErrorKind::closed));
  }
}

TEST_CASE("A handler that ends its writes can still read") {
  const auto farewell_first = [](Stream& call) {
    ++observed().calls;
    static_cast<void>(call.write_all(hotline::as_bytes("bye")));
    static_cast<void>(call.shut_down_writes());
    while (auto bytes = call.receive())
      observed().received += static_cast<long long>(bytes->size());
    ++observed().returns;
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, farewell_first);
    Peer peer(server.endpoint());
    CHECK(peer.receive_to_end() == "bye");
    peer.send("still there?");
    peer.close();
    CHECK(contract::eventually([] { return observed().returns == 1; }));
    CHECK(observed().received == 12);
  }
}

TEST_CASE("A reset before the first byte ends that call only") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper);
    Peer(server.endpoint()).reset();
    CHECK(Peer(server.endpoint()).exchange("next") == "NEXT");
  }
}

TEST_CASE("A reset while the handler reads is distinguished from an orderly end") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper);
    const bool is_unix = server.endpoint().transport() == hotline::Transport::unix_;
    Peer peer(server.endpoint());
    CHECK(peer.exchange("one") == "ONE");
    // UNIX sockets have no reset of their own: unread bytes at the close cause one.
    if (is_unix) {
      peer.send("two");
      CHECK(contract::eventually([&] { return peer.is_readable(); }));
    }
    peer.reset();
    CHECK(ended_with(ErrorKind::reset));
    CHECK(Peer(server.endpoint()).exchange("next") == "NEXT");
  }
}

TEST_CASE("A reset while the handler writes ends that call only") {
  const auto flood = [](Stream& call) {
    ++observed().calls;
    const std::string chunk(64 * 1024, 'x');
    while (call.write_all(hotline::as_bytes(chunk))) {
    }
    observed().end_kind = static_cast<int>(call.end_reason()->kind);
    ++observed().returns;
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, flood);
    Peer peer(server.endpoint());
    CHECK(peer.receive(100'000).size() == 100'000);
    peer.reset();
    CHECK(ended_with(ErrorKind::reset));
    CHECK(Peer(server.endpoint()).receive(10) == "xxxxxxxxxx");
  }
}

TEST_CASE("A caller that never reads is timed out, and uses limited memory") {
  const auto impatient = [](hotline::ServerOptions& options) {
    options.timeouts.write = std::chrono::milliseconds(300);
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper, impatient);
    const std::size_t before = server.resident_bytes();
    Peer peer(server.endpoint());
    const std::string chunk = varied_bytes(256 * 1024);
    std::size_t most = 0;
    CHECK(contract::eventually([&] {
      peer.send_what_goes(chunk);
      most = std::max(most, server.resident_bytes());
      return observed().returns == 1;
    }));
    CHECK(observed().end_kind == static_cast<int>(ErrorKind::timed_out));
    CHECK(most < before + contract::memory_slack_bytes());
  }
}

TEST_CASE("What a handler does not read stays in the socket, and is all there when it reads") {
  const auto late_reader = [](Stream& call) {
    ++observed().calls;
    if (!call.receive()) return;
    while (observed().flag == 0)
      static_cast<void>(hotline::sleep_for(std::chrono::milliseconds(2)));
    while (auto bytes = call.receive())
      observed().received += static_cast<long long>(bytes->size());
    ++observed().returns;
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, late_reader);
    Peer peer(server.endpoint());
    peer.send("!");
    CHECK(contract::eventually([] { return observed().calls == 1; }));
    const std::size_t before = server.resident_bytes();
    const std::string chunk = varied_bytes(64 * 1024);
    std::size_t sent = 0;
    std::size_t idle = 0;
    while (idle < 50 && sent < 256 * 1024 * 1024) {
      const std::size_t more = peer.send_what_goes(chunk);
      sent += more;
      idle = more == 0 ? idle + 1 : 0;
      if (more == 0) contract::pause(std::chrono::milliseconds(2));
    }
    CHECK(sent < 64 * 1024 * 1024);
    CHECK(server.resident_bytes() < before + contract::memory_slack_bytes());
    observed().flag = 1;
    peer.end_writes();
    CHECK(contract::eventually([] { return observed().returns == 1; }));
    // The first receive may have taken more than the "!".
    CHECK(observed().received <= static_cast<long long>(sent));
    CHECK(observed().received >= static_cast<long long>(sent) - 64 * 1024);
  }
}

TEST_CASE(
    "The first-byte deadline ends a silent caller, the idle deadline one that stops sending") {
  const auto impatient = [](hotline::ServerOptions& options) {
    options.timeouts.first_byte = std::chrono::milliseconds(500);
    options.timeouts.idle = std::chrono::milliseconds(500);
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, observed_upper, impatient);
    Peer silent(server.endpoint());
    CHECK(silent.receive_to_end().empty());
    CHECK(ended_with(ErrorKind::timed_out));
    Peer quiet(server.endpoint());
    CHECK(quiet.exchange("a") == "A");
    CHECK(quiet.receive_to_end().empty());
    CHECK(ended_with(ErrorKind::timed_out));
  }
}

TEST_CASE("A handler that throws ends its own call, with a reset, and no other") {
  const auto moody = [](Stream& call) {
    while (auto bytes = call.receive()) {
      if (hotline::as_text(*bytes) == "throw") throw std::runtime_error("as asked");
      if (hotline::as_text(*bytes) == "throw int") throw 7;
      if (hotline::as_text(*bytes) == "throw memory") throw std::bad_alloc();
      if (!call.write_all(*bytes)) return;
    }
  };
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, moody);
    const bool is_unix = server.endpoint().transport() == hotline::Transport::unix_;
    for (const char* word : {"throw", "throw int", "throw memory"}) {
      Peer peer(server.endpoint());
      peer.send(word);
      CHECK(peer.receive_to_end().empty());
      CHECK(peer.was_reset() == !is_unix);
    }
    CHECK(Peer(server.endpoint()).exchange("fine") == "fine");
    server.drain();
    CHECK(server.wait().handler_failures == 3);
    CHECK(server.exit_status() == 0);
  }
}
