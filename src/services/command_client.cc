#include "hotline/services/command_client.h"

#include <optional>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "services/command_wire.h"

namespace hotline {
namespace {

using services::LengthReader;

// Digits that were sent at once can still be cut: how long to wait for more of them.
constexpr Duration kDigitsQuiet = std::chrono::milliseconds(10);

constexpr Duration kWriteTimeout = std::chrono::seconds(30);
constexpr std::string_view kReceiveFrom = "receive from";
constexpr std::string_view kRunAt = "run a command at";

/// What comes within `duration`; nothing, if nothing does.
Result<std::optional<MutableBytes>> receive_within(Stream& stream, Duration duration) {
  const Deadline quiet = deadline_after(duration);
  const DeadlineScope scope(quiet);
  auto bytes = stream.receive();
  if (bytes) return *bytes;
  // A connection that the kernel gave up has timed out too, but with an errno.
  const Error& error = bytes.error();
  const bool has_timed_out = error.kind == ErrorKind::timed_out && error.native_code == 0;
  if (has_timed_out && quiet.has_passed(now())) return std::nullopt;
  return fail(std::move(bytes.error()));
}

/// A server that cannot answer truly says so by hanging up, and nothing else.
Error explain(Error error) {
  const bool has_hung_up = error.kind == ErrorKind::closed || error.kind == ErrorKind::reset ||
                           error.kind == ErrorKind::truncated;
  if (has_hung_up && error.advice.empty()) {
    error.advice = "did the command take too long, or say too much? the server's log knows";
  }
  return error;
}

/// Why it cannot be sent as a command; empty if it can.
std::string_view fault_of(std::string_view line) {
  if (line.empty()) return "the command is empty";
  if (line.find('\0') != line.npos) return "the command has a NUL in it";
  if (line.size() <= services::kRequestMax) return {};
  return "the command is longer than the 16 KiB that a server receives at once";
}

/// The end of a call within a reply is not an orderly one.
Error cut(Error error, bool has_begun) {
  if (has_begun && error.kind == ErrorKind::closed) error.kind = ErrorKind::truncated;
  return error;
}

}  // namespace

CommandClient::CommandClient(Stream stream, const CommandClientOptions& options)
    : stream_(std::move(stream)), options_(options) {
  stream_.set_timeouts({kNoTimeout, kNoTimeout, kWriteTimeout});
}

Error CommandClient::violation(std::string detail) const {
  return make_error(ErrorKind::protocol_violation, kReceiveFrom,
                    stream_.peer().format_without_options(), std::move(detail),
                    "does the server speak wire=" + std::string(name_of(options_.wire)) + "?");
}

Error CommandClient::too_large() const {
  return make_error(ErrorKind::too_large, kReceiveFrom, stream_.peer().format_without_options(),
                    "the reply is longer than " + std::to_string(options_.reply_max) + " bytes",
                    "max=1GiB behind the endpoint's ? allows longer ones; and does the server "
                    "speak wire=" +
                        std::string(name_of(options_.wire)) + "?");
}

Result<std::string> CommandClient::run(std::string_view line) {
  std::string reply;
  auto ran = run(line, [&](Bytes piece) {
    reply += as_text(piece);
    return true;
  });
  if (!ran) return fail(std::move(ran.error()));
  return reply;
}

Result<void> CommandClient::run(std::string_view line, const Sink& sink) {
  if (const std::string_view wrong = fault_of(line); !wrong.empty()) {
    return fail(make_error(ErrorKind::invalid_argument, kRunAt,
                           stream_.peer().format_without_options(), std::string(wrong)));
  }
  if (!stream_.is_open()) {
    return fail(make_error(ErrorKind::closed, kRunAt, stream_.peer().format_without_options(),
                           "the call has ended"));
  }
  const DeadlineScope scope(deadline_after(options_.timeout));
  stream_.when_dropped(WhenDropped::abort);
  auto exchanged = exchange(line, sink);
  if (exchanged) {
    stream_.when_dropped(WhenDropped::close);
  } else {
    stream_.abort();
    exchanged.error() = explain(std::move(exchanged.error()));
  }
  return exchanged;
}

Result<void> CommandClient::exchange(std::string_view line, const Sink& sink) {
  if (options_.wire != CommandWire::plain) {
    if (auto taken = take_unasked(sink); !taken) return taken;
  }
  if (auto sent = stream_.write_all(as_bytes(line)); !sent) return sent;
  if (options_.wire == CommandWire::plain) return read_plain(sink);
  const auto reply = read_framed();
  if (!reply) return fail(reply.error());
  if (reply->empty() || sink(as_bytes(*reply))) return {};
  return fail(make_error(ErrorKind::cancelled, kReceiveFrom, {}, {}));
}

Result<void> CommandClient::read_plain(const Sink& sink) {
  std::size_t size = 0;
  for (;;) {
    const auto bytes = receive_within(stream_, size == 0 ? kNoTimeout : options_.linger);
    const bool has_closed = !bytes && bytes.error().kind == ErrorKind::closed;
    if (size > 0 && (has_closed || (bytes && !*bytes))) return {};
    if (!bytes) return fail(bytes.error());
    size += (*bytes)->size();
    if (size > options_.reply_max) return fail(too_large());
    if (!sink(**bytes)) return fail(make_error(ErrorKind::cancelled, kReceiveFrom, {}, {}));
  }
}

Result<std::string> CommandClient::read_framed() {
  std::string reply;
  const auto length = read_length(reply);
  if (!length) return fail(length.error());
  if (auto read = read_rest(reply, *length); !read) return fail(std::move(read.error()));
  return reply;
}

/// What came with it of the reply goes to `reply`.
Result<std::size_t> CommandClient::read_length(std::string& reply) {
  using State = LengthReader::State;
  LengthReader length(options_.wire, options_.reply_max);
  bool has_begun = false;
  while (length.state() == State::more || length.state() == State::announced) {
    const bool is_announced = length.state() == State::announced;
    const auto bytes = receive_within(stream_, is_announced ? kDigitsQuiet : kNoTimeout);
    if (!bytes) return fail(cut(bytes.error(), has_begun));
    if (!*bytes) break;
    has_begun = true;
    reply += as_text((*bytes)->subspan(length.take(**bytes)));
  }
  if (length.state() == State::malformed) return fail(violation("what came is no length"));
  if (length.state() == State::too_large) return fail(too_large());
  if (options_.wire == CommandWire::ready) {
    auto sent = stream_.write_all(as_bytes(services::kReadyAnswer));
    if (!sent) return fail(std::move(sent.error()));
  }
  return length.length();
}

Result<void> CommandClient::read_rest(std::string& reply, std::size_t length) {
  // Memory grows with what arrives, not with what was promised.
  while (reply.size() < length) {
    const auto bytes = stream_.receive();
    if (!bytes) return fail(cut(bytes.error(), true));
    reply += as_text(*bytes);
  }
  if (reply.size() == length) return {};
  return fail(violation("more came than the length before it says"));
}

Result<void> CommandClient::take_unasked(const Sink& sink) {
  for (;;) {
    const auto bytes = receive_within(stream_, Duration::zero());
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return {};
    if (options_.wire != CommandWire::plain) {
      stream_.abort();
      return fail(violation("something came that was not asked for"));
    }
    if (!sink(**bytes)) return fail(make_error(ErrorKind::cancelled, kReceiveFrom, {}, {}));
  }
}

Result<void> CommandClient::finish() {
  if (auto ended = stream_.shut_down_writes(); !ended) return ended;
  const auto bytes = receive_within(stream_, options_.linger);
  if (!bytes && bytes.error().kind == ErrorKind::closed) {
    stream_.close();
    return {};
  }
  stream_.abort();
  if (!bytes) return fail(bytes.error());
  if (*bytes) return fail(violation("more came than the length before it says"));
  return fail(make_error(
      ErrorKind::timed_out, "hear the end of", stream_.peer().format_without_options(),
      "the server does not close, so the reply may not be whole", "--linger 10s waits longer"));
}

}  // namespace hotline
