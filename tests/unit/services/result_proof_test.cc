#include "services/result_proof.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "services/command_protocol.h"
#include "services/exit_message.h"
#include "support/command_samples.h"
#include "support/proof_client.h"

namespace hotline::services::result_proof_test {
namespace {

using test::check_refuted;
using test::kExitType;
using test::kProvenError;
using test::kProvenOutput;
using test::trailer_of;
using Client = test::ProofClient;

}  // namespace

TEST_CASE("both ends, the exit and the end of the stream prove the result") {
  Client client;
  client.all_but_the_end();
  CHECK(client.proof.state() == ProofState::open);
  REQUIRE(client.stream_end());
  CHECK(client.proof.state() == ProofState::proven);
  REQUIRE(client.proof.result());
  CHECK(client.proof.result()->is_success());
}

TEST_CASE("the result is the exit with all that it says") {
  Client client(OutputExcess::truncate);
  client.both_outputs(5);
  REQUIRE(client.exit(test::full_exit()));
  REQUIRE(client.stream_end());
  CHECK(*client.proof.result() == test::full_exit());
  CHECK(client.proof.dropped() == 5);
}

TEST_CASE("the outputs may end in either order, and be empty") {
  Client client;
  REQUIRE(client.end(2, ""));
  REQUIRE(client.end(1, ""));
  REQUIRE(client.exit({.kind = ExitKind::code, .value = 7}));
  REQUIRE(client.stream_end());
  CHECK(client.proof.result()->status() == 7);
}

TEST_CASE("the pieces in which an output arrives do not matter") {
  Client client;
  for (std::size_t i = 0; i < kProvenOutput.size(); ++i) {
    REQUIRE(client.data(1, kProvenOutput.substr(i, 1), i));
    CHECK(client.proof.output_offset() == i + 1);
  }
  REQUIRE(client.end(1, kProvenOutput));
  CHECK(client.proof.error_offset() == 0);
}

TEST_CASE("until the end of the stream nothing is known") {
  Client client;
  CHECK(client.failure() == "it has not arrived yet");
  client.all_but_the_end();
  CHECK(client.failure() == "it has not arrived yet");
  CHECK(client.proof.result().error().kind == ErrorKind::truncated);
}

TEST_CASE("a connection that breaks at any step leaves no result") {
  for (int steps = 0; steps < 6; ++steps) {
    Client client;
    if (steps > 0) REQUIRE(client.data(1, kProvenOutput));
    if (steps > 1) REQUIRE(client.data(2, kProvenError));
    if (steps > 2) REQUIRE(client.end(1, kProvenOutput));
    if (steps > 3) REQUIRE(client.end(2, kProvenError));
    if (steps > 4) REQUIRE(client.exit());
    CHECK_FALSE(client.proof.take_cut());
    CHECK(client.proof.state() == ProofState::cut);
    CHECK(client.failure() ==
          (steps > 4 ? "the connection broke after the exit, before the end of the stream"
                     : "the connection broke before the command's end was known"));
    CHECK(client.proof.result().error().kind == ErrorKind::truncated);
  }
}

TEST_CASE("a break names what the session failed with") {
  Client client;
  const SessionFailure failure{.cause = SessionFailure::Cause::silent,
                               .code = SessionCode::unresponsive};
  CHECK_FALSE(client.proof.take_cut(failure));
  CHECK(client.failure() ==
        "the connection broke before the command's end was known: nothing arrived from the peer "
        "for too long");
}

TEST_CASE("a break after the end of the stream changes nothing") {
  Client client;
  client.all_but_the_end();
  REQUIRE(client.stream_end());
  CHECK(client.proof.take_cut());
  CHECK(client.proof.take_reset(ResetCode::failed, {}));
  CHECK(client.proof.result()->is_success());
}

TEST_CASE("bytes that are missing refute the result") {
  Client client;
  REQUIRE(client.data(1, kProvenOutput.substr(0, 14)));
  check_refuted(client, client.end(1, kProvenOutput), "3 bytes of standard output did not arrive");
  Client other;
  REQUIRE(other.data(2, kProvenError.substr(1)));
  check_refuted(other, other.end(2, kProvenError), "1 byte of standard error did not arrive");
}

TEST_CASE("bytes that are too many refute the result") {
  Client client;
  REQUIRE(client.data(1, kProvenOutput));
  check_refuted(client, client.end(1, kProvenOutput.substr(2)),
                "standard output is 2 bytes longer than sent");
}

TEST_CASE("a gap within an output refutes the result") {
  for (const std::uint64_t at : {0U, 2U, 4U, 100U}) {
    Client client;
    REQUIRE(client.data(1, "abc"));
    check_refuted(client, client.data(1, "d", at), "a piece of standard output is missing");
  }
}

TEST_CASE("a changed byte refutes the result") {
  for (std::size_t i = 0; i < kProvenOutput.size(); ++i) {
    std::string changed(kProvenOutput);
    changed[i] = static_cast<char>(changed[i] ^ 0x20);
    Client client;
    REQUIRE(client.data(1, changed));
    check_refuted(client, client.end(1, kProvenOutput),
                  "standard output arrived changed: its digest is not that of the server");
  }
}

TEST_CASE("a trailer of a wrong size refutes the result") {
  for (const std::size_t size : {0U, 8U, 23U, 25U, 64U}) {
    Client client;
    check_refuted(client, client.proof.take_end(1, 0, as_bytes(std::string(size, 'x'))),
                  "the trailer of an output has a wrong size");
  }
}

TEST_CASE("a wrong whole digest refutes the result of a command from its beginning") {
  Client client;
  REQUIRE(client.data(1, kProvenOutput));
  const std::string trailer = trailer_of(kProvenOutput, "lost");
  check_refuted(
      client, client.proof.take_end(1, kProvenOutput.size(), as_bytes(trailer)),
      "standard output is not the same as before the connection broke: its whole digest is wrong");
}

TEST_CASE("what follows the end of an output refutes the result") {
  Client client;
  REQUIRE(client.end(1, ""));
  check_refuted(client, client.data(1, "x"), "standard output went on after its end");
  Client other;
  REQUIRE(other.end(2, ""));
  check_refuted(other, other.end(2, ""), "standard error ended twice");
}

TEST_CASE("flows that a command does not have refute the result") {
  for (const std::uint8_t flow : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{254}}) {
    Client client;
    check_refuted(client, client.data(flow, "x"), "the server sent a flow that it does not have");
    Client other;
    check_refuted(other, other.end(flow, ""), "the server ended a flow that it does not have");
  }
}

