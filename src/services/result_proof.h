#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/error.h"
#include "hotline/core/result.h"
#include "hotline/services/command_exit.h"
#include "hotline/services/remote_command.h"
#include "hotline/session/session_event.h"
#include "services/command_answer.h"
#include "services/flow_trailer.h"
#include "services/output_digest.h"

namespace hotline::services {

/// What a ResultProof has of the result.
enum class ProofState : std::uint8_t {
  open,      ///< More is to come.
  proven,    ///< All has arrived as it was sent: result() is how the command ended.
  detached,  ///< All has arrived that was to come; the command goes on as a job.
  cut,       ///< The stream ended early. A stream that is attached to the job can go on.
  refuted,   ///< The server violated the wire, or something was changed on the way. Final.
};

/// Decides if the result of a command may be believed, by the rules of docs/wire/remote.md. A
/// client passes it everything that arrives for the command, in the order of arrival and after
/// ACCEPT:
///
///     ResultProof proof(command.on_excess, endpoint);
///     if (auto begun = proof.begin(answer); !begun) ...
///     while (proof.state() == ProofState::open) ... proof.take(event) ...
///     Result<CommandExit> end = proof.result();
///
/// One proof covers all streams of a command: after `cut`, attach from output_offset() and
/// error_offset(), and call begin() with the new answer. No I/O. It keeps no output.
class ResultProof {
 public:
  /// `on_excess` is what the client asked for; a client that attaches to a job that it did not
  /// start passes `truncate`. Errors name `endpoint`.
  explicit ResultProof(OutputExcess on_excess, std::string endpoint = {});

  /// Begins a stream. The first one may begin anywhere in the outputs; what the command wrote
  /// before that is not part of the proof. Fails with `protocol_violation`, for good, if a later
  /// one does not continue exactly.
  Result<void> begin(const CommandAnswer& answer);

  /// Notes that the client has sent DETACH, or had asked for RemoteCommand::is_detached: the stream
  /// may end without EXIT.
  void leave() { has_left_ = true; }

  /// Takes an event of the stream, or `failed` of its session; ignores those that prove nothing.
  /// Fails as the functions below.
  Result<void> take(const SessionEvent& event);

  // Each fails from the first thing on that is wrong; result() fails with the same error then.

  /// Takes `bytes` of flow kOutputFlow or kErrorFlow at `offset` of the stream.
  Result<void> take_data(std::uint8_t flow, std::uint64_t offset, Bytes bytes);

  /// Takes the end of a flow; for kMessageFlow the trailer is empty.
  Result<void> take_end(std::uint8_t flow, std::uint64_t total, Bytes trailer);

  Result<void> take_message(std::uint8_t type, std::uint8_t flags, Bytes payload);

  /// Takes RESET from the server.
  Result<void> take_reset(ResetCode code, std::string_view text);

  /// Takes the end of the connection or session before the end of the stream. After the end of the
  /// stream it changes nothing.
  Result<void> take_cut(const std::optional<SessionFailure>& failure = std::nullopt);

  ProofState state() const { return state_; }

  /// Returns how the command ended. Fails unless `proven`: with `truncated` while something is
  /// missing, as refusal_error() if the server reset the stream, with `cancelled` if the client
  /// left, otherwise with `protocol_violation`. Each way to fail has a text of its own.
  Result<CommandExit> result() const;

  /// Returns where in the command's output the next byte belongs: the offsets for ATTACH.
  std::uint64_t output_offset() const { return output_.offset(); }
  std::uint64_t error_offset() const { return error_.offset(); }

  /// Returns how many bytes of the output the server has dropped at its end.
  std::uint64_t dropped() const { return output_.dropped + error_.dropped; }

 private:
  /// What has arrived of one output.
  struct Output {
    std::string_view name;
    std::uint64_t begin = 0;              ///< Where this stream begins in the output.
    OutputDigest flow{};                  ///< The digest of what this stream has carried.
    std::optional<OutputDigest> whole{};  ///< From the first byte, if that is not the same.
    bool is_whole = false;                ///< All bytes before `begin` are in `whole`.
    bool has_ended = false;
    std::uint64_t dropped = 0;

    std::uint64_t offset() const { return begin + flow.size(); }
  };

  Output* output_of(std::uint8_t flow);
  bool begin_output(Output& output, std::uint64_t offset) const;
  std::string fault_in_end(const Output& output, std::uint64_t total,
                           const OutputTrailer& trailer) const;
  std::string fault_in_exit(const CommandExit& exit) const;
  Result<void> take_stream_end();
  Result<void> take_late(std::string_view what);
  Result<void> cut(ErrorKind kind, std::string detail, std::string advice);
  Result<void> refute(std::string detail);
  Result<void> fail_as_before() const;

  OutputExcess on_excess_;
  std::string endpoint_;
  ProofState state_ = ProofState::open;
  bool has_begun_ = false;
  bool has_left_ = false;
  Output output_{.name = "standard output"};
  Output error_{.name = "standard error"};
  std::optional<CommandExit> exit_{};
  std::optional<Error> failure_{};
};

}  // namespace hotline::services
