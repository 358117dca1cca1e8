#pragma once

#include <memory>
#include <optional>

#include "hotline/core/error.h"
#include "services/command_places.h"
#include "services/command_process.h"
#include "services/job.h"
#include "services/remote_service.h"

namespace hotline::services {

/// A job from its request to the end of its command, wherever its client is. It is in the table
/// from the beginning. If it cannot be started, that is recorded, it leaves the table, and
/// Job::wait_started() fails with the reason.
class JobStart {
 public:
  JobStart(const RemoteCall& call, std::shared_ptr<Job> job, CommandPlaces::Place place,
           const CommandBounds& bounds);
  JobStart(const JobStart&) = delete;
  JobStart& operator=(const JobStart&) = delete;
  ~JobStart();

  /// Launches the command and runs it to its end.
  void run();

 private:
  void note_refused() const noexcept;

  const RemoteCall call_;
  const std::shared_ptr<Job> job_;
  std::optional<CommandPlaces::Place> place_;
  const CommandBounds bounds_;
  Error failure_;  ///< Why it does not start.
  bool has_started_ = false;
};

}  // namespace hotline::services
