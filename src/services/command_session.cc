#include "services/command_session.h"

#include <array>
#include <stdexcept>
#include <utility>

#include "hotline/core/bytes.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "services/command_wire.h"

namespace hotline::services {
namespace {

// What a caller may send ahead; beyond that it is not read from, and so not watched.
constexpr std::size_t kRequestsBytesMax = 64 * 1024;

// Of a draining server every receive ends at once: how often to look whether there is something.
constexpr Duration kLookAgain = std::chrono::milliseconds(50);

// How long a caller may keep a reply waiting that it was told the length of.
constexpr Duration kReadyTimeout = std::chrono::seconds(30);

constexpr std::size_t kShownBytesMax = 80;

/// Whether nothing has come yet, and something still may.
bool may_come(const Error& error) {
  // A connection that the kernel gave up has timed out too, but with an errno.
  const bool has_timed_out = error.kind == ErrorKind::timed_out && error.native_code == 0;
  return has_timed_out || error.kind == ErrorKind::draining ||
         error.kind == ErrorKind::resource_exhausted;
}

}  // namespace

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
  const auto bytes = call_.receive();
  if (!bytes) return std::nullopt;
  return std::string(as_text(*bytes));
}

bool CommandSession::answer(const std::string& line) {
  // The system would end it there, and run what nobody has asked for.
  if (line.find('\0') != line.npos) {
    give_up(line, make_error(ErrorKind::invalid_argument, {}, {}, "a NUL is in it"));
  }
  const auto completed = run(line);
  if (completed) return send(reply_of(*completed));
  give_up(line, completed.error());
  return false;
}

/// There is no reply that would be true.
void CommandSession::give_up(const std::string& line, const Error& error) {
  if (error.kind == ErrorKind::cancelled) return call_.abort();
  throw std::runtime_error("no reply to \"" + escape(as_bytes(line), kShownBytesMax) +
                           "\": " + error.message());
}

/// Runs it, and watches the caller meanwhile: `cancelled` if that has gone.
Result<Completed> CommandSession::run(const std::string& line) {
  Result<Completed> completed = fail(make_error(ErrorKind::cancelled, "run", {}, {}));
  has_completed_ = false;
  TaskGroup fibers;
  const auto running = fibers.spawn("command", [&] {
    const LaunchOptions what{.arguments = {"/bin/sh", "-c", "--", line}};
    const RunOptions limits{.timeout = options_.timeout, .output_max = options_.reply_max};
    completed = run_to_end(launcher_, what, limits);
    has_completed_ = true;
    // Never a cancel where it receives: a drain leaves the call as it is.
    is_pausing_ ? fibers.cancel() : fibers.drain();
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
  while (!has_completed_ && requests_bytes_ < kRequestsBytesMax) {
    if (has_hung_up_) return outlive_caller();
    const auto bytes = call_.receive();
    if (bytes) {
      keep(*bytes);
    } else if (bytes.error().kind == ErrorKind::closed) {
      has_hung_up_ = true;
    } else if (bytes.error().kind == ErrorKind::cancelled) {
      break;
    } else if (!may_come(bytes.error())) {
      return Watched::gone;
    } else if (has_completed_ || !pause(kLookAgain)) {
      break;
    }
  }
  return Watched::ended;
}

/// A close may be a half-close, and its caller still be there for the reply.
CommandSession::Watched CommandSession::outlive_caller() {
  return pause(options_.grace) ? Watched::gone : Watched::ended;
}

/// False if the command has ended meanwhile, or is to be ended.
bool CommandSession::pause(Duration duration) {
  is_pausing_ = true;
  const bool has_slept = sleep_for(duration).has_value();
  is_pausing_ = false;
  return has_slept && !has_completed_;
}

void CommandSession::keep(Bytes request) {
  requests_.emplace_back(as_text(request));
  requests_bytes_ += request.size();
}

/// False if the caller has gone.
bool CommandSession::send(std::string_view reply) {
  const std::string length = encode_length(options_.wire, reply.size());
  if (options_.wire != CommandWire::ready) {
    const std::array pieces{as_bytes(length), as_bytes(reply)};
    return call_.write_all(pieces).has_value();
  }
  return call_.write_all(as_bytes(length)) && await_ready() && call_.write_all(as_bytes(reply));
}

bool CommandSession::await_ready() {
  const DeadlineScope scope(deadline_after(kReadyTimeout));
  ReadyReader ready;
  while (ready.state() == ReadyReader::State::more) {
    const auto bytes = call_.receive();
    if (bytes) {
      const std::size_t taken = ready.take(*bytes);
      if (taken < bytes->size()) keep(bytes->subspan(taken));
    } else if (!may_come(bytes.error()) || !sleep_for(kLookAgain)) {
      return false;
    }
  }
  if (ready.state() == ReadyReader::State::whole) return true;
  call_.abort();
  return false;
}

}  // namespace hotline::services
