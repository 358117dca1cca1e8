#pragma once

#include <cstdint>
#include <optional>

#include "hotline/engine/task_group.h"
#include "hotline/services/remote_command.h"
#include "hotline/session/session_stream.h"
#include "services/attached_client.h"
#include "services/job.h"
#include "services/kept_output.h"
#include "services/output_digest.h"

namespace hotline::services {

/// What a client that attaches to a job asks for.
struct WantedOutput {
  std::optional<std::uint64_t> output_offset{};  ///< Absent: from the oldest byte that is kept.
  std::optional<std::uint64_t> error_offset{};
  CommandInput input = CommandInput::none;
  bool is_repeated = false;  ///< It asked to start the job, which had been started before.
};

/// Cancels `job` if the peer has reset `stream` for that, which it may do before it gets an answer.
void cancel_if_reset(Job& job, const SessionStream& stream);

/// One client's stream that is attached to a job: passes on the kept outputs, and the end. One
/// loop.
class JobAttachment {
 public:
  /// Both must outlive this object.
  JobAttachment(SessionStream& stream, Job& job) : stream_(stream), job_(job) {}

  /// Serves the client until it has everything, leaves, or is cut off.
  void serve(const WantedOutput& wanted);

 private:
  /// One output on its way to the client.
  struct Sent {
    KeptOutput::Reader reader{};
    OutputDigest flow{};     ///< What this stream has carried.
    bool has_ended = false;  ///< All of it was sent.
  };

  bool attach(const WantedOutput& wanted);
  bool has_kept(const WantedOutput& wanted);
  bool attach(OutputStream which, std::optional<std::uint64_t> offset);
  void refuse_as_gone();
  Result<void> accept(const WantedOutput& wanted);
  void pass_on();
  void watch_client(TaskGroup& senders);
  void take_input();
  void send(OutputStream which, TaskGroup& senders);
  void stop(TaskGroup& senders) const;
  std::optional<CommandExit> exit_of_job();
  void send_end(const std::optional<CommandExit>& exit);
  OutputTrailer trailer_of(OutputStream which);
  void leave() noexcept;
  Sent& sent(OutputStream which) { return sent_[static_cast<std::size_t>(which)]; }
  bool has_sent_all() const { return sent_[0].has_ended && sent_[1].has_ended; }

  SessionStream& stream_;
  Job& job_;
  std::optional<AttachedClient> client_;
  Sent sent_[2];
  JobInput::Writer input_{};
  bool has_left_ = false;  ///< The client has sent DETACH.
  int sending_ = 0;        ///< Senders that are passing bytes to the session.
  bool is_torn_ = false;   ///< Bytes that are in a digest were not sent.
  bool is_over_ = false;
};

}  // namespace hotline::services
