#include <doctest/doctest.h>

#include <signal.h>

#include <memory>
#include <string>

#include "contract/peer.h"
#include "contract/server_process.h"
#include "hotline/engine/clock.h"
#include "hotline/framing/frame_stream.h"

// A reply that was cut off must not look complete: the peer sees a reset. UNIX sockets have none,
// so there the peer sees an end after what was sent.

using contract::observed;
using contract::Peer;
using contract::row;
using contract::ServerProcess;
using hotline::as_bytes;
using hotline::Message;
using hotline::Reply;
using hotline::Stream;

namespace {

// More than any socket takes unread.
constexpr std::size_t kReplyBytes = 24 * 1024 * 1024;

void impatient(hotline::ServerOptions& options) {
  options.timeouts.write = std::chrono::milliseconds(200);
}

void soon_cut(hotline::ServerOptions& options) {
  options.drain_timeout = std::chrono::milliseconds(100);
}

bool has_returned() {
  return contract::eventually([] { return observed().returns > 0; });
}

bool has_begun() {
  return contract::eventually([] { return observed().calls > 0; });
}

/// Reads what arrives: less than the whole, and then a reset where there are resets.
void check_cut_off(const ServerProcess& server, Peer& peer, std::size_t whole = kReplyBytes) {
  const std::size_t received = peer.receive_to_end().size();
  CHECK(received < whole);
  const bool is_unix = server.endpoint().transport() == hotline::Transport::unix_;
  CHECK(peer.was_reset() == !is_unix);
}

/// As the README's example does: returns when a write fails.
void write_once(Stream& call) {
  const std::string reply(kReplyBytes, 'x');
  static_cast<void>(call.receive());
  ++observed().calls;
  if (!call.write_all(as_bytes(reply))) ++observed().returns;
}

void write_pieces(Stream& call) {
  const std::string reply(kReplyBytes / 2, 'x');
  const hotline::Bytes pieces[] = {as_bytes(reply), as_bytes(reply)};
  static_cast<void>(call.receive());
  static_cast<void>(call.write_all(pieces));
  ++observed().returns;
}

/// Leaves the rest of a write that did not wait.
void write_what_goes(Stream& call) {
  const std::string reply(kReplyBytes, 'x');
  const hotline::Bytes pieces[] = {as_bytes(reply)};
  static_cast<void>(call.receive());
  observed().sent = static_cast<long long>(call.write_now(pieces));
  ++observed().returns;
}

void write_some_only(Stream& call) {
  const std::string reply(kReplyBytes, 'x');
  static_cast<void>(call.receive());
  observed().sent = static_cast<long long>(call.write_some(as_bytes(reply)).value_or(0));
  ++observed().returns;
}

/// Ends its writes after one that failed, and closes.
void end_in_good_order(Stream& call) {
  const std::string reply(kReplyBytes, 'x');
  static_cast<void>(call.receive());
  static_cast<void>(call.write_all(as_bytes(reply)));
  call.when_dropped(hotline::WhenDropped::close);
  if (!call.shut_down_writes()) ++observed().flag;
  call.close();
  ++observed().returns;
}

/// Moves the stream to itself, and drops it.
void take_and_drop(Stream& call) {
  const std::string reply(kReplyBytes, 'x');
  Stream own = std::move(call);
  static_cast<void>(own.receive());
  static_cast<void>(own.write_all(as_bytes(reply)));
  ++observed().returns;
}

void write_frame(Stream& call) {
  hotline::FrameStream frames(call, {hotline::Framing::Kind::u32be});
  static_cast<void>(call.receive());
  static_cast<void>(frames.write_frame(as_bytes(std::string(kReplyBytes / 2, 'x'))));
  ++observed().returns;
}

/// Begins a reply, and gives up when the server is cut.
void reply_slowly(Stream& call) {
  if (!call.receive() || !call.write_all(as_bytes("begin "))) return;
  while (hotline::sleep_for(std::chrono::milliseconds(2))) {
  }
}

Reply answer_at_length(const Message&) {
  ++observed().calls;
  return std::string(kReplyBytes / 2, 'x');
}

}  // namespace