TEST_CASE("an exit before the end of an output refutes the result") {
  Client client;
  check_refuted(client, client.exit(), "the exit came before the end of standard output");
  Client second;
  REQUIRE(second.end(1, ""));
  check_refuted(second, second.exit(), "the exit came before the end of standard error");
  Client third;
  REQUIRE(third.end(2, ""));
  check_refuted(third, third.exit(), "the exit came before the end of standard output");
}

TEST_CASE("two exits refute the result, also if they say the same") {
  Client client;
  client.all_but_the_end();
  check_refuted(client, client.exit(), "the server reported two exits");
}

TEST_CASE("an end of the stream without an exit refutes the result") {
  Client client;
  client.both_outputs();
  check_refuted(client, client.stream_end(0), "the server ended the stream without an exit");
}

TEST_CASE("an end of the stream before that of an output refutes the result") {
  Client client;
  check_refuted(client, client.stream_end(0), "the stream ended before the end of standard output");
  Client other;
  REQUIRE(other.end(1, ""));
  check_refuted(other, other.stream_end(0), "the stream ended before the end of standard error");
}

TEST_CASE("messages that do not belong to a command refute the result") {
  for (const unsigned type : {0x40U, 0x42U, 0x45U, 0x46U, 0xffU}) {
    Client client;
    check_refuted(client, client.proof.take_message(static_cast<std::uint8_t>(type), 0, {}),
                  "the server sent a message that does not belong to a command");
  }
  Client client;
  client.both_outputs();
  const std::string exit = encode_exit({.kind = ExitKind::code});
  check_refuted(client, client.proof.take_message(kExitType, 1, as_bytes(exit)),
                "the server sent a message that does not belong to a command");
}

TEST_CASE("a malformed exit refutes the result") {
  Client client;
  client.both_outputs();
  check_refuted(client, client.proof.take_message(kExitType, 0, {}), "the exit is cut off");
}

