#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/engine/clock.h"
#include "hotline/engine/process.h"
#include "hotline/services/command_refusal.h"
#include "hotline/session/session_stream.h"
#include "services/command_places.h"
#include "services/command_request.h"
#include "services/job.h"
#include "services/remote_service.h"

namespace hotline::services {

/// One request of a client: decides, starts and answers. One loop.
class RemoteRequest {
 public:
  /// Both must outlive this object.
  RemoteRequest(const RemoteCall& call, SessionStream& stream) : call_(call), stream_(stream) {}

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
  bool has_started(const RemoteCommand& command, Job& job, bool is_repeated);
  bool has_room(const RemoteCommand& command);
  std::optional<CommandPlaces::Place> take_place(const RemoteCommand& command);
  void answer_detached(Job& job, bool is_repeated);
  std::shared_ptr<Job> find(const JobId& id);
  std::unique_ptr<Process> launch(const RemoteCommand& command);
  void finish();
  void refuse(CommandRefusal refusal, std::string_view text);
  void refuse(const RemoteCommand& command, ResetCode code, const std::string& text);

  RemoteService& service() const { return call_.service; }

  const RemoteCall& call_;
  SessionStream& stream_;
  const ClockReading begun_ = read_clocks();
};

}  // namespace hotline::services
