#include "auth/hmac_exchange.h"

#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "auth/exchange.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/exchanged.h"
#include "support/loops.h"
#include "support/no_algorithms.h"

namespace hotline::auth::hmac_exchange_test {
namespace {

using test::ScriptedCall;

const HmacForm kForms[] = {kHmacMd5, kHmacSha256};

const Secret& secret() {
  static const Secret kSecret(as_bytes("secret"));
  return kSecret;
}

/// The right answer to the challenge that `peer` receives.
std::string right_answer(const HmacForm& form, int peer) {
  const std::string challenge = test::receive_text(peer, kNonceBytes);
  Nonce nonce;
  std::ranges::copy(as_bytes(challenge), nonce.begin());
  return std::string(as_text(encode_answer(form, secret(), nonce)->bytes()));
}

void on_each_form(const std::function<void(const HmacForm&)>& body) {
  for (const HmacForm& form : kForms) {
    test::on_each_engine([&] { body(form); });
  }
}

TEST_CASE("a caller with the right answer is let in, and the bytes after it are left") {
  on_each_form([](const HmacForm& form) {
    ScriptedCall call([&](int peer) { test::send_text(peer, right_answer(form, peer) + "hello"); });
    CHECK(test::kind_of(check_hmac_caller(form, call.stream(), secret())) == "");
    CHECK(call.rest(5) == "hello");
  });
}

TEST_CASE("an answer that comes byte by byte is accepted") {
  on_each_form([](const HmacForm& form) {
    ScriptedCall call([&](int peer) {
      for (const char byte : right_answer(form, peer)) test::send_text(peer, {&byte, 1});
      test::send_text(peer, "x");
    });
    CHECK(test::kind_of(check_hmac_caller(form, call.stream(), secret())) == "");
    CHECK(call.rest(1) == "x");
  });
}

TEST_CASE("a caller with a wrong answer sees a silent end in order") {
  on_each_form([](const HmacForm& form) {
    std::string seen = "nothing";
    {
      ScriptedCall call([&](int peer) {
        std::string answer = right_answer(form, peer);
        answer.back() = static_cast<char>(answer.back() ^ 1);
        test::send_text(peer, answer + "hello");
        seen = test::receive_until_end(peer);
      });
      const auto checked = check_hmac_caller(form, call.stream(), secret());
      REQUIRE_FALSE(checked);
      CHECK(checked.error().message() ==
            "cannot authenticate unix:@peer: its answer to the challenge is wrong");
      CHECK(checked.error().kind == ErrorKind::permission_denied);
      CHECK_FALSE(call.stream().is_open());
    }
    CHECK(seen.empty());
  });
}

TEST_CASE("the challenge that is sent back is a wrong answer") {
  on_each_form([](const HmacForm& form) {
    ScriptedCall call([](int peer) { test::send_text(peer, test::receive_text(peer, 32)); });
    CHECK(test::kind_of(check_hmac_caller(form, call.stream(), secret())) == "permission_denied");
  });
}

TEST_CASE("a caller that hangs up within its answer is not let in") {
  on_each_form([](const HmacForm& form) {
    for (const std::size_t size : {0U, 1U, 15U}) {
      ScriptedCall call(
          [&](int peer) { test::send_text(peer, right_answer(form, peer).substr(0, size)); });
      CHECK(test::kind_of(check_hmac_caller(form, call.stream(), secret())) ==
            (size == 0 ? "closed" : "truncated"));
    }
  });
}

TEST_CASE("a silent caller is waited for until the deadline") {
  on_each_form([](const HmacForm& form) {
    ScriptedCall call([](int peer) { test::receive_until_end(peer); });
    const DeadlineScope bounded(deadline_after(std::chrono::milliseconds(20)));
    CHECK(test::kind_of(check_hmac_caller(form, call.stream(), secret())) == "timed_out");
  });
}

TEST_CASE("a client sends the answer and nothing else") {
  on_each_form([](const HmacForm& form) {
    Nonce nonce;
    nonce.fill(std::byte{7});
    std::string answer;
    {
      ScriptedCall call([&](int peer) {
        test::send_text(peer, std::string(as_text(nonce)) + "banner");
        answer = test::receive_until_end(peer);
      });
      CHECK(test::kind_of(answer_hmac(form, call.stream(), secret())) == "");
      CHECK(call.rest(6) == "banner");
    }
    CHECK(answer == as_text(encode_answer(form, secret(), nonce)->bytes()));
  });
}

TEST_CASE("a client answers no challenge that is cut off") {
  on_each_form([](const HmacForm& form) {
    std::string answer = "nothing";
    {
      ScriptedCall call([&](int peer) {
        test::send_text(peer, std::string(31, 'n'));
        ::shutdown(peer, SHUT_WR);
        answer = test::receive_until_end(peer);
      });
      const auto answered = answer_hmac(form, call.stream(), secret());
      REQUIRE_FALSE(answered);
      CHECK(answered.error().message() ==
            "cannot authenticate at unix:@peer: it hung up before its challenge");
      CHECK(answered.error().hint() ==
            advice_without_challenge("does the server have the same auth= too?"));
    }
    CHECK(answer.empty());
  });
}

TEST_CASE("a client does not wait for a challenge beyond its deadline") {
  on_each_form([](const HmacForm& form) {
    ScriptedCall call([](int peer) { test::receive_until_end(peer); });
    const DeadlineScope bounded(deadline_after(std::chrono::milliseconds(20)));
    const auto answered = answer_hmac(form, call.stream(), secret());
    REQUIRE_FALSE(answered);
    CHECK(answered.error().kind == ErrorKind::timed_out);
  });
}

TEST_CASE("a peer that has gone before it is challenged is not let in") {
  on_each_form([](const HmacForm& form) {
    ScriptedCall call([](int) {});
    call.stream().abort();
    CHECK(test::kind_of(check_hmac_caller(form, call.stream(), secret())) != "");
  });
}

TEST_CASE("where OpenSSL forbids the digests no caller is let in and no challenge is answered") {
  const test::NoAlgorithms forbidden;
  for (const HmacForm& form : kForms) {
    ScriptedCall caller([&](int peer) {
      test::receive_text(peer, kNonceBytes);
      test::send_text(peer, std::string(tag_bytes(form.digest), '\0'));
    });
    CHECK(test::kind_of(check_hmac_caller(form, caller.stream(), secret())) == "unsupported");
    ScriptedCall server([](int peer) { test::send_text(peer, std::string(kNonceBytes, 'n')); });
    CHECK(test::kind_of(answer_hmac(form, server.stream(), secret())) == "unsupported");
  }
}

}  // namespace
}  // namespace hotline::auth::hmac_exchange_test
