#include "auth/exchange.h"

#include <sys/socket.h>

#include <string>

#include <doctest/doctest.h>

#include "support/exchanged.h"
#include "support/loops.h"

namespace hotline::auth::exchange_test {
namespace {

TEST_CASE("a call that is ended in order shows its peer an end, whatever the peer has sent") {
  test::on_each_engine([] {
    std::string seen = "nothing";
    {
      test::ScriptedCall call([&](int peer) {
        test::send_text(peer, std::string(50'000, 'x'));
        seen = test::receive_until_end(peer);
      });
      end_in_order(call.stream());
      CHECK_FALSE(call.stream().is_open());
    }
    CHECK(seen.empty());
  });
}

TEST_CASE("a peer that keeps sending is waited for only for a second") {
  test::ScriptedCall call([&](int peer) {
    const std::string piece(1000, 'x');
    while (::send(peer, piece.data(), piece.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  end_in_order(call.stream());
  CHECK_FALSE(call.stream().is_open());
}

TEST_CASE("a call that has ended already is closed") {
  test::ScriptedCall call([](int) {});
  call.stream().abort();
  end_in_order(call.stream());
  CHECK_FALSE(call.stream().is_open());
}

TEST_CASE("an error of a caller names the caller and the usual reason") {
  test::ScriptedCall call([](int) {});
  const Error error = caller_error(ErrorKind::permission_denied, call.stream(), "it is wrong");
  CHECK(error.message() == "cannot authenticate unix:@peer: it is wrong");
  CHECK(error.hint() == "is the secret the same on both sides?");
}

TEST_CASE("a wait for a server that fails says for what") {
  test::ScriptedCall call([](int) {});
  const auto message = [&](ErrorKind kind) {
    const Error cause = make_error(kind, "receive from", "unix:@peer", "cause");
    return server_wait_error(cause, call.stream(), "its challenge", "advice").message();
  };
  for (const ErrorKind kind : {ErrorKind::closed, ErrorKind::truncated, ErrorKind::reset}) {
    CHECK(message(kind) == "cannot authenticate at unix:@peer: it hung up before its challenge");
  }
  CHECK(message(ErrorKind::timed_out) ==
        "cannot authenticate at unix:@peer: its challenge did not come in time");
  CHECK(message(ErrorKind::cancelled) == "cannot receive from unix:@peer: cause");
}

TEST_CASE("the advice on a server without a challenge says that it may have refused the call") {
  CHECK(advice_without_challenge("does it have auth=?") ==
        "does it have auth=? After failed calls it may also refuse others from here for a while: "
        "its log says why");
}

}  // namespace
}  // namespace hotline::auth::exchange_test
