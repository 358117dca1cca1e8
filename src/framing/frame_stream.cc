#include "hotline/framing/frame_stream.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "framing/frame_assembler.h"
#include "framing/frame_batch.h"
#include "framing/frame_error.h"
#include "framing/receive_piece.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/drain_hold.h"
#include "net/stream_access.h"

namespace hotline {
namespace {

using Outcome = Decoded::Outcome;

// How long the rest of a header may be in transit before the header is answered.
constexpr Duration kHeaderWait = std::chrono::milliseconds(10);

// How long a peer may leave a header unanswered.
constexpr Duration kAnswerTimeout = std::chrono::seconds(30);

constexpr std::string_view kNoAnswer = "something else came where 'ready' was due";
constexpr std::size_t kAnswerBytesMax = 16;

// Less than a page, because every page of a fiber's stack that was ever touched stays resident.
constexpr std::size_t kBatchBytes = 3072;

}  // namespace

struct FrameStream::State {
  State(Stream* lent, std::optional<Stream> taken, Framing framing_)
      : own(std::move(taken)),
        stream(lent != nullptr ? *lent : *own),
        framing(std::move(framing_)) {}

  std::optional<Stream> own;
  Stream& stream;
  Framing framing;
  framing::FrameAssembler frames{framing};
  std::vector<std::byte> kept;  ///< The bytes received before the stream left its loop.

  void drop_if_closed();
  Result<std::optional<MutableBytes>> read(Deadline deadline);
  Result<bool> wait_for_more(Deadline deadline);
  Result<void> answer_header();
  Result<bool> wait_for_rest();
  Result<void> await_answer(Bytes wanted);
  Result<void> write(Bytes payload);

