#include "services/command_session.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "hotline/core/bytes.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/task_group.h"
#include "hotline/server/call_refused.h"
#include "services/command_wire.h"

namespace hotline::services {
namespace {

// The most bytes that a caller may send ahead. Beyond that the server stops reading, and does not
// notice when the caller closes.
constexpr std::size_t kRequestsBytesMax = 64 * 1024;

// The pause before a receive that failed is tried again.
constexpr Duration kTryAgain = std::chrono::milliseconds(50);

constexpr std::size_t kShownBytesMax = 80;

/// Returns true if no byte has arrived yet, and one still may.
bool may_come(const Error& error) {
  return error.kind == ErrorKind::timed_out || error.kind == ErrorKind::resource_exhausted;
}

/// Returns true if the watching fiber was interrupted because the command has ended.
bool has_ended(const Error& error) {
  return error.kind == ErrorKind::draining || error.kind == ErrorKind::cancelled;
}

}  // namespace

CommandSession::CommandSession(Stream& call, Launcher& launcher, const CommandOptions& options)
    : frames_(call, framing_of(options.wire)), launcher_(launcher), options_(options) {}

void CommandSession::converse() {
  while (const auto line = next_request()) {
    if (!answer(*line) || options_.is_once) return;
  }
}

std::optional<std::string> CommandSession::next_request() {
  if (!requests_.empty()) {
    std::string request = std::move(requests_.front());
    requests_.pop_front();
    requests_bytes_ -= request.size();
    return request;
  }
  if (has_hung_up_) return std::nullopt;
  const auto bytes = stream().receive();
  if (!bytes) return std::nullopt;
  std::string request(as_text(*bytes));
  opening_.add(request);
  if (!opening_.is_settled()) gather_opening();
  return request;
}

/// A first line may have been cut, so the pieces that have arrived are checked before any of it
/// runs.
void CommandSession::gather_opening() {
  while (opening_.is_open()) {
    const auto bytes = stream().receive_now();
    // If there is an error, the next receive reports it again.
    if (!bytes || bytes->empty()) break;
    keep(*bytes);
  }
  opening_.settle();
}

bool CommandSession::answer(const std::string& line) {
  refuse_foreign(line);
  // The system would end the command at the NUL, and run a command that the caller has not sent.
  if (line.find('\0') != line.npos) refuse(line, "a NUL is in it");
  const auto completed = run(line);
  // The rest of a first line may have come meanwhile.
  refuse_foreign(line);
  if (!completed) {
    give_up(line, completed.error());
    return false;
  }
  // The reply for success would be false.
  if (has_silently_died(*completed)) {
    give_up(line, make_error(ErrorKind::reset, {}, {},
                             "signal " + std::to_string(completed->end.signal) +
                                 " ended it, and it wrote nothing"));
  }
  return send(reply_of(*completed));
}

/// A page can make a browser call any port of this machine, and choose much of what it sends.
void CommandSession::refuse_foreign(const std::string& line) {
  const bool is_opening = opening_.spoken() != Spoken::commands;
  const Spoken spoken = is_opening ? opening_.spoken() : spoken_in(line);
  if (spoken == Spoken::commands) return;
  refuse(line, "it is " + std::string(name_of(spoken)) + ", not a command");
}

void CommandSession::refuse(const std::string& line, const std::string& why) {
  throw CallRefused(make_error(ErrorKind::protocol_violation, {}, {},
                               "refused '" + escape(as_bytes(line), kShownBytesMax) + "': " + why));
}

/// No reply would be true.
void CommandSession::give_up(const std::string& line, const Error& error) {
  if (error.kind == ErrorKind::cancelled) return stream().abort();
  throw std::runtime_error("no reply to '" + escape(as_bytes(line), kShownBytesMax) +
                           "': " + error.message());
}

/// Runs the command, and watches the caller at the same time. Fails with `cancelled` if the caller
/// has gone.
Result<Completed> CommandSession::run(const std::string& line) {
  // A drain lets the command end; the caller is watched until then.
  const DrainHold hold;
  Result<Completed> completed = fail(make_error(ErrorKind::cancelled, "run", {}, {}));
  has_completed_ = false;
  TaskGroup fibers;
  const auto running = fibers.spawn("command", [&] {
    const LaunchOptions what{.arguments = {"/bin/sh", "-c", "--", line},
                             .directory = options_.directory};
    const RunOptions limits{.timeout = options_.timeout, .output_max = options_.reply_max};
    completed = run_to_end(launcher_, what, limits);
    has_completed_ = true;
    // Never cancels a receive: a drain leaves the call usable.
    has_hung_up_ ? fibers.cancel() : fibers.drain();
  });
  if (!running) return fail(running.error());
  const auto watching = fibers.spawn("caller", [&] {
    if (watch_caller() == Watched::gone) fibers.cancel();
  });
  if (!watching) return fail(watching.error());
  if (auto joined = fibers.join(); !joined) return fail(std::move(joined.error()));
  return completed;
}

CommandSession::Watched CommandSession::watch_caller() {
  while (requests_bytes_ < kRequestsBytesMax) {
    if (has_hung_up_) return outlive_caller();
    const auto bytes = stream().receive();
    if (bytes) {
      keep(*bytes);
      if (opening_.spoken() != Spoken::commands) return Watched::gone;
    } else if (bytes.error().kind == ErrorKind::closed) {
      has_hung_up_ = true;
    } else if (has_ended(bytes.error())) {
      break;
    } else if (!may_come(bytes.error())) {
      return Watched::gone;
    } else if (has_completed_ || !sleep_for(kTryAgain)) {
      break;
    }
  }
  return Watched::ended;
}

/// A close may be a half-close, with a caller that still waits for the reply.
CommandSession::Watched CommandSession::outlive_caller() {
  const bool is_outlived = !has_completed_ && sleep_for(options_.grace);
  return is_outlived ? Watched::gone : Watched::ended;
}

void CommandSession::keep(Bytes request) {
  opening_.add(as_text(request));
  requests_.emplace_back(as_text(request));
  requests_bytes_ += request.size();
}

/// Returns false if it could not be sent completely.
bool CommandSession::send(std::string_view reply) {
  // An orderly end would make a part of a reply look complete, also if this program is killed.
  stream().when_dropped(WhenDropped::abort);
  const bool is_sent = frames_.write_frame(as_bytes(reply)).has_value();
  if (!is_sent) {
    stream().abort();
    return false;
  }
  stream().when_dropped(WhenDropped::close);
  return true;
}

}  // namespace hotline::services
