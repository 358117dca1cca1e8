#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/event.h"
#include "hotline/engine/mutex.h"
#include "hotline/engine/process.h"
#include "hotline/engine/queue.h"
#include "hotline/services/job_entry.h"
#include "hotline/services/job_id.h"
#include "hotline/services/remote_command.h"
#include "hotline/session/session_stream.h"
#include "services/client_message.h"
#include "services/command_process.h"
#include "services/job_input.h"
#include "services/kept_output.h"

namespace hotline::services {

/// A command that goes on without its client: its process, its kept outputs and how it ended. Any
/// thread, except run().
class Job final : public OutputSink {
 public:
  struct Facts {
    JobId id{};
    std::string owner;  ///< The caller who started it; only that one may use it.
    RemoteCommand command;
    Duration keep{};           ///< How long it may be without a client.
    Event* changes = nullptr;  ///< Set when it ends, or is left by its client. Outlives the job.
  };

  /// Fails as SpillFile::make().
  static Result<std::shared_ptr<Job>> make(Facts facts, const KeptOutput::Bounds& bounds);

  Job(Facts facts, SpillFile output, SpillFile error, const KeptOutput::Bounds& bounds);

  const Facts& facts() const { return facts_; }

  /// Gives it the process that was launched: it has started. Call it once, before run().
  void prepare(std::unique_ptr<Process> process, const CommandBounds& bounds);

  /// Notes that it cannot be started.
  void note_start_failure(Error why) noexcept;

  bool has_started() const;

  /// Waits until it has started or cannot be. Fails with `cancelled`, and as noted: see
  /// start_failure().
  Result<void> wait_started();

  /// Returns why it cannot be started; nullopt if it was, or may still be.
  std::optional<Error> start_failure() const;

  /// Runs the command on this fiber's loop to its end. A job that is forgotten, or has been without
  /// a client for its time, is killed. Calls `on_exit` once the command has ended, before clients
  /// see that.
  void run(const std::function<void(const CommandExit&)>& on_exit);

  /// Returns when its time is over: then it is given up if it has ended, and killed otherwise.
  /// Never while a client is attached.
  Deadline kept_until() const;

  std::uint32_t pid() const { return pid_; }
  std::chrono::system_clock::time_point started() const { return started_; }

  /// Returns the digest of an output. After the exit.
  const OutputDigest& digest(OutputStream which) const {
    return digests_[static_cast<std::size_t>(which)];
  }

  JobEntry entry() const;

  /// Returns how it ended; nullopt while it runs.
  std::optional<CommandExit> exit() const;

  /// Returns true if it has ended, and no client is attached.
  bool is_idle() const;

  /// Waits for the end. Fails with `cancelled`.
  Result<CommandExit> wait_exit();

  KeptOutput& output(OutputStream which) {
    return which == OutputStream::standard_output ? output_ : error_;
  }

  JobInput& input() { return input_; }

  // Fails with `closed` if the job has ended. Does not wait for the command to read its input.

  Result<void> send_signal(int signal) { return control(SignalMessage{signal}); }
  Result<void> control(const ClientMessage& message) { return controls_.push(message); }

  /// Kills its command if it runs.
  void forget();

  /// Held while a client takes its place at the job, the outputs and the input, so that two cannot
  /// get a part each.
  Mutex& attaching() { return attaching_; }

  /// Makes `stream` the attached one; the one before is reset with `attached_elsewhere`.
  void attach(SessionStream& stream);

  /// Has no effect if another one was attached since.
  void detach(const SessionStream& stream);

  // OutputSink

  Result<std::size_t> wait_room(OutputStream which) override { return output(which).wait_room(); }
  Result<void> put(OutputStream which, Bytes bytes) override { return output(which).append(bytes); }

 private:
  void run_command(const std::function<void(const CommandExit&)>& on_exit);
  void end(CommandExit exit, const std::function<void(const CommandExit&)>& on_exit);
  void take_controls();
  void take(const ClientMessage& message);
  void pass_input();
  void watch_keep();
  bool is_unwanted() const;
  void note_exit(CommandExit exit) noexcept;
  Deadline kept_until_locked() const;

  const Facts facts_;
  KeptOutput output_;
  KeptOutput error_;
  std::uint32_t pid_ = 0;
  std::chrono::system_clock::time_point started_{};
  std::optional<CommandProcess> command_;  ///< The loop of run() only, and until its end.
  std::array<OutputDigest, 2> digests_{};
  Queue<ClientMessage> controls_{4};
  JobInput input_;
  Mutex attaching_;
  mutable std::mutex mutex_;
  bool has_started_ = false;
  std::optional<Error> start_failure_{};
  std::optional<CommandExit> exit_{};
  bool is_forgotten_ = false;
  SessionStream* attached_ = nullptr;
  Instant left_at_{};     ///< When the last client left, or the command ended after that.
  Event has_changed_;     ///< For watch_keep().
  Event start_is_known_;  ///< Stays set, as the next.
  Event exit_is_known_;
};

}  // namespace hotline::services
