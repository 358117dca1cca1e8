#include "cli/stream_call.h"

#include <utility>

#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {
namespace {

// A reply shorter than a packet arrives in one piece; after a longer one, waits a moment for the
// rest.
constexpr std::size_t kUncutMax = 1024;
constexpr Duration kRestWait = std::chrono::milliseconds(50);

}  // namespace

Result<void> StreamCall::converse(MessageSource& messages) {
  std::string message;
  MessageSource::Next next = MessageSource::Next::end;
  while (has_reader_) {
    next = messages.next(message, *this);
    if (next != MessageSource::Next::message) break;
    if (auto sent = send(message); !sent) {
      show_rest();
      printer_.end_reply();
      return end_.explain(std::move(sent));
    }
    show_reply();
  }
  was_cut_short_ = next == MessageSource::Next::hang_up && end_.has_closed();
  if (!end_.has_ended() && stream_.shut_down_writes()) {
    while (has_reader_ && show_piece(options_.linger) == Arrival::piece) {
    }
  }
  printer_.end_reply();
  return judge();
}

Result<void> StreamCall::send(const std::string& message) {
  printer_.end_reply();
  reply_bytes_ = 0;
  has_sent_ = true;
  if (auto open = end_.check_open(stream_.peer()); !open) return open;
  if (message.size() > kSendAtOnceMax) return send_while_showing(message);
  return stream_.write_all(as_bytes(message));
}

/// Reads while it writes, because a peer that answers before it has read everything waits until its
/// reply is read.
Result<void> StreamCall::send_while_showing(const std::string& message) {
  Result<void> sent;
  TaskGroup fibers;
  const auto writer = fibers.spawn("write", [&] {
    sent = stream_.write_all(as_bytes(message));
    fibers.drain();
  });
  if (!writer) return writer;
  const auto reader = fibers.spawn("read", [&] {
    while (has_reader_ && show_piece(kNoTimeout) == Arrival::piece) {
    }
    if (!has_reader_) fibers.cancel();
  });
  if (!reader) return reader;
  if (auto joined = fibers.join(); !joined) return joined;
  return has_reader_ ? sent : Result<void>();
}

void StreamCall::show_reply() {
  if (reply_bytes_ == 0 && show_piece(options_.linger) != Arrival::piece) return;
  show_rest();
}

void StreamCall::show_rest() {
  const auto wait_max = [&] { return reply_bytes_ < kUncutMax ? Duration::zero() : kRestWait; };
  while (has_reader_ && show_piece(wait_max()) == Arrival::piece) {
  }
}

StreamCall::Arrival StreamCall::show_piece(Duration wait_max) {
  if (end_.has_ended()) return Arrival::end;
  const DeadlineScope scope(deadline_after(wait_max));
  const auto bytes = stream_.receive();
  if (bytes) {
    reply_bytes_ += bytes->size();
    has_reply_ = true;
    has_reader_ = printer_.print_piece(*bytes);
    return Arrival::piece;
  }
  return end_.may_go_on_after(bytes.error()) ? Arrival::nothing : Arrival::end;
}

int StreamCall::descriptor() const { return !end_.has_ended() ? stream_.descriptor() : -1; }

bool StreamCall::has_unread() const { return !end_.has_ended() && stream_.has_unread(); }

bool StreamCall::show_arrived() {
  show_rest();
  return !end_.has_ended() && has_reader_;
}

Result<void> StreamCall::judge() const {
  if (!has_sent_ || !has_reader_) return {};
  if (auto whole = end_.check_whole(); !whole) return whole;
  if (reply_bytes_ > 0) return {};
  const std::string peer = stream_.peer().to_string();
  constexpr std::string_view kReceive = "receive from";
  if (end_.has_closed()) {
    return fail(make_error(ErrorKind::closed, kReceive, peer, "it hung up without a reply",
                           "did the service understand the message? Perhaps it wants a framing, "
                           "as ?framing=lines, or does not allow this caller: its log says why"));
  }
  return fail(make_error(ErrorKind::timed_out, kReceive, peer,
                         "no reply within " + format_duration(options_.linger),
                         "does the service answer at all? --linger 10s waits longer"));
}

}  // namespace hotline::cli
