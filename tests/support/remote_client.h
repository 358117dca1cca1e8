#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "hotline/services/remote_command.h"
#include "hotline/session/session.h"
#include "services/client_message.h"
#include "services/command_answer.h"
#include "services/command_protocol.h"
#include "services/command_request.h"
#include "services/flow_trailer.h"
#include "services/result_proof.h"

namespace hotline::test {

/// What a client got of a command.
struct RemoteResult {
  std::string output{};
  std::string error{};
  Result<CommandExit> exit{};
  std::optional<StreamReset> refusal{};
};

/// One command as a client sees it, step by step.
class RemoteRun {
 public:
  RemoteRun(Session& session, const services::CommandRequest& request)
      : stream_(session
                    .open({.from_opener = 1, .from_accepter = 2},
                          as_bytes(services::encode_request(request)))
                    .value()) {}

  SessionStream& stream() { return stream_; }

  /// Returns true if the server has accepted the command.
  bool wait_accepted() {
    const auto answer = stream_.answer();
    if (!answer) return false;
    answer_ = services::decode_answer(*answer).value();
    REQUIRE(proof_.begin(*answer_));
    return true;
  }

  const services::CommandAnswer& answer() const { return *answer_; }

  void send(const services::ClientMessage& message) {
    REQUIRE(stream_.send(services::command_message(services::type_of(message),
                                                   services::encode_client_message(message))));
  }

  /// Makes the input of this stream go on where that of `earlier` was cut off.
  void continue_input(const RemoteRun& earlier) { input_ = earlier.input_; }

  /// The same after all that earlier clients have sent.
  void continue_input(std::string_view before) { input_.add(as_bytes(before)); }

  void write(std::string_view input) {
    input_.add(as_bytes(input));
    flow_input_.add(as_bytes(input));
    REQUIRE(stream_.write(services::kInputFlow, as_bytes(input)));
  }

  void end_input() {
    if (std::exchange(has_ended_input_, true)) return;
    const services::InputTrailer trailer{flow_input_.value(), input_.value()};
    REQUIRE(stream_.end(services::kInputFlow, as_bytes(services::encode_trailer(trailer))));
  }

  /// The client leaves, or had asked not to be attached.
  void leave() { proof_.leave(); }

  /// Reads `size` bytes of standard output.
  std::string read(std::size_t size) {
    if (!answer_) REQUIRE(wait_accepted());
    std::string text;
    while (text.size() < size) {
      const auto bytes = stream_.read(services::kOutputFlow);
      REQUIRE(bytes);
      REQUIRE_FALSE(bytes->empty());
      take_data(services::kOutputFlow, *bytes);
      text += as_text(*bytes);
    }
    return text;
  }

  /// Reads until the end of the stream.
  RemoteResult finish() {
    if (!answer_ && !wait_accepted()) {
      return {.exit = fail(make_error(ErrorKind::closed, "run", {}, "refused")),
              .refusal = stream_.reset_by_peer()};
    }
    RemoteResult result;
    while (proof_.state() == services::ProofState::open) {
      const auto flow = stream_.wait_any();
      if (!flow) {
        discard(proof_.take_cut());
        break;
      }
      if (*flow == kMessageFlow) {
        take_message();
        continue;
      }
      const auto bytes = stream_.read(*flow).value();
      if (bytes.empty()) {
        const auto end = stream_.flow_end(*flow).value();
        discard(proof_.take_end(*flow, end.total, as_bytes(end.trailer)));
        continue;
      }
      (*flow == services::kOutputFlow ? result.output : result.error) += as_text(bytes);
      take_data(*flow, bytes);
    }
    result.exit = proof_.result();
    result.refusal = stream_.reset_by_peer();
    if (proof_.state() == services::ProofState::proven ||
        proof_.state() == services::ProofState::detached) {
      end_input();
      REQUIRE(stream_.end_messages());
    }
    return result;
  }

 private:
  void take_data(std::uint8_t flow, Bytes bytes) {
    std::uint64_t& offset = offsets_[flow - services::kOutputFlow];
    discard(proof_.take_data(flow, offset, bytes));
    offset += bytes.size();
  }

  void take_message() {
    const auto message = stream_.receive();
    if (message) {
      discard(proof_.take_message(message->type, message->flags, as_bytes(message->payload)));
    } else if (const auto end = stream_.flow_end(kMessageFlow)) {
      discard(proof_.take_end(kMessageFlow, end->total, {}));
    }
  }

  services::ResultProof proof_{OutputExcess::truncate};
  SessionStream stream_;
  std::optional<services::CommandAnswer> answer_{};
  services::OutputDigest input_{};
  services::OutputDigest flow_input_{};
  bool has_ended_input_ = false;
  std::array<std::uint64_t, 2> offsets_{};
};

inline RemoteResult run_remote(Session& session, const services::CommandRequest& request) {
  return RemoteRun(session, request).finish();
}

}  // namespace hotline::test
