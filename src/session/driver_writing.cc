#include <algorithm>
#include <array>
#include <chrono>
#include <new>
#include <utility>

#include "engine/event_loop.h"
#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "net/stream_access.h"
#include "session/driver.h"

// How a driver writes.

namespace hotline::session {
namespace {

// Memory that a session keeps for writing while it has nothing to write.
constexpr std::size_t kIdleBytesMax = 4 * 1024;

// Less than that is better sent together with what follows.
constexpr std::size_t kDirectBytesMin = 16 * 1024;

// Other streams wait for as many frames.
constexpr std::size_t kDirectFramesMax = 4;

// A fiber that writes in place sees an end of its stream or session only after that.
constexpr std::chrono::milliseconds kInPlaceMax{10};

}  // namespace

void Driver::write_all(TaskGroup& fibers) {
  std::string taken;
  Lock held = lock();
  while (take_queued(held, taken)) {
    held.unlock();
    auto written = stream_.write_all(as_bytes(taken));
    taken.clear();
    held.lock();
    if (written) continue;
    is_write_failed_ = true;
    note_lost(std::move(written.error()));
    return fibers.cancel();
  }
  const bool is_ended = has_nothing_to_follow() && !is_stopping_ && !is_write_failed_;
  const bool is_finished = protocol.is_finished();
  held.unlock();
  // The peer reads an end after the last frame.
  if (is_ended) discard(stream_.shut_down_writes());
  // Otherwise the end of the peer's writes shows that everything has arrived.
  if (!is_finished) fibers.cancel();
}

/// Waits until there are bytes to write, and takes them. Returns false when nothing will follow.
bool Driver::take_queued(Lock& held, std::string& taken) {
  while (!is_stopping_ && !is_write_failed_) {
    if (!is_written_in_place_) {
      if (protocol.has_output()) protocol.take_output(queued_);
      if (!queued_.empty()) {
        std::swap(queued_, taken);
        waiters.wake_one(kRoom);
        return true;
      }
      if (has_nothing_to_follow()) return false;
      drop_buffers(taken);
    }
    is_writer_idle_ = true;
    held.unlock();
    auto waited = has_queued_.wait();
    held.lock();
    is_writer_idle_ = false;
    if (waited || is_stopping_) continue;
    is_write_failed_ = true;
    note_lost(std::move(waited.error()));
    return false;
  }
  return false;
}

/// Gives memory back that is used only while there is something to write.
void Driver::drop_buffers(std::string& taken) {
  // The protocol gets the buffer of queued_ for that of its own, which has nothing.
  protocol.take_output(queued_);
  for (std::string* each : {&queued_, &taken}) drop_if_large(*each, kIdleBytesMax);
  protocol.take_output(queued_);
  drop_if_large(queued_, kIdleBytesMax);
}

/// Sends what is queued, such as GOODBYE with the reason, as far as that needs no wait.
void Driver::send_farewell() {
  wait_written();
  Lock held = lock();
  if (protocol.has_output()) protocol.take_output(queued_);
  const std::string last = std::exchange(queued_, {});
  const bool is_stopping = is_stopping_;
  held.unlock();
  if (is_write_failed_) return stream_.abort();
  if (!is_stopping || !stream_.is_open()) return;
  const Bytes piece = as_bytes(last);
  if (stream_.write_now(std::span(&piece, 1)) < last.size()) return stream_.abort();
  discard(stream_.shut_down_writes());
}

Result<std::size_t> Driver::queue_data(SessionStreamId id, std::uint8_t flow, Bytes bytes) {
  const auto begun = protocol.begin_data(id, flow, bytes.size(), queued_);
  if (!begun) return fail(begun.error());
  queued_.append(as_text(bytes.first(*begun)));
  if (*begun > 0) has_queued_.set();
  return *begun;
}

Result<std::size_t> Driver::send_data(Lock& held, SessionStreamId id, std::uint8_t flow,
                                      Bytes bytes, Deadline deadline) {
  if (bytes.size() < kDirectBytesMin || !can_write_now()) return queue_data(id, flow, bytes);
  std::array<std::string, kDirectFramesMax> heads;
  std::array<Bytes, 2 * kDirectFramesMax> pieces;
  std::size_t taken = 0;
  std::size_t count = 0;
  for (std::string& head : heads) {
    const auto begun = protocol.begin_data(id, flow, bytes.size() - taken, head);
    if (!begun) return fail(begun.error());
    if (*begun == 0) break;
    pieces[count++] = as_bytes(head);
    pieces[count++] = bytes.subspan(taken, *begun);
    taken += *begun;
  }
  if (count > 0) write_in_place(held, std::span(pieces).first(count), deadline);
  return taken;
}

/// Returns true if a fiber on the loop may write in place of the writing fiber.
bool Driver::can_write_now() const {
  const bool is_on_loop = loop_ && loop_->is_current();
  return is_on_loop && is_writer_idle_ && !is_written_in_place_ && queued_.empty() &&
         !net::StreamAccess::has_layer(stream_);
}

/// Writes without the lock. What others send is queued until then.
void Driver::write_in_place(Lock& held, std::span<Bytes> pieces, Deadline deadline) {
  is_written_in_place_ = true;
  held.unlock();
  pieces = write_pieces(pieces, Deadline::earliest(deadline, deadline_after(kInPlaceMax)));
  held.lock();
  is_written_in_place_ = false;
  if (end_of_write_ != nullptr) end_of_write_->set();
  queue_first(pieces);
  if (!queued_.empty() || protocol.has_output() || has_nothing_to_follow()) has_queued_.set();
}

/// Writes until `deadline`, and returns what is left.
std::span<Bytes> Driver::write_pieces(std::span<Bytes> pieces, Deadline deadline) {
  const DeadlineScope scope(deadline);
  try {
    while (!pieces.empty()) {
      std::size_t sent = net::StreamAccess::write_some(stream_, pieces);
      if (sent == 0) break;
      while (!pieces.empty() && sent >= pieces.front().size()) {
        sent -= pieces.front().size();
        pieces = pieces.subspan(1);
      }
      if (!pieces.empty()) pieces.front() = pieces.front().subspan(sent);
    }
  } catch (const std::bad_alloc&) {
    // Nothing of `pieces` was sent by that call.
  }
  return pieces;
}

/// Queues the rest of a frame before what was queued in that time.
void Driver::queue_first(std::span<const Bytes> pieces) {
  if (pieces.empty()) return;
  // Without memory for it, a frame is cut off, and nothing may follow.
  const bool was_failed = std::exchange(is_write_failed_, true);
  std::string all;
  all.swap(queued_);
  std::string first;
  for (const Bytes piece : pieces) first.append(as_text(piece));
  first.append(all);
  queued_ = std::move(first);
  is_write_failed_ = was_failed;
}

/// Waits until no other fiber writes, which is at most kInPlaceMax.
void Driver::wait_written() {
  Lock held = lock();
  if (!is_written_in_place_) return;
  engine::LoopEvent ended(*engine::EventLoop::running());
  end_of_write_ = &ended;
  held.unlock();
  const CancelHold hold;
  static_cast<void>(ended.wait());
  held.lock();
  end_of_write_ = nullptr;
}

}  // namespace hotline::session
