#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "services/exit_message.h"
#include "services/result_proof.h"

namespace hotline::test {

inline constexpr std::uint8_t kExitType = 0x44;
inline constexpr std::string_view kProvenOutput = "seven bytes of it";
inline constexpr std::string_view kProvenError = "and an error";

inline std::uint64_t digest_of(std::string_view text) {
  services::OutputDigest digest;
  digest.add(as_bytes(text));
  return digest.value();
}

/// The trailer of a flow that carries `sent` after `before`.
inline std::string trailer_of(std::string_view sent, std::string_view before = {},
                              std::uint64_t dropped = 0) {
  return services::encode_trailer(
      services::OutputTrailer{.flow = digest_of(sent),
                              .whole = digest_of(std::string(before).append(sent)),
                              .dropped = dropped});
}

/// A client's proof, and what the server sends to it.
struct ProofClient {
  services::ResultProof proof;

  explicit ProofClient(OutputExcess on_excess = OutputExcess::kill,
                       services::CommandAnswer answer = {})
      : proof(on_excess, "tcp://x:1") {
    REQUIRE(proof.begin(answer));
  }

  Result<void> data(std::uint8_t flow, std::string_view text, std::uint64_t at = 0) {
    return proof.take_data(flow, at, as_bytes(text));
  }

  Result<void> end(std::uint8_t flow, std::string_view sent, std::uint64_t dropped = 0) {
    return proof.take_end(flow, sent.size(), as_bytes(trailer_of(sent, {}, dropped)));
  }

  Result<void> exit(const CommandExit& how = {.kind = ExitKind::code}) {
    return proof.take_message(kExitType, 0, as_bytes(services::encode_exit(how)));
  }

  Result<void> stream_end(std::uint64_t messages = 1) {
    return proof.take_end(kMessageFlow, messages, {});
  }

  void both_outputs(std::uint64_t dropped = 0) {
    REQUIRE(data(1, kProvenOutput));
    REQUIRE(data(2, kProvenError));
    REQUIRE(end(1, kProvenOutput, dropped));
    REQUIRE(end(2, kProvenError));
  }

  void all_but_the_end() {
    both_outputs();
    REQUIRE(exit());
  }

  std::string failure() const {
    const auto result = proof.result();
    REQUIRE_FALSE(result);
    CHECK(result.error().message().find("tcp://x:1") != std::string::npos);
    return result.error().detail;
  }
};

/// Checks that `step` failed, and that it did so for good.
inline void check_refuted(const ProofClient& client, const Result<void>& step,
                          std::string_view text) {
  REQUIRE_FALSE(step);
  CHECK(step.error().kind == ErrorKind::protocol_violation);
  CHECK(step.error().detail == text);
  CHECK_FALSE(step.error().advice.empty());
  CHECK(client.proof.state() == services::ProofState::refuted);
  CHECK(client.failure() == text);
}

}  // namespace hotline::test
