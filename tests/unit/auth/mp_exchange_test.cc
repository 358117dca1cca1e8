#include "auth/mp_exchange.h"

#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "auth/mp_message.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/exchanged.h"
#include "support/loops.h"
#include "support/no_algorithms.h"

namespace hotline::auth::mp_exchange_test {
namespace {

using namespace std::string_literals;
using test::ScriptedCall;

constexpr std::size_t kChallengeBytes = 59;  // #CHALLENGE#{sha256} and 40 bytes.

const Secret& secret() {
  static const Secret kSecret(as_bytes("secret"));
  return kSecret;
}

/// The message as it is sent.
std::string framed(std::string_view text) {
  return std::string(as_text(MpMessage().append(text).on_wire()));
}

std::string receive_message(int peer) {
  const std::string field = test::receive_text(peer, 4);
  if (field.size() < 4) return "<end>";
  return test::receive_text(peer, static_cast<unsigned char>(field[3]));
}

std::string challenge_text(char fill = 'n') {
  return "#CHALLENGE#{sha256}" + std::string(40, fill);
}

std::string answer_text(const std::string& challenge, std::string_view key = "secret") {
  const auto decoded = decode_mp_challenge(as_bytes(challenge));
  return std::string(encode_mp_answer(Secret(as_bytes(key)), *decoded)->text());
}

/// Answers the challenge that comes, and returns the verdict.
std::string answer_challenge(int peer, std::string_view key = "secret") {
  test::send_text(peer, framed(answer_text(receive_message(peer), key)));
  return receive_message(peer);
}

/// How a server that is called by `script` ends the handshake, and what the caller saw last.
struct Checked {
  Result<void> result;
  std::string seen;
  bool is_open = false;
};

Checked check(const std::function<std::string(int peer)>& script) {
  Checked checked;
  {
    ScriptedCall call([&](int peer) {
      checked.seen = script(peer);
      test::receive_until_end(peer);
    });
    checked.result = check_mp_caller(call.stream(), secret());
    checked.is_open = call.stream().is_open();
  }
  return checked;
}

/// How a client ends the handshake that calls `script`, and what the server saw last.
Checked answer(const std::function<std::string(int peer)>& script) {
  Checked answered;
  {
    ScriptedCall call([&](int peer) {
      answered.seen = script(peer);
      ::shutdown(peer, SHUT_WR);
      test::receive_until_end(peer);
    });
    answered.result = answer_mp(call.stream(), secret());
  }
  return answered;
}

std::string message_of(const Checked& checked) {
  return checked.result ? "success" : checked.result.error().message();
}

TEST_CASE("a caller that answers and whose challenge is answered is let in") {
  test::on_each_engine([] {
    std::string verdict;
    std::string answer;
    {
      ScriptedCall call([&](int peer) {
        verdict = answer_challenge(peer);
        test::send_text(peer, framed(challenge_text()));
        answer = receive_message(peer);
        test::send_text(peer, framed("#WELCOME#") + "hello");
      });
      CHECK(test::kind_of(check_mp_caller(call.stream(), secret())) == "");
      CHECK(call.rest(5) == "hello");
    }
    CHECK(verdict == "#WELCOME#");
    CHECK(answer == answer_text(challenge_text()));
  });
}

TEST_CASE("a client and a server of ours authenticate each other") {
  test::on_each_engine([] {
    Result<void> checked;
    {
      ScriptedCall call([&](int peer) {
        auto other = Stream::adopt(UniqueFd(::dup(peer)));
        checked = check_mp_caller(*other, secret());
      });
      CHECK(test::kind_of(answer_mp(call.stream(), secret())) == "");
    }
    CHECK(test::kind_of(checked) == "");
  });
}

TEST_CASE("a caller with another secret gets #FAILURE# and an end, and its challenge no answer") {
  test::on_each_engine([] {
    std::string after = "nothing";
    const Checked checked = check([&](int peer) {
      const std::string verdict = answer_challenge(peer, "other");
      test::send_text(peer, framed(challenge_text()));
      after = receive_message(peer);
      return verdict;
    });
    CHECK(checked.result.error().kind == ErrorKind::permission_denied);
    CHECK(message_of(checked) ==
          "cannot authenticate unix:@peer: its answer to the challenge is wrong");
    CHECK_FALSE(checked.is_open);
  });
}

TEST_CASE("a caller that sends the answer of Python 3.11 gets #FAILURE#") {
  const Checked checked = check([](int peer) {
    receive_message(peer);
    test::send_text(peer, framed(std::string(16, 't')));
    return receive_message(peer);
  });
  CHECK(checked.seen == "#FAILURE#");
  CHECK(message_of(checked) ==
        "cannot authenticate unix:@peer: its message is the answer of Python 3.11 or older, which "
        "is HMAC-MD5");
}

TEST_CASE("a caller that sends our challenge back as its answer gets #FAILURE#") {
  const Checked checked = check([](int peer) {
    test::send_text(peer, framed(receive_message(peer)));
    return receive_message(peer);
  });
  CHECK(checked.seen == "#FAILURE#");
  CHECK(checked.result.error().kind == ErrorKind::protocol_violation);
}

TEST_CASE("our own challenge, sent back as the caller's, is not answered") {
  const Checked checked = check([](int peer) {
    const std::string challenge = receive_message(peer);
    test::send_text(peer, framed(answer_text(challenge)));
    receive_message(peer);
    test::send_text(peer, framed(challenge));
    return receive_message(peer);
  });
  CHECK(checked.seen == "<end>");
  CHECK(message_of(checked) ==
        "cannot authenticate unix:@peer: its message is the challenge that it was sent");
}

TEST_CASE("a length that is not from 1 to 256 is refused before anything is read") {
  for (const std::string& field : {"\0\0\0\0"s, "\0\0\x01\x01"s, "\xff\xff\xff\xff"s}) {
    const Checked checked = check([&](int peer) {
      receive_message(peer);
      test::send_text(peer, field);
      return receive_message(peer);
    });
    CHECK(checked.seen == "#FAILURE#");
    CHECK(checked.result.error().kind == ErrorKind::protocol_violation);
  }
}

TEST_CASE("a caller whose challenge is malformed gets no answer") {
  for (const std::string& challenge :
       {"#CHALLENGE#"s + std::string(20, 'n'), "#CHALLENGE#{md5}" + std::string(40, 'n'),
        "#CHALLENGE#{sha256}short"s, "#WELCOME#"s, "hello"s}) {
    const Checked checked = check([&](int peer) {
      answer_challenge(peer);
      test::send_text(peer, framed(challenge));
      return receive_message(peer);
    });
    CHECK(checked.seen == "<end>");
    CHECK(checked.result.error().kind == ErrorKind::protocol_violation);
  }
}

TEST_CASE("a caller that refuses our answer is not let in") {
  for (const char* verdict : {"#FAILURE#", "#WELCOME", "no"}) {
    const Checked checked = check([&](int peer) {
      answer_challenge(peer);
      test::send_text(peer, framed(challenge_text()));
      receive_message(peer);
      test::send_text(peer, framed(verdict));
      return receive_message(peer);
    });
    CHECK(checked.seen == "<end>");
    CHECK(test::kind_of(checked.result) ==
          (verdict == "#FAILURE#"s ? "permission_denied" : "protocol_violation"));
  }
}

/// All that a caller sends, if nothing goes wrong.
std::string whole_caller(int peer, std::size_t size) {
  std::string sent;
  const auto send = [&](const std::string& text) {
    const std::string piece = text.substr(0, size - std::min(size, sent.size()));
    sent += piece;
    test::send_text(peer, piece);
    return piece.size() == text.size();
  };
  const std::string challenge = receive_message(peer);
  const bool has_sent = send(framed(answer_text(challenge))) && send(framed(challenge_text())) &&
                        send(framed("#WELCOME#"));
  static_cast<void>(has_sent);
  ::shutdown(peer, SHUT_WR);
  return {};
}

TEST_CASE("a caller that hangs up within the handshake is not let in, wherever that is") {
  const std::size_t whole = 4 + 40 + 4 + kChallengeBytes + 4 + 9;
  for (std::size_t size = 0; size < whole; ++size) {
    CAPTURE(size);
    const Checked checked = check([&](int peer) { return whole_caller(peer, size); });
    const std::string kind = test::kind_of(checked.result);
    CHECK((kind == "closed" || kind == "truncated"));
  }
  CHECK(message_of(check([&](int peer) { return whole_caller(peer, whole); })) == "success");
}

TEST_CASE("a client that the server refuses says so and does not challenge it") {
  test::on_each_engine([] {
    const Checked answered = answer([](int peer) {
      test::send_text(peer, framed(challenge_text()));
      receive_message(peer);
      test::send_text(peer, framed("#FAILURE#"));
      return receive_message(peer);
    });
    CHECK(answered.result.error().kind == ErrorKind::permission_denied);
    CHECK(message_of(answered) ==
          "cannot authenticate at unix:@peer: it refuses our answer to its challenge");
    CHECK(answered.result.error().hint() == "is the secret the same on both sides?");
  });
}

TEST_CASE("a client does not trust a server that does not know the secret") {
  test::on_each_engine([] {
    const Checked answered = answer([](int peer) {
      test::send_text(peer, framed(challenge_text()));
      receive_message(peer);
      test::send_text(peer, framed("#WELCOME#"));
      return answer_challenge(peer, "other");
    });
    CHECK(answered.seen == "#FAILURE#");
    CHECK(answered.result.error().kind == ErrorKind::permission_denied);
    CHECK(message_of(answered) ==
          "cannot authenticate at unix:@peer: its answer to the challenge is wrong");
  });
}

TEST_CASE("a client never answers a challenge that is malformed or of Python 3.11") {
  for (const std::string& challenge :
       {"#CHALLENGE#"s + std::string(20, 'n'), "#CHALLENGE#{md5}" + std::string(40, 'n'),
        "#CHALLENGE#{sha3_256}" + std::string(40, 'n'), "#CHALLENGE#"s, "SSH-2.0-OpenSSH"s}) {
    const Checked answered = answer([&](int peer) {
      test::send_text(peer, framed(challenge));
      return std::string();
    });
    CHECK(answered.result.error().kind == ErrorKind::protocol_violation);
    CHECK(answered.result.error().hint() ==
          "does the server have auth=mp, or is it Python 3.12 or later?");
  }
}

TEST_CASE("a client says for what it waited when the server hangs up or is silent") {
  CHECK(message_of(answer([](int) { return std::string(); })) ==
        "cannot authenticate at unix:@peer: it hung up before its challenge");
  CHECK(message_of(answer([](int peer) {
          test::send_text(peer, framed(challenge_text()));
          receive_message(peer);
          test::send_text(peer, framed("#WELCOME#"));
          return receive_message(peer);
        })) == "cannot authenticate at unix:@peer: it hung up before its answer to our challenge");
  ScriptedCall silent([](int peer) { test::receive_until_end(peer); });
  const DeadlineScope bounded(deadline_after(std::chrono::milliseconds(20)));
  CHECK(test::kind_of(answer_mp(silent.stream(), secret())) == "timed_out");
}

TEST_CASE("a stream that is gone fails the handshake of either side") {
  ScriptedCall call([](int) {});
  call.stream().abort();
  CHECK(test::kind_of(check_mp_caller(call.stream(), secret())) != "");
  CHECK(test::kind_of(answer_mp(call.stream(), secret())) != "");
}

TEST_CASE("where OpenSSL forbids the digests no caller is let in and no challenge is answered") {
  const test::NoAlgorithms forbidden;
  const Checked checked = check([](int peer) {
    receive_message(peer);
    test::send_text(peer, framed("{sha256}" + std::string(32, '\0')));
    ::shutdown(peer, SHUT_WR);
    return std::string();
  });
  CHECK(test::kind_of(checked.result) == "unsupported");
  const Checked answered = answer([](int peer) {
    test::send_text(peer, framed(challenge_text()));
    return std::string();
  });
  CHECK(test::kind_of(answered.result) == "unsupported");
}

TEST_CASE("a server that hangs up instead of its verdict is not trusted, and it is said when") {
  const Checked answered = answer([](int peer) {
    test::send_text(peer, framed(challenge_text()));
    return receive_message(peer);
  });
  CHECK(answered.seen == answer_text(challenge_text()));
  CHECK(message_of(answered) ==
        "cannot authenticate at unix:@peer: it hung up before its verdict on our answer");
  CHECK(answered.result.error().hint() == "is the secret the same on both sides?");
}

}  // namespace
}  // namespace hotline::auth::mp_exchange_test
