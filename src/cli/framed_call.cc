#include "cli/framed_call.h"

#include <algorithm>
#include <utility>

#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {
namespace {

// The most bytes that a framing adds to a message.
constexpr std::size_t kAroundMax = 24 + Framing::kDelimiterBytesMax;

constexpr std::string_view kReceiveFrom = "receive from";

}  // namespace

FramedCall::FramedCall(FrameStream frames, const CallOptions& options, ReplyPrinter& printer)
    : frames_(std::move(frames)), options_(options), printer_(printer) {
  wait_at_most(options_.linger);
}

Result<void> FramedCall::converse(MessageSource& messages) {
  auto next = MessageSource::Next::message;
  while (has_reader_ && next == MessageSource::Next::message) {
    show_here();
    const Batch batch = collect(messages);
    next = batch.next;
    if (auto exchanged = exchange(batch); !exchanged) return exchanged;
    if (!batch.refused) return batch.refused;
  }
  was_cut_short_ = next == MessageSource::Next::hang_up && end_.has_closed();
  if (!end_.has_ended() && frames_.stream().shut_down_writes()) {
    due_ = missing_;
    show_due();
  }
  return judge();
}

/// Waits for one message, and takes those that are already available.
FramedCall::Batch FramedCall::collect(MessageSource& messages) {
  Batch batch;
  std::string message;
  batch.next = messages.next(message, *this);
  while (batch.next == MessageSource::Next::message && take(batch, std::move(message))) {
    const auto next = messages.next_now(message);
    if (!next) break;
    batch.next = *next;
  }
  return batch;
}

/// Returns true if there is room for another message.
bool FramedCall::take(Batch& batch, std::string message) const {
  auto envelope = encode_for(frames_.stream().peer(), frames_.framing(), as_bytes(message));
  if (!envelope) {
    batch.refused = fail(std::move(envelope.error()));
    return false;
  }
  batch.bytes += message.size() + kAroundMax;
  batch.messages.push_back(std::move(message));
  return frames_.framing().can_pipeline() && batch.bytes < kSendAtOnceMax;
}

Result<void> FramedCall::exchange(const Batch& batch) {
  if (batch.messages.empty()) return {};
  if (auto open = end_.check_open(frames_.stream().peer()); !open) return open;
  sent_ += batch.messages.size();
  missing_ += batch.messages.size();
  due_ = batch.messages.size();
  std::vector<Bytes> payloads;
  payloads.reserve(batch.messages.size());
  for (const std::string& message : batch.messages) payloads.push_back(as_bytes(message));
  auto sent = send(batch, payloads);
  if (!sent) wait_at_most(Duration::zero());
  show_due();
  return has_reader_ ? end_.explain(std::move(sent)) : Result<void>();
}

Result<void> FramedCall::send(const Batch& batch, std::span<const Bytes> payloads) {
  const bool can_pipeline = frames_.framing().can_pipeline();
  if (can_pipeline && batch.bytes > kSendAtOnceMax) return send_while_showing(payloads);
  // If the peer must be ready for each message, the wait has the same limit as for a peer that does
  // not read.
  if (!can_pipeline) wait_at_most(options_.timeout);
  auto sent = frames_.write_frames(payloads);
  wait_at_most(options_.linger);
  return sent;
}

/// Reads while it writes, because a peer that answers before it has read everything waits until its
/// reply is read.
Result<void> FramedCall::send_while_showing(std::span<const Bytes> payloads) {
  Result<void> sent;
  bool is_sending = true;
  int running = 2;
  TaskGroup fibers;
  const auto end = [&] {
    if (--running == 0) frames_.leave_loop();
  };
  const auto writer = fibers.spawn("write", [&] {
    sent = frames_.write_frames(payloads);
    is_sending = false;
    if (!sent) fibers.drain();
    end();
  });
  if (!writer) return writer;
  const auto reader = fibers.spawn("read", [&] {
    do {
      show_due();
    } while (has_reader_ && is_sending && due_ > 0 && !end_.has_ended());
    if (!has_reader_) fibers.cancel();
    end();
  });
  if (!reader) return reader;
  if (auto joined = fibers.join(); !joined) return joined;
  return sent;
}

void FramedCall::show_due() {
  while (has_reader_ && due_ > 0 && show_reply() == Arrival::reply) {
  }
}

void FramedCall::show_here() {
  while (has_reader_ && frames_.has_frame() && show_reply() == Arrival::reply) {
  }
}

FramedCall::Arrival FramedCall::show_reply() {
  if (end_.has_ended()) return Arrival::end;
  const auto reply = frames_.read_frame();
  if (reply) {
    has_reply_ = true;
    missing_ -= std::min<std::size_t>(missing_, 1);
    due_ -= std::min<std::size_t>(due_, 1);
    has_reader_ = printer_.print_reply(*reply);
    return Arrival::reply;
  }
  return end_.may_go_on_after(reply.error()) ? Arrival::nothing : Arrival::end;
}

void FramedCall::wait_at_most(Duration timeout) {
  frames_.stream().set_timeouts({timeout, timeout, options_.timeout});
}

int FramedCall::descriptor() const {
  return !end_.has_ended() ? frames_.stream().descriptor() : -1;
}

bool FramedCall::has_unread() const { return !end_.has_ended() && frames_.stream().has_unread(); }

bool FramedCall::show_arrived() {
  // The peer announces a message only when it is acknowledged, so more follows.
  const bool is_all_here = frames_.framing().can_pipeline();
  if (is_all_here) wait_at_most(Duration::zero());
  while (has_reader_ && show_reply() == Arrival::reply && is_all_here) {
  }
  wait_at_most(options_.linger);
  return !end_.has_ended() && has_reader_;
}

Result<void> FramedCall::judge() const {
  if (sent_ == 0 || !has_reader_) return {};
  if (auto whole = end_.check_whole(); !whole) return whole;
  if (missing_ == 0) return {};
  const std::string came =
      missing_ == sent_
          ? "no reply"
          : std::to_string(sent_) + " messages, replies: " + std::to_string(sent_ - missing_);
  if (end_.has_closed()) {
    return fail(make_error(ErrorKind::closed, kReceiveFrom, peer(), "it hung up: " + came,
                           "does it use the framing " + frames_.framing().to_string() +
                               " too, is no message longer than its max, and does it allow this "
                               "caller? Its log says why"));
  }
  return fail(make_error(ErrorKind::timed_out, kReceiveFrom, peer(),
                         came + " within " + format_duration(options_.linger),
                         "does it use the framing " + frames_.framing().to_string() +
                             " too? --linger 10s waits longer"));
}

}  // namespace hotline::cli
