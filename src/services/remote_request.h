#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hotline/engine/clock.h"
#include "hotline/engine/process.h"
#include "hotline/engine/task_group.h"
#include "hotline/server/call_info.h"
#include "hotline/services/command_refusal.h"
#include "hotline/services/remote_commands.h"
#include "hotline/session/session_stream.h"
#include "services/command_places.h"
#include "services/command_process.h"
#include "services/command_request.h"
#include "services/job.h"
#include "services/job_table.h"

namespace hotline::services {

/// What all calls of one service share. Any thread.
struct RemoteService {
  RemoteService(Launcher& of_server, const RemoteCommandsOptions& wanted)
      : launcher(of_server),
        options(wanted),
        places(wanted.commands_max, wanted.commands_per_caller_max),
        jobs(wanted.jobs_max) {}

  Launcher& launcher;
  const RemoteCommandsOptions options;
  CommandPlaces places;
  JobTable jobs;
};

/// One call of the service: who calls, and the jobs that it has started. One loop.
struct RemoteCall {
  RemoteService& service;
  std::string caller;    ///< Whose commands these are: for limits and jobs.
  std::string identity;  ///< For the audit.
  std::string endpoint;
  TaskGroup& jobs;  ///< They go on after the connection.
};

/// One request of a client: decides, starts and answers. One loop.
class RemoteRequest {
 public:
  /// Both must outlive this object.
  RemoteRequest(RemoteCall& call, SessionStream& stream) : call_(call), stream_(stream) {}

  /// Returns when the request has been carried out, or refused.
  void answer();

 private:
  void answer(const RemoteCommand& command);
  void answer(const AttachRequest& request);
  void answer(const ListRequest& request);
  void answer(const SignalRequest& request);
  void answer(const ForgetRequest& request);

  bool refuses(const RemoteCommand& command);
  void run(const RemoteCommand& command);
  void run_job(const RemoteCommand& command);
  std::shared_ptr<Job> find_or_start(const RemoteCommand& command, bool& is_repeated);
  std::shared_ptr<Job> start(const RemoteCommand& command);
  bool make_room(const RemoteCommand& command);
  std::optional<CommandPlaces::Place> take_place(const RemoteCommand& command);
  Result<void> run_in_background(const std::shared_ptr<Job>& job, CommandPlaces::Place place);
  void answer_detached(const Job& job, bool is_repeated);
  std::shared_ptr<Job> find(const JobId& id);
  std::unique_ptr<Process> launch(const RemoteCommand& command);
  CommandBounds bounds_of(const RemoteCommand& command) const;
  void finish();
  void refuse(CommandRefusal refusal, std::string_view text);
  void refuse(const RemoteCommand& command, ResetCode code, const std::string& text);

  RemoteService& service() { return call_.service; }

  RemoteCall& call_;
  SessionStream& stream_;
  const ClockReading begun_ = read_clocks();
};

}  // namespace hotline::services
