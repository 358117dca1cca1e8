#include "services/client_rules.h"

#include <csignal>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "services/flow_trailer.h"

namespace hotline::services::client_rules_test {
namespace {

constexpr unsigned kSignal = 0x40;
constexpr unsigned kResize = 0x41;
constexpr unsigned kCancel = 0x42;
constexpr unsigned kDetach = 0x43;
constexpr std::string_view kSize("\0\x18\0\x50", 4);

OutputDigest digest_of(std::string_view text) {
  OutputDigest digest;
  digest.add(as_bytes(text));
  return digest;
}

ClientRules rules_of(ClientRules::Command command) {
  ClientRules rules(std::move(command));
  rules.note_accepted();
  return rules;
}

auto take(ClientRules& rules, unsigned type, std::string_view payload = {}) {
  return rules.take_message(static_cast<std::uint8_t>(type), 0, as_bytes(payload));
}

template <typename Taken>
void check_refused(const Taken& taken, std::string_view text) {
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == reset_code(CommandRefusal::malformed));
  CHECK(taken.error().text == text);
}

auto end_input(ClientRules& rules, std::string_view sent, std::string_view before = {}) {
  const InputTrailer trailer{.flow = digest_of(sent).value(),
                             .whole = digest_of(std::string(before).append(sent)).value()};
  return rules.take_input_end(sent.size(), as_bytes(encode_trailer(trailer)));
}

}  // namespace

TEST_CASE("signals, sizes, and one last message are taken") {
  ClientRules rules = rules_of({.has_terminal = true});
  for (int i = 0; i < 3; ++i) {
    CHECK(take(rules, kSignal, "USR1").value() == ClientMessage(SignalMessage{SIGUSR1}));
    CHECK(take(rules, kResize, kSize).value() ==
          ClientMessage(ResizeMessage{{.columns = 80, .rows = 24}}));
  }
  CHECK_FALSE(rules.has_left());
  CHECK(take(rules, kCancel).value() == ClientMessage(CancelMessage{}));
  CHECK(rules.has_left());
}

TEST_CASE("no message is taken before ACCEPT") {
  for (const unsigned type : {kSignal, kResize, kCancel, kDetach}) {
    ClientRules rules({.has_terminal = true, .is_kept = true});
    check_refused(take(rules, type, type == kSignal ? "TERM" : ""),
                  "a message came before the command was accepted");
    CHECK_FALSE(rules.has_left());
  }
}

TEST_CASE("no message is taken after CANCEL or DETACH") {
  for (const unsigned last : {kCancel, kDetach}) {
    for (const unsigned type : {kSignal, kResize, kCancel, kDetach}) {
      ClientRules rules = rules_of({.has_terminal = true, .is_kept = true});
      REQUIRE(take(rules, last));
      check_refused(take(rules, type), "a message came after CANCEL or DETACH");
    }
  }
}

TEST_CASE("RESIZE needs a terminal") {
  ClientRules rules = rules_of({});
  check_refused(take(rules, kResize, kSize), "RESIZE came for a command without a terminal");
}

TEST_CASE("DETACH needs a command that is kept") {
  ClientRules rules = rules_of({});
  check_refused(take(rules, kDetach), "DETACH came for a command that is not kept");
  CHECK_FALSE(rules.has_left());
  ClientRules kept = rules_of({.is_kept = true});
  CHECK(take(kept, kDetach).value() == ClientMessage(DetachMessage{}));
}

TEST_CASE("malformed messages are refused with what is wrong") {
  ClientRules rules = rules_of({.has_terminal = true});
  check_refused(take(rules, kSignal, "NONE"), "a message names no signal");
  check_refused(take(rules, kResize, "x"), "RESIZE has a wrong size");
  check_refused(take(rules, kCancel, "x"), "CANCEL and DETACH have no payload");
  check_refused(take(rules, 0x44), "a client does not send messages of this type");
  check_refused(rules.take_message(kSignal, 1, as_bytes("TERM")), "a message has a flag");
}

