#include "cli/datagram_call.h"

#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"

namespace hotline::cli {
namespace {

constexpr int kTriesMax = 3;

}  // namespace

Result<void> DatagramCall::converse(MessageSource& messages) {
  std::string message;
  while (has_reader_ && messages.next(message, *this) == MessageSource::Next::message) {
    if (auto exchanged = exchange(message); !exchanged) return exchanged;
  }
  return {};
}

Result<void> DatagramCall::exchange(const std::string& message) {
  if (has_sent_again_) drop_late_replies();
  for (int i = 0; i < kTriesMax; ++i) {
    has_sent_again_ |= i > 0;
    if (auto sent = send(message); !sent) return sent;
    const auto reply = socket_.receive(deadline_after(options_.linger));
    if (reply && reply->is_truncated) return fail(cut_reply(*reply));
    if (reply) {
      has_reader_ = printer_.print_reply(reply->bytes);
      return {};
    }
    if (reply.error().kind != ErrorKind::timed_out) return fail(reply.error());
  }
  return fail(make_error(ErrorKind::timed_out, "receive from", socket_.endpoint().to_string(),
                         "no reply, though asked " + std::to_string(kTriesMax) + " times, " +
                             format_duration(options_.linger) + " each",
                         "is the server running, and on that port? --linger 10s waits longer"));
}

Error DatagramCall::cut_reply(const Datagram& reply) const {
  return make_error(ErrorKind::too_large, "receive from", socket_.endpoint().to_string(),
                    "a reply was longer than " + std::to_string(reply.bytes.size()) +
                        " bytes, and its end is lost");
}

Result<void> DatagramCall::send(const std::string& message) {
  auto sent = socket_.send({as_bytes(message)});
  if (!sent && sent.error().kind == ErrorKind::too_large) {
    sent.error().advice = "a datagram has its limit (UDP: 65,507 bytes); a stream has none";
  }
  return sent;
}

void DatagramCall::drop_late_replies() {
  while (socket_.receive(Deadline::at(now()))) {
  }
}

bool DatagramCall::show_arrived() {
  // Errors of an earlier message also appear here; the next exchange reports those that persist.
  while (has_reader_) {
    const auto reply = socket_.receive(Deadline::at(now()));
    if (!reply) break;
    // A cut reply must not look complete; it counts as lost.
    if (reply->is_truncated) continue;
    has_reader_ = printer_.print_reply(reply->bytes);
  }
  return has_reader_;
}

}  // namespace hotline::cli
