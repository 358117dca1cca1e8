#include "hotline/services/shell_line_client.h"

#include <optional>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "services/command_wire.h"

namespace hotline {
namespace {

constexpr Duration kWriteTimeout = std::chrono::seconds(30);
constexpr std::string_view kReceiveFrom = "receive from";
constexpr std::string_view kRunAt = "run a command at";
constexpr std::string_view kMoreCame = "more came than the length before it says";

/// Returns what arrives within `duration`, or nullopt if nothing does.
Result<std::optional<MutableBytes>> receive_within(Stream& stream, Duration duration) {
  const Deadline quiet = deadline_after(duration);
  const DeadlineScope scope(quiet);
  auto bytes = stream.receive();
  if (bytes) return *bytes;
  const bool has_timed_out = bytes.error().kind == ErrorKind::timed_out;
  if (has_timed_out && quiet.has_passed(now())) return std::nullopt;
  return fail(std::move(bytes.error()));
}

/// A server that cannot return a complete reply only hangs up.
Error explain(Error error) {
  const bool has_hung_up = error.kind == ErrorKind::closed || error.kind == ErrorKind::reset ||
                           error.kind == ErrorKind::truncated;
  if (has_hung_up && error.advice.empty()) {
    error.advice =
        "the server may not allow this caller, or the command may have met its limit of time or "
        "size; the server's log says why";
  }
  return error;
}

/// Returns true if `reply` begins as a server of the wire `hotline` begins: docs/wire/session.md.
bool is_hello(Bytes reply) {
  constexpr std::size_t kMagicAt = 12;
  return as_text(reply).substr(0, kMagicAt + 8).ends_with("hotline\n") &&
         reply.size() >= kMagicAt + 8;
}

/// Returns why `line` cannot be sent as a command, or an empty string if it can.
std::string_view fault_of(std::string_view line) {
  if (line.empty()) return "the command is empty";
  if (line.find('\0') != line.npos) return "the command has a NUL in it";
  if (line.size() <= services::kRequestMax) return {};
  return "the command is longer than the 16 KiB that a server receives at once";
}

}  // namespace

ShellLineClient::ShellLineClient(Stream stream, const ShellLineClientOptions& options)
    : frames_(std::move(stream), services::framing_of(options.wire, options.reply_max)),
      options_(options) {
  frames_.stream().set_timeouts({kNoTimeout, kNoTimeout, kWriteTimeout});
}

Error ShellLineClient::violation(std::string detail) const {
  return make_error(ErrorKind::protocol_violation, kReceiveFrom,
                    frames_.stream().peer().to_string(), std::move(detail), advice_on_wire());
}

std::string ShellLineClient::advice_on_wire() const {
  return "does the server speak wire=" + std::string(name_of(options_.wire)) + "?";
}

Error ShellLineClient::other_wire() const {
  return make_error(
      ErrorKind::protocol_violation, kRunAt, frames_.stream().peer().to_string(),
      "the server speaks the wire hotline",
      "leave out wire=" + std::string(name_of(options_.wire)) + ", or give the server the same");
}

Error ShellLineClient::too_large() const {
  return make_error(ErrorKind::too_large, kReceiveFrom, frames_.stream().peer().to_string(),
                    "the reply is longer than " + std::to_string(options_.reply_max) + " bytes",
                    "max=1GiB after the endpoint's ? allows longer ones; and does the server "
                    "speak wire=" +
                        std::string(name_of(options_.wire)) + "?");
}

Result<std::string> ShellLineClient::run(std::string_view line) {
  std::string reply;
  auto ran = run(line, [&](Bytes piece) {
    reply += as_text(piece);
    return true;
  });
  if (!ran) return fail(std::move(ran.error()));
  return reply;
}

Result<void> ShellLineClient::run(std::string_view line, const Sink& sink) {
  if (const std::string_view wrong = fault_of(line); !wrong.empty()) {
    return fail(make_error(ErrorKind::invalid_argument, kRunAt, frames_.stream().peer().to_string(),
                           std::string(wrong)));
  }
  if (!stream().is_open()) {
    return fail(make_error(ErrorKind::closed, kRunAt, frames_.stream().peer().to_string(),
                           "the call has ended"));
  }
  const DeadlineScope scope(deadline_after(options_.timeout));
  stream().when_dropped(WhenDropped::abort);
  auto exchanged = exchange(line, sink);
  if (exchanged) {
    stream().when_dropped(WhenDropped::close);
  } else {
    stream().abort();
    exchanged.error() = explain(std::move(exchanged.error()));
  }
  return exchanged;
}

Result<void> ShellLineClient::exchange(std::string_view line, const Sink& sink) {
  if (options_.wire != CommandWire::plain) {
    if (auto taken = take_unasked(sink); !taken) return taken;
  }
  if (auto sent = stream().write_all(as_bytes(line)); !sent) return sent;
  return options_.wire == CommandWire::plain ? read_plain(sink) : read_framed(sink);
}

Result<void> ShellLineClient::read_plain(const Sink& sink) {
  std::size_t size = 0;
  for (;;) {
    const auto bytes = receive_within(stream(), size == 0 ? kNoTimeout : options_.linger);
    const bool has_closed = !bytes && bytes.error().kind == ErrorKind::closed;
    if (size > 0 && (has_closed || (bytes && !*bytes))) return {};
    if (!bytes) return fail(bytes.error());
    if (size == 0 && is_hello(**bytes)) return fail(other_wire());
    size += (*bytes)->size();
    if (size > options_.reply_max) return fail(too_large());
    if (!sink(**bytes)) return fail(make_error(ErrorKind::cancelled, kReceiveFrom, {}, {}));
  }
}

/// The wait for the beginning of a reply has no limit, because a command may take long. After a
/// reply has begun, its remaining bytes should arrive soon.
Result<MutableBytes> ShellLineClient::read_reply() {
  for (;;) {
    const Deadline look = deadline_after(options_.silence_max);
    {
      const DeadlineScope scope(look);
      auto reply = frames_.read_frame();
      const bool has_waited =
          !reply && reply.error().kind == ErrorKind::timed_out && look.has_passed(now());
      if (!has_waited) return reply;
    }
    if (frames_.has_rest()) break;
  }
  stream().set_timeouts({options_.silence_max, options_.silence_max, kWriteTimeout});
  auto reply = frames_.read_frame();
  stream().set_timeouts({kNoTimeout, kNoTimeout, kWriteTimeout});
  if (!reply && reply.error().kind == ErrorKind::timed_out) {
    reply.error().detail = "a reply has begun, and the rest of it does not come";
    reply.error().advice = advice_on_wire();
  }
  return reply;
}

Result<void> ShellLineClient::read_framed(const Sink& sink) {
  const auto reply = read_reply();
  if (!reply) return fail(of_wire(reply.error()));
  if (frames_.has_rest()) return fail(violation(std::string(kMoreCame)));
  if (reply->empty() || sink(*reply)) return {};
  return fail(make_error(ErrorKind::cancelled, kReceiveFrom, {}, {}));
}

/// The error names the wire, because the user has not chosen a framing.
Error ShellLineClient::of_wire(Error error) const {
  if (error.kind == ErrorKind::protocol_violation)
    return violation("what came is not the length of a reply");
  if (error.kind == ErrorKind::too_large) return too_large();
  return error;
}

Result<void> ShellLineClient::take_unasked(const Sink& sink) {
  for (;;) {
    const auto bytes = stream().receive_now();
    if (!bytes) return fail(bytes.error());
    if (bytes->empty()) return {};
    if (options_.wire != CommandWire::plain) {
      Error error =
          is_hello(*bytes) ? other_wire() : violation("bytes came that belong to no reply");
      stream().abort();
      return fail(std::move(error));
    }
    if (!sink(*bytes)) return fail(make_error(ErrorKind::cancelled, kReceiveFrom, {}, {}));
  }
}

Result<void> ShellLineClient::finish() {
  if (auto ended = stream().shut_down_writes(); !ended) return ended;
  const auto bytes = receive_within(stream(), options_.linger);
  const bool has_closed = !bytes && bytes.error().kind == ErrorKind::closed;
  const bool is_quiet = bytes && !*bytes;
  if (has_closed || is_quiet) {
    stream().close();
    return {};
  }
  stream().abort();
  return bytes ? fail(violation(std::string(kMoreCame))) : fail(bytes.error());
}

}  // namespace hotline