TEST_CASE("messages that cross EXIT are checked and dropped") {
  ClientRules rules = rules_of({.is_kept = true});
  rules.note_exited();
  CHECK(take(rules, kSignal, "TERM") == std::nullopt);
  check_refused(take(rules, kResize, kSize), "RESIZE came for a command without a terminal");
  CHECK(take(rules, kDetach) == std::nullopt);
  check_refused(take(rules, kCancel), "a message came after CANCEL or DETACH");
}

TEST_CASE("input is taken before ACCEPT too, and its end proves it") {
  ClientRules rules({.input = CommandInput::stream});
  CHECK(rules.take_input(as_bytes("ab")));
  rules.note_accepted();
  CHECK(rules.take_input(as_bytes("c")));
  CHECK_FALSE(rules.has_input_ended());
  CHECK(end_input(rules, "abc"));
  CHECK(rules.has_input_ended());
  CHECK(rules.input().size() == 3);
}

TEST_CASE("input after its end is refused") {
  ClientRules rules = rules_of({.input = CommandInput::stream});
  REQUIRE(end_input(rules, ""));
  check_refused(rules.take_input(as_bytes("a")), "input came after its end");
  check_refused(end_input(rules, ""), "the input ended twice");
}

TEST_CASE("input that was not announced is refused; the end of its flow is not, and ends nothing") {
  ClientRules rules = rules_of({.input_before = digest_of("from another client")});
  const std::string trailer = encode_trailer(InputTrailer{.flow = digest_of("").value()});
  CHECK(rules.take_input_end(0, as_bytes(trailer)));
  CHECK_FALSE(rules.has_input_ended());
  check_refused(rules.take_input_end(0, as_bytes(trailer)), "the input ended twice");
  ClientRules other = rules_of({});
  check_refused(other.take_input(as_bytes("a")), "input came for a command that takes none");
}

TEST_CASE("input that is not complete or was changed is refused") {
  const auto sent = [](std::string_view text) {
    ClientRules rules = rules_of({.input = CommandInput::stream});
    REQUIRE(rules.take_input(as_bytes(text)));
    return rules;
  };
  ClientRules missing = sent("ab");
  check_refused(end_input(missing, "abc"), "the total of the input is wrong");
  ClientRules changed = sent("abd");
  check_refused(end_input(changed, "abc"), "the digest of the input is wrong");
  CHECK_FALSE(changed.has_input_ended());
  ClientRules other = sent("abc");
  check_refused(end_input(other, "abc", "x"), "the whole digest of the input is wrong");
  ClientRules short_trailer = sent("abc");
  check_refused(short_trailer.take_input_end(3, as_bytes("x")),
                "the trailer of the input has a wrong size");
}

TEST_CASE("the end of the flow after DETACH leaves the input open, after CANCEL it does not") {
  for (const unsigned last : {kCancel, kDetach}) {
    ClientRules rules = rules_of({.input = CommandInput::stream, .is_kept = true});
    REQUIRE(rules.take_input(as_bytes("ab")));
    REQUIRE(take(rules, last));
    CHECK(end_input(rules, "ab"));
    CHECK(rules.has_input_ended() == (last == kCancel));
    check_refused(rules.take_input(as_bytes("c")), "input came after its end");
  }
}

TEST_CASE("a client that does not know the input before its stream proves its own part") {
  ClientRules rules =
      rules_of({.input = CommandInput::stream, .input_before = digest_of("from another client")});
  REQUIRE(rules.take_input(as_bytes("ab")));
  const std::string trailer = encode_trailer(InputTrailer{.flow = digest_of("ab").value()});
  CHECK(rules.take_input_end(2, as_bytes(trailer)));
  CHECK(rules.has_input_ended());
}

TEST_CASE("input goes on over streams, and is proven as a whole") {
  ClientRules first = rules_of({.input = CommandInput::stream});
  REQUIRE(first.take_input(as_bytes("abc")));
  ClientRules second = rules_of({.input = CommandInput::stream, .input_before = first.input()});
  REQUIRE(second.take_input(as_bytes("def")));
  CHECK(second.input().size() == 6);
  CHECK(end_input(second, "def", "abc"));
  ClientRules other = rules_of({.input = CommandInput::stream, .input_before = first.input()});
  REQUIRE(other.take_input(as_bytes("def")));
  check_refused(end_input(other, "def", "abx"), "the whole digest of the input is wrong");
}

}  // namespace hotline::services::client_rules_test
