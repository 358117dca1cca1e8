#include "services/result_proof.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/proof_client.h"

namespace hotline::services::result_proof_streams_test {
namespace {

using test::check_refuted;
using test::kProvenOutput;
using test::trailer_of;
using Client = test::ProofClient;

}  // namespace

TEST_CASE("a client that left needs no exit, but complete outputs") {
  Client client;
  client.proof.leave();
  REQUIRE(client.data(1, "ab"));
  REQUIRE(client.end(1, "ab"));
  REQUIRE(client.end(2, ""));
  REQUIRE(client.stream_end(0));
  CHECK(client.proof.state() == ProofState::detached);
  CHECK(client.failure() == "this client left, and the command goes on as a job");
  CHECK(client.proof.result().error().kind == ErrorKind::cancelled);
  Client other;
  other.proof.leave();
  REQUIRE(other.data(1, "ab"));
  check_refuted(other, other.end(1, "abc"), "1 byte of standard output did not arrive");
}

TEST_CASE("an exit that had been sent before the client left counts") {
  Client client;
  client.both_outputs();
  client.proof.leave();
  REQUIRE(client.exit());
  REQUIRE(client.stream_end());
  CHECK(client.proof.state() == ProofState::proven);
}

TEST_CASE("after a break the proof goes on where the outputs had arrived") {
  for (std::size_t cut = 0; cut <= kProvenOutput.size(); ++cut) {
    Client client;
    const std::string_view before = kProvenOutput.substr(0, cut);
    if (cut > 0) REQUIRE(client.data(1, before));
    CHECK_FALSE(client.proof.take_cut());
    REQUIRE(client.proof.begin({.output_offset = client.proof.output_offset()}));
    const std::string_view rest = kProvenOutput.substr(cut);
    if (!rest.empty()) REQUIRE(client.data(1, rest));
    CHECK(client.proof.output_offset() == kProvenOutput.size());
    REQUIRE(client.proof.take_end(1, rest.size(), as_bytes(trailer_of(rest, before))));
    REQUIRE(client.end(2, ""));
    REQUIRE(client.exit());
    REQUIRE(client.stream_end());
    CHECK(client.proof.result()->is_success());
  }
}

TEST_CASE("the proof goes on over several breaks, also after the ends and the exit") {
  Client client;
  std::string before;
  for (const std::string_view piece : {"a", "", "bcd", "", "ef"}) {
    if (!piece.empty()) REQUIRE(client.data(1, piece));
    REQUIRE(client.proof.take_end(1, piece.size(), as_bytes(trailer_of(piece, before))));
    REQUIRE(client.end(2, ""));
    REQUIRE(client.exit());
    CHECK_FALSE(client.proof.take_cut());
    before += piece;
    REQUIRE(client.proof.begin({.output_offset = before.size()}));
    CHECK(client.failure() == "it has not arrived yet");
  }
  REQUIRE(client.proof.take_end(1, 0, as_bytes(trailer_of("", before))));
  REQUIRE(client.end(2, ""));
  REQUIRE(client.exit());
  REQUIRE(client.stream_end());
  CHECK(client.proof.result()->is_success());
}

TEST_CASE("a server that goes on elsewhere refutes the result") {
  for (const std::uint64_t offset : {0U, 2U, 4U}) {
    Client client;
    REQUIRE(client.data(1, "abc"));
    CHECK_FALSE(client.proof.take_cut());
    check_refuted(client, client.proof.begin({.output_offset = offset}),
                  "the server goes on elsewhere than where the connection broke");
  }
  Client client;
  CHECK_FALSE(client.proof.take_cut());
  check_refuted(client, client.proof.begin({.error_offset = 1}),
                "the server goes on elsewhere than where the connection broke");
}

TEST_CASE("output that differs from what came before the break refutes the result") {
  Client client;
  REQUIRE(client.data(1, "abc"));
  CHECK_FALSE(client.proof.take_cut());
  REQUIRE(client.proof.begin({.output_offset = 3}));
  REQUIRE(client.data(1, "def"));
  check_refuted(
      client, client.proof.take_end(1, 3, as_bytes(trailer_of("def", "xbc"))),
      "standard output is not the same as before the connection broke: its whole digest is wrong");
}

TEST_CASE("a client that attaches in the middle proves what it has got") {
  Client client(OutputExcess::truncate, {.output_offset = 100, .error_offset = 7});
  CHECK(client.proof.output_offset() == 100);
  CHECK(client.proof.error_offset() == 7);
  REQUIRE(client.data(1, "ab"));
  CHECK(client.proof.output_offset() == 102);
  const std::string whole_is_unknown = trailer_of("ab", "something else");
  REQUIRE(client.proof.take_end(1, 2, as_bytes(whole_is_unknown)));
  REQUIRE(client.end(2, ""));
  REQUIRE(client.exit());
  REQUIRE(client.stream_end());
  CHECK(client.proof.result()->is_success());
}

TEST_CASE("a stream that was not to come refutes the result") {
  Client client;
  check_refuted(client, client.proof.begin({}), "a stream began that was not to come");
  Client other;
  other.all_but_the_end();
  REQUIRE(other.stream_end());
  check_refuted(other, other.proof.begin({}), "a stream began that was not to come");
}

TEST_CASE("what arrives after a cut changes nothing") {
  Client client;
  CHECK_FALSE(client.proof.take_cut());
  const std::string text = client.failure();
  CHECK_FALSE(client.data(1, "x"));
  CHECK_FALSE(client.exit());
  CHECK_FALSE(client.stream_end());
  CHECK_FALSE(client.proof.take_reset(ResetCode::failed, {}));
  CHECK(client.failure() == text);
  CHECK(client.proof.state() == ProofState::cut);
  CHECK(client.proof.output_offset() == 0);
}

}  // namespace hotline::services::result_proof_streams_test