TEST_CASE("A reply that its caller does not read ends with a reset, however it is written") {
  for (const auto handler :
       {write_once, write_pieces, end_in_good_order, take_and_drop, write_frame}) {
    for (const std::string& uri : contract::stream_endpoints(contract::Seeds::first)) {
      CAPTURE(uri);
      ServerProcess server(uri, handler, impatient);
      Peer peer(server.endpoint());
      peer.send("go");
      CHECK(has_returned());
      check_cut_off(server, peer);
      CHECK(observed().flag == (handler == end_in_good_order ? 1 : 0));
    }
  }
}

TEST_CASE("A partial write ends with a reset, because the rest was never written") {
  for (const auto handler : {write_what_goes, write_some_only}) {
    for (const std::string& uri : contract::stream_endpoints()) {
      CAPTURE(uri);
      ServerProcess server(uri, handler, impatient);
      Peer peer(server.endpoint());
      peer.send("go");
      CHECK(has_returned());
      CHECK(observed().sent > 0);
      check_cut_off(server, peer);
    }
  }
}

TEST_CASE("A later write that succeeds does not undo one that failed") {
  const auto go_on = [](Stream& call) {
    const std::string reply(kReplyBytes, 'x');
    static_cast<void>(call.receive());
    static_cast<void>(call.write_all(as_bytes(reply)));
    ++observed().calls;
    // The caller reads now.
    call.set_timeouts({});
    if (call.write_all(as_bytes("end"))) ++observed().returns;
  };
  for (const std::string& uri : contract::stream_endpoints(contract::Seeds::first)) {
    CAPTURE(uri);
    ServerProcess server(uri, go_on, impatient);
    Peer peer(server.endpoint());
    peer.send("go");
    CHECK(has_begun());
    check_cut_off(server, peer);
    CHECK(has_returned());
  }
}

TEST_CASE("A reply that the deadline of a drain cuts during a write ends with a reset") {
  for (const std::string& uri : contract::stream_endpoints(contract::Seeds::first)) {
    CAPTURE(uri);
    ServerProcess server(uri, write_once, soon_cut);
    Peer peer(server.endpoint());
    peer.send("go");
    CHECK(has_begun());
    server.drain();
    CHECK(server.wait().cut == 1);
    check_cut_off(server, peer);
  }
}

TEST_CASE("A handler that is cut between two writes ends with a reset") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, reply_slowly, soon_cut);
    Peer peer(server.endpoint());
    peer.send("go");
    CHECK(peer.receive(6) == "begin ");
    server.drain();
    CHECK(server.wait().cut == 1);
    check_cut_off(server, peer);
  }
}

TEST_CASE("A message handler's reply that cannot be sent ends its call with a reset") {
  for (const std::string framing : {"?framing=u32be", "?framing=lines", "?framing=netstring"}) {
    const std::string request = framing == "?framing=u32be"   ? std::string("\0\0\0\2go", 6)
                                : framing == "?framing=lines" ? "go\n"
                                                              : "2:go,";
    for (const std::string& uri : contract::stream_endpoints(contract::Seeds::first)) {
      CAPTURE(uri);
      CAPTURE(framing);
      ServerProcess server(uri + framing, answer_at_length, impatient);
      Peer peer(server.endpoint());
      peer.send(request + request + request);
      CHECK(has_begun());
      // When the handler has ended, so has the write.
      server.drain();
      CHECK(server.wait().cut == 0);
      check_cut_off(server, peer, 3 * (kReplyBytes / 2));
    }
  }
}

TEST_CASE("A message whose receiver never sends ready ends its call with a reset") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri + "?framing=ready",
                         [](const Message&) -> Reply { return std::string(100, 'x'); });
    Peer peer(server.endpoint());
    peer.send("2");
    CHECK(peer.receive(5) == "ready");
    peer.send("go");
    CHECK(peer.receive(3) == "100");
    peer.send("nope!");
    CHECK(peer.receive_to_end().empty());
    CHECK(peer.was_reset() == (server.endpoint().transport() != hotline::Transport::unix_));
  }
}
