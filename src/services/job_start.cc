#include "services/job_start.h"

#include <new>
#include <utility>

#include "services/audit_note.h"
#include "services/command_launch.h"
#include "services/launch_refusal.h"

namespace hotline::services {

JobStart::JobStart(const RemoteCall& call, std::shared_ptr<Job> job, CommandPlaces::Place place,
                   const CommandBounds& bounds)
    : call_(call),
      job_(std::move(job)),
      place_(std::move(place)),
      bounds_(bounds),
      failure_(make_error(ErrorKind::draining, "start a job", {},
                          "the server ends, or has no memory left")) {
  call_.service.jobs.add(job_);
}

JobStart::~JobStart() {
  if (has_started_) return;
  note_refused();
  // A client that sees it may try again.
  place_.reset();
  call_.service.jobs.remove(*job_);
  job_->note_start_failure(std::move(failure_));
}

void JobStart::note_refused() const noexcept {
  try {
    note_refusal(call_, job_->facts().command, launch_refusal(failure_).text);
  } catch (const std::bad_alloc&) {
    // There is no memory for the record either.
  }
}

void JobStart::run() {
  const RemoteCommand& command = job_->facts().command;
  auto process =
      call_.service.launcher.launch(launch_options(command, call_.service.options.directory));
  if (!process) {
    failure_ = std::move(process.error());
    return;
  }
  job_->prepare(std::move(*process), bounds_);
  has_started_ = true;
  // Not earlier: a job that cannot be started takes no place.
  call_.service.jobs.give_up_excess(job_->facts().owner);
  job_->run([this](const CommandExit& exit) {
    place_.reset();
    note_end(call_, *job_, exit);
  });
}

}  // namespace hotline::services
