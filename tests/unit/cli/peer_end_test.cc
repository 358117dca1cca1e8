#include "cli/peer_end.h"

#include <doctest/doctest.h>

namespace hotline::cli::peer_end_test {
namespace {

Error error_of(ErrorKind kind) { return make_error(kind, "receive from", "tcp://h:1", {}); }

const Endpoint kPeer = *Endpoint::parse("tcp://h:1");

}  // namespace

TEST_CASE("a wait that ends leaves the call open") {
  for (const ErrorKind kind : {ErrorKind::timed_out, ErrorKind::draining, ErrorKind::cancelled}) {
    PeerEnd end;
    CHECK(end.may_go_on_after(error_of(kind)));
    CHECK_FALSE(end.has_ended());
    CHECK(end.check_open(kPeer));
    CHECK(end.check_whole());
  }
}

TEST_CASE("a peer that has closed is whole, and can be sent nothing") {
  PeerEnd end;
  CHECK_FALSE(end.may_go_on_after(error_of(ErrorKind::closed)));
  CHECK(end.has_ended());
  CHECK(end.has_closed());
  CHECK(end.check_whole());
  const auto open = end.check_open(kPeer);
  REQUIRE_FALSE(open);
  CHECK(open.error().kind == ErrorKind::closed);
  CHECK(open.error().message() == "cannot send to tcp://h:1: the peer has hung up");
}

TEST_CASE("a call that an error broke off is not whole, and the error is kept") {
  for (const ErrorKind kind : {ErrorKind::reset, ErrorKind::truncated, ErrorKind::unresponsive,
                               ErrorKind::protocol_violation, ErrorKind::too_large}) {
    PeerEnd end;
    CHECK_FALSE(end.may_go_on_after(error_of(kind)));
    CHECK_FALSE(end.has_closed());
    const auto whole = end.check_whole();
    REQUIRE_FALSE(whole);
    CHECK(whole.error().kind == kind);
    CHECK(end.check_open(kPeer).error().kind == kind);
  }
}

TEST_CASE("what the peer said before its end explains a send that failed, and nothing else does") {
  const Result<void> reset = fail(error_of(ErrorKind::reset));
  PeerEnd open;
  CHECK(open.explain(reset).error().kind == ErrorKind::reset);
  for (const ErrorKind kind :
       {ErrorKind::closed, ErrorKind::reset, ErrorKind::truncated, ErrorKind::protocol_violation}) {
    PeerEnd end;
    CHECK_FALSE(end.may_go_on_after(error_of(kind)));
    CHECK(end.explain({}));
    const ErrorKind expected = kind == ErrorKind::protocol_violation ? kind : ErrorKind::reset;
    CHECK(end.explain(reset).error().kind == expected);
  }
}

}  // namespace hotline::cli::peer_end_test
