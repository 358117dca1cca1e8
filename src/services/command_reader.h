#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/services/command_exit.h"
#include "hotline/services/command_refusal.h"
#include "hotline/services/running_command.h"
#include "hotline/session/session_stream.h"
#include "services/command_answer.h"
#include "services/command_sender.h"
#include "services/result_proof.h"

namespace hotline::services {

/// The receiving half of a command at its client: the server's answer, the output, and the proof of
/// the end. A command may get several streams, one after another. One fiber or thread at a time.
class CommandReader {
 public:
  /// Where in the outputs a stream is to begin.
  struct Offsets {
    std::uint64_t output = 0;
    std::uint64_t error = 0;
  };

  /// What the request says.
  struct Request {
    std::string_view operation = "run a command at";  ///< A literal: see Error::operation.
    OutputExcess on_excess = OutputExcess::kill;
    std::optional<Offsets> from = Offsets{};  ///< Absent: from the oldest byte that is kept.
    bool is_detached = false;
  };

  /// `sender` is the other half, and outlives this object.
  CommandReader(const Request& request, std::string endpoint, CommandSender& sender);

  /// Reads from the first stream, which may not have been answered yet.
  void begin(std::shared_ptr<SessionStream> stream) { stream_ = std::move(stream); }

  /// Goes on with `stream` once the server has answered there. If it fails, except with
  /// `protocol_violation`, nothing has changed.
  Result<void> resume(std::shared_ptr<SessionStream> stream, Deadline deadline);

  /// See RunningCommand for the following.
  Result<CommandStart> started(Deadline deadline);
  Result<CommandEvent> next(Deadline deadline);
  Result<CommandExit> result() const;
  const ResultProof& proof() const { return proof_; }

  /// Returns the answer to the last request; nullopt if there was none.
  const std::optional<CommandAnswer>& answer() const { return answer_; }

  /// Returns why the server has refused the last request; nullopt if it has not.
  std::optional<CommandRefusal> refusal() const { return refusal_; }

  /// Returns true if the stream was cut off, and the command may go on.
  bool is_cut() const { return is_cut_; }

 private:
  Result<void> wait_answer(Deadline deadline);
  Result<CommandAnswer> answer_on(SessionStream& stream, const std::optional<Offsets>& from,
                                  Deadline deadline);
  Error no_answer(SessionStream& stream, Error error);
  Result<std::optional<CommandEvent>> take(std::uint8_t flow);
  Result<void> take_message();
  Error lost(Error error);
  Error aborted() const;
  Error conclude(Error error);
  std::uint64_t stream_offset(std::uint8_t flow) const;

  Request request_;
  std::string endpoint_;
  CommandSender& sender_;
  std::shared_ptr<SessionStream> stream_;
  std::optional<CommandAnswer> answer_;
  std::optional<CommandExit> not_started_;
  std::optional<CommandRefusal> refusal_;
  std::optional<Error> failure_;
  bool is_cut_ = false;
  ResultProof proof_;
};

}  // namespace hotline::services