  Error no_frame(const framing::FrameAssembler::Step& step) const;
};

/// The close has ended the lease.
void FrameStream::State::drop_if_closed() {
  if (!stream.is_open()) frames.feed({});
}

/// Returns the next message, or nullopt if it is not complete by `deadline`.
Result<std::optional<MutableBytes>> FrameStream::State::read(Deadline deadline) {
  drop_if_closed();
  for (;;) {
    const framing::FrameAssembler::Step step = frames.next();
    switch (step.outcome) {
      case Outcome::frame: return step.payload;
      case Outcome::more: break;
      case Outcome::malformed:
      case Outcome::too_large: return fail(no_frame(step));
    }
    if (!frames.answer().empty()) {
      if (auto done = answer_header(); !done) return fail(std::move(done.error()));
      continue;
    }
    const auto has_more = wait_for_more(deadline);
    if (!has_more) return fail(has_more.error());
    if (!*has_more) return std::nullopt;
  }
}

/// Returns false if nothing more has arrived by `deadline`.
Result<bool> FrameStream::State::wait_for_more(Deadline deadline) {
  kept = {};
  const auto received = framing::receive_piece(stream, frames, deadline);
  if (!received) return fail(received.error());
  return *received > 0;
}

Result<void> FrameStream::State::answer_header() {
  const auto has_come = wait_for_rest();
  if (!has_come) return fail(framing::end_of_frames(frames, has_come.error()));
  if (*has_come) return {};
  if (auto sent = stream.write_all(frames.answer()); !sent) return sent;
  frames.note_answered();
  return {};
}

/// Returns true if more of a header has arrived; the header must then not be answered yet.
Result<bool> FrameStream::State::wait_for_rest() {
  // Waits without a receive, because a receive with a deadline would record how the call ended.
  if (auto slept = sleep_for(kHeaderWait); !slept) return fail(std::move(slept.error()));
  const auto received = stream.receive_now();
  if (!received) return fail(received.error());
  frames.feed(*received);
  return !received->empty();
}

/// Within a message, a drain has to wait for the message's end. `wanted` is short.
Result<void> FrameStream::State::await_answer(Bytes wanted) {
  const DrainHold hold;
  const DeadlineScope scope(deadline_after(kAnswerTimeout));
  // Reads neither into the lease nor into the gathered bytes, because the payload may be there.
  std::array<std::byte, kAnswerBytesMax> memory;
  const MutableBytes answer = MutableBytes(memory).first(wanted.size());
  for (std::size_t size = 0; size < answer.size();) {
    const MutableBytes rest = answer.subspan(size);
    std::size_t arrived = frames.take(rest);
    if (arrived == 0) {
      const auto read = stream.read_some(rest);
      if (!read) {
        Error error = read.error();
        if (error.kind == ErrorKind::closed) error.kind = ErrorKind::truncated;
        return fail(std::move(error));
      }
      arrived = *read;
    }
    if (!std::ranges::equal(answer.subspan(size, arrived), wanted.subspan(size, arrived))) {
      return fail(no_frame({.outcome = Outcome::malformed, .reason = kNoAnswer}));
    }
    size += arrived;
  }
  return {};
}

Result<void> FrameStream::State::write(Bytes payload) {
  const auto envelope = encode_for(stream.peer(), framing, payload);
  if (!envelope) return fail(envelope.error());
  if (const Bytes answer = envelope->answer(); !answer.empty()) {
    if (auto sent = stream.write_all(envelope->header()); !sent) return sent;
    if (auto answered = await_answer(answer); !answered) {
      net::StreamAccess::note_cut_off(stream);
      return answered;
    }
    return stream.write_all(payload);
  }
  std::array<std::byte, framing::FrameBatch::kCopiedFrameMax> memory;
  framing::FrameBatch batch(stream, memory);
  if (auto added = batch.add(*envelope, payload); !added) return added;
  return batch.flush();
}

Error FrameStream::State::no_frame(const framing::FrameAssembler::Step& step) const {
  return framing::frame_error(framing, step, stream.peer().to_string());
}

FrameStream::FrameStream(Stream&& stream, Framing framing)
    : state_(std::make_unique<State>(nullptr, std::move(stream), std::move(framing))) {}
FrameStream::FrameStream(Stream& stream, Framing framing)
    : state_(std::make_unique<State>(&stream, std::nullopt, std::move(framing))) {}
FrameStream::FrameStream(FrameStream&&) noexcept = default;
FrameStream& FrameStream::operator=(FrameStream&&) noexcept = default;
FrameStream::~FrameStream() = default;

Result<MutableBytes> FrameStream::read_frame() {
  auto message = state_->read(Deadline::never());
  if (!message) return fail(std::move(message.error()));
  return **message;
}

Result<std::optional<MutableBytes>> FrameStream::read_frame(Deadline deadline) {
  return state_->read(deadline);
}

bool FrameStream::has_frame() {
  state_->drop_if_closed();
  return state_->frames.has_next();
}

Result<void> FrameStream::write_frame(Bytes payload) { return state_->write(payload); }

Result<void> FrameStream::write_frames(std::span<const Bytes> payloads) {
  State& state = *state_;
  for (const Bytes payload : payloads) {
    if (auto envelope = encode_for(state.stream.peer(), state.framing, payload); !envelope)
      return fail(envelope.error());
  }
  if (!state.framing.can_pipeline()) {
    for (const Bytes payload : payloads) {
      if (auto written = state.write(payload); !written) return written;
    }
    return {};
  }
  std::array<std::byte, kBatchBytes> memory;
  framing::FrameBatch batch(state.stream, memory);
  for (const Bytes payload : payloads) {
    if (auto added = batch.add(*encode(state.framing, payload), payload); !added) return added;
  }
  return batch.flush();
}

bool FrameStream::has_rest() {
  state_->drop_if_closed();
  return state_->frames.is_amid_frame() || !state_->frames.rest().empty();
}

void FrameStream::leave_loop() {
  State& state = *state_;
  const MutableBytes rest = state.frames.rest();
  if (!rest.empty() && state.stream.is_open()) {
    std::vector<std::byte> kept(rest.begin(), rest.end());
    state.kept.swap(kept);
    state.frames.feed(state.kept);
  }
  state.stream.leave_loop();
}

Stream& FrameStream::release() {
  State& state = *state_;
  if (state.stream.is_open()) {
    net::StreamAccess::give_back(state.stream, state.frames.begun(), state.frames.rest());
  }
  state.frames.feed({});
  return state.stream;
}

const Framing& FrameStream::framing() const { return state_->framing; }

Stream& FrameStream::stream() { return state_->stream; }
const Stream& FrameStream::stream() const { return state_->stream; }

}  // namespace hotline