TEST_CASE("what comes after the end of the stream refutes a result that was proven") {
  for (int what = 0; what < 3; ++what) {
    Client client;
    client.all_but_the_end();
    REQUIRE(client.stream_end());
    const auto late = what == 0   ? client.data(1, "x")
                      : what == 1 ? client.exit()
                                  : client.end(1, "");
    const std::string_view name = what == 0 ? "output" : what == 1 ? "a message" : "an end";
    check_refuted(client, late,
                  "the server sent " + std::string(name) + " after the end of the stream");
  }
}

TEST_CASE("dropped output needs an exit that says so") {
  for (const OutputExcess excess : {OutputExcess::kill, OutputExcess::truncate}) {
    Client client(excess);
    client.both_outputs(5);
    check_refuted(client, client.exit(),
                  "the server dropped 5 bytes of the output without saying so");
  }
}

TEST_CASE("output is dropped only as the client allows, or when the command is killed") {
  for (const ExitKind kind : {ExitKind::code, ExitKind::signal}) {
    Client client;
    client.both_outputs(5);
    check_refuted(client, client.exit({.kind = kind, .value = 1, .is_truncated = true}),
                  "the server dropped output that it had to keep");
  }
  for (const ExitKind kind : {ExitKind::output_limit, ExitKind::timed_out, ExitKind::cancelled,
                              ExitKind::lost, ExitKind::server_ended}) {
    Client client;
    client.both_outputs(5);
    REQUIRE(client.exit({.kind = kind, .is_truncated = true}));
    REQUIRE(client.stream_end());
    CHECK(client.proof.result()->status() == 255);
  }
  Client client(OutputExcess::truncate);
  client.both_outputs(5);
  REQUIRE(client.exit({.kind = ExitKind::code, .is_truncated = true}));
  REQUIRE(client.stream_end());
  CHECK(client.proof.result()->is_truncated);
}

TEST_CASE("a reset leaves no result, and says what the server said") {
  Client client;
  client.all_but_the_end();
  CHECK_FALSE(client.proof.take_reset(reset_code(CommandRefusal::attached_elsewhere), "by\x1b"));
  CHECK(client.proof.state() == ProofState::cut);
  CHECK(client.failure() ==
        "the command's end is not known: another client has attached to the job: by\\x1b");
  CHECK(client.proof.result().error().kind == ErrorKind::cancelled);
}

TEST_CASE("nothing makes a refuted result believable again") {
  Client client;
  const auto wrong = client.exit();
  const std::string text = "the exit came before the end of standard output";
  check_refuted(client, wrong, text);
  check_refuted(client, client.end(1, ""), text);
  check_refuted(client, client.end(2, ""), text);
  check_refuted(client, client.exit(), text);
  check_refuted(client, client.stream_end(), text);
  check_refuted(client, client.proof.take_cut(), text);
  check_refuted(client, client.proof.begin({}), text);
}

TEST_CASE("events of a session are taken as what they are") {
  using Kind = SessionEvent::Kind;
  Client client;
  const std::string exit = encode_exit({.kind = ExitKind::code});
  const std::string output = trailer_of("ab");
  const std::string error = trailer_of("");
  REQUIRE(client.proof.take({.kind = Kind::credit}));
  REQUIRE(client.proof.take({.kind = Kind::goodbye}));
  REQUIRE(client.proof.take({.kind = Kind::data, .flow = 1, .bytes = as_bytes("ab")}));
  REQUIRE(
      client.proof.take({.kind = Kind::ended, .flow = 1, .offset = 2, .bytes = as_bytes(output)}));
  REQUIRE(client.proof.take({.kind = Kind::ended, .flow = 2, .bytes = as_bytes(error)}));
  REQUIRE(client.proof.take({.kind = Kind::message, .type = kExitType, .bytes = as_bytes(exit)}));
  REQUIRE(client.proof.take({.kind = Kind::ended, .flow = kMessageFlow, .offset = 1}));
  CHECK(client.proof.state() == ProofState::proven);
  REQUIRE(client.proof.take({.kind = Kind::failed}));
  CHECK(client.proof.result()->is_success());
  Client cut;
  CHECK_FALSE(cut.proof.take({.kind = Kind::failed}));
  CHECK(cut.proof.state() == ProofState::cut);
  Client reset;
  CHECK_FALSE(reset.proof.take({.kind = Kind::reset, .code = ResetCode::failed}));
  CHECK(reset.failure() == "the command's end is not known: the server failed");
}

}  // namespace hotline::services::result_proof_test
