#include "cli/remote_link.h"

#include <algorithm>
#include <chrono>

#include "cli/back_off.h"
#include "cli/remote_connection.h"
#include "cli/report.h"
#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/services/command_refusal.h"

namespace hotline::cli {
namespace {

// One attempt must not use up the time for all: the network may be back a moment later.
constexpr Duration kConnectMax = std::chrono::seconds(10);
constexpr Duration kAttemptMax = std::chrono::seconds(30);

/// Returns true for an error that the next attempt would meet too.
bool is_lasting(ErrorKind kind) {
  return kind == ErrorKind::invalid_argument || kind == ErrorKind::unsupported ||
         kind == ErrorKind::permission_denied || kind == ErrorKind::protocol_violation;
}

/// Returns true for refusals that end by themselves.
bool is_passing(CommandRefusal refusal) {
  return refusal == CommandRefusal::busy || refusal == CommandRefusal::draining;
}

}  // namespace

bool RemoteLink::can_restore() const {
  const auto failure = client_.failure();
  return again_ && failure && !is_lasting(failure->kind);
}

Result<void> RemoteLink::restore(RunningCommand& command, Deadline deadline) {
  return restore(&command, deadline);
}

Result<void> RemoteLink::restore(RunningCommand* command, Deadline deadline) {
  const auto lost = client_.failure();
  report_note_in_time("the connection was lost" + (lost ? ": " + lost->message() : std::string()) +
                          "; trying for " + format_duration(again_->time_max) + " to connect again",
                      again_->form);
  const DeadlineScope scope(Deadline::earliest(deadline, deadline_after(again_->time_max)));
  auto restored = try_until_restored(command);
  if (!restored) return restored;
  ++restored_;
  report_note_in_time("the connection is back: the command goes on where it was", again_->form);
  return {};
}

Result<void> RemoteLink::try_until_restored(RunningCommand* command) {
  BackOff pauses;
  for (;;) {
    Outlook outlook = Outlook::open;
    auto tried = attempt(command, outlook);
    if (tried || outlook == Outlook::hopeless) return tried;
    auto slept = sleep_for(pauses.next());
    if (slept) continue;
    if (slept.error().kind != ErrorKind::timed_out) {
      return fail(given_up(ErrorKind::cancelled, "left before the connection was back"));
    }
    return fail(given_up(
        ErrorKind::timed_out,
        "there was no connection within the time; the last attempt: " + tried.error().message()));
  }
}

Result<void> RemoteLink::attempt(RunningCommand* command, Outlook& outlook) {
  const DeadlineScope scope(deadline_after(kAttemptMax));
  auto connected = connect_again(outlook);
  if (!connected || command == nullptr) return connected;
  return resume(*command, outlook);
}

Result<void> RemoteLink::connect_again(Outlook& outlook) {
  auto client =
      connect_on_fiber(again_->uri, again_->home, std::min(again_->connect_timeout, kConnectMax));
  if (client) {
    client_ = std::move(*client);
    return {};
  }
  if (is_lasting(client.error().kind)) outlook = Outlook::hopeless;
  return fail(std::move(client.error()));
}

Result<void> RemoteLink::resume(RunningCommand& command, Outlook& outlook) {
  auto resumed = command.resume(client_);
  if (resumed) return {};
  const auto refusal = command.refusal();
  const bool is_refused = refusal && !is_passing(*refusal);
  if (is_refused || is_lasting(resumed.error().kind)) outlook = Outlook::hopeless;
  if (refusal != CommandRefusal::not_found) return resumed;
  Error error = given_up(ErrorKind::not_found,
                         "the server does not know the job any more: it was started again since, "
                         "or has given the job up");
  error.advice = "how the command ended is not known: check before running it again";
  return fail(std::move(error));
}

Error RemoteLink::given_up(ErrorKind kind, std::string detail) const {
  return make_error(kind, "go on with the command at", client_.peer(), std::move(detail));
}

}  // namespace hotline::cli
