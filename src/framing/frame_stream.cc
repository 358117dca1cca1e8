#include "hotline/framing/frame_stream.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "framing/frame_batch.h"
#include "framing/gathering.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"

namespace hotline {
namespace {

using Outcome = Decoded::Outcome;

// Kind::ready: for so long may the rest of a length be on its way.
constexpr Duration kDigitsWait = std::chrono::milliseconds(10);

// From here on what is missing is read to where it belongs, at the price of a read that brings
// nothing of the next frame.
constexpr std::size_t kDirectMin = 16 * 1024;

// At most so much is taken at once of a frame whose end is not known.
constexpr std::size_t kPieceMin = 512;

// Less than a page: of a fiber's stack, what was once touched stays resident.
constexpr std::size_t kBatchBytes = 3072;

constexpr std::string_view kReceiveFrom = "receive from";

}  // namespace

// Bytes come in the stream's lease, and whole frames are given out of it. One that goes on behind
// the lease is gathered in memory of its own; what follows it is in the lease again.
struct FrameStream::State {
  State(Stream stream_, Framing framing_)
      : stream(std::move(stream_)), framing(std::move(framing_)) {}

  Stream stream;
  Framing framing;
  Decoder decoder{framing};
  MutableBytes lease;                ///< What was received and is not in `gathered`.
  std::vector<std::byte> kept;       ///< The memory of `lease`, once it has left its loop.
  framing::Gathering gathered;       ///< The beginning of a frame, or the frame that was read last.
  bool is_gathered_read = false;     ///< It is the latter.
  std::optional<Decoded> seen = {};  ///< What the decoder said, until there are other bytes.

  const Decoded& look();
  Result<MutableBytes> read();
  MutableBytes take(const Decoded& frame);
  Result<void> gather_more(std::size_t wanted_bytes);
  Result<void> wait_for_more(std::size_t wanted_bytes);
  Result<void> answer_announcement();
  Result<bool> wait_for_digits();
  Result<void> await_ready();
  Result<void> write(Bytes payload);
  Result<Envelope> encode_or_refuse(Bytes payload) const;

  Error end_of_read(Error error) const;
  Error violation(std::string_view reason) const;
  Error over_limit() const;
};

const Decoded& FrameStream::State::look() {
  // Closing has taken the lease.
  if (!lease.empty() && !stream.is_open()) {
    lease = {};
    seen.reset();
  }
  const bool is_gathering = !gathered.empty() && !is_gathered_read;
  if (!seen) seen = decoder.decode(is_gathering ? gathered.bytes() : lease);
  return *seen;
}

Result<MutableBytes> FrameStream::State::read() {
  if (std::exchange(is_gathered_read, false)) gathered.clear();
  for (;;) {
    const Decoded& decoded = look();
    Result<void> done;
    switch (decoded.outcome) {
      case Outcome::frame: return take(*std::exchange(seen, {}));
      case Outcome::more: done = gather_more(decoded.wanted_bytes); break;
      case Outcome::announced: done = answer_announcement(); break;
      case Outcome::ready: return fail(violation("'ready' came where no length had been sent"));
      case Outcome::malformed: return fail(violation(decoded.reason));
      case Outcome::too_large: return fail(over_limit());
    }
    if (!done) return fail(std::move(done.error()));
  }
}

MutableBytes FrameStream::State::take(const Decoded& frame) {
  if (gathered.empty()) {
    const MutableBytes payload = lease.subspan(frame.payload_begin, frame.payload_bytes);
    lease = lease.subspan(frame.frame_bytes);
    return payload;
  }
  // What was gathered beyond the frame is the last that was copied out of the lease.
  const std::size_t excess = gathered.size() - frame.frame_bytes;
  if (excess > 0) lease = {lease.data() - excess, lease.size() + excess};
  is_gathered_read = true;
  return gathered.bytes().subspan(frame.payload_begin, frame.payload_bytes);
}

Result<void> FrameStream::State::gather_more(std::size_t wanted_bytes) {
  if (gathered.empty() || lease.empty()) {
    gathered.append(lease);
    if (auto waited = wait_for_more(wanted_bytes); !waited) return waited;
  }
  seen.reset();
  if (gathered.empty() || lease.empty()) return {};
  const std::size_t missing = wanted_bytes - gathered.size();
  const std::size_t taken = std::min(lease.size(), std::max({missing, gathered.size(), kPieceMin}));
  gathered.append(lease.first(taken));
  lease = lease.subspan(taken);
  return {};
}

/// Leaves what has come in the lease, or in `gathered`.
Result<void> FrameStream::State::wait_for_more(std::size_t wanted_bytes) {
  lease = {};
  kept = {};
  if (gathered.empty()) gathered.release();
  if (!gathered.empty() && gathered.room_for(wanted_bytes) >= kDirectMin) {
    const auto read = stream.read_some(gathered.make_room_for(wanted_bytes));
    if (!read) return fail(end_of_read(read.error()));
    gathered.advance(*read);
    return {};
  }
  const auto received = stream.receive();
  if (!received) return fail(end_of_read(received.error()));
  lease = *received;
  return {};
}

Result<void> FrameStream::State::answer_announcement() {
  gathered.append(lease);
  lease = {};
  const auto has_come = wait_for_digits();
  if (!has_come) return fail(end_of_read(has_come.error()));
  seen.reset();
  if (*has_come) return {};
  if (auto sent = stream.write_all(as_bytes(kReadyAnswer)); !sent) return sent;
  decoder.acknowledge();
  return {};
}

/// Whether more has come for a length. What has is gathered.
Result<bool> FrameStream::State::wait_for_digits() {
  const Deadline deadline = deadline_after(kDigitsWait);
  const DeadlineScope scope(deadline);
  const auto received = stream.receive();
  if (received) {
    gathered.append(*received);
    return true;
  }
  const bool was_quiet =
      received.error().kind == ErrorKind::timed_out && deadline.has_passed(now());
  if (was_quiet) return false;
  return fail(received.error());
}

Result<void> FrameStream::State::await_ready() {
  // Not into the lease, and not into what was gathered: the payload may lie there.
  std::array<std::byte, kReadyAnswer.size()> answer;
  std::size_t size = 0;
  Decoder answers(framing);
  for (;;) {
    const Decoded decoded = answers.decode(Bytes(answer).first(size));
    if (decoded.outcome == Outcome::ready) return {};
    if (decoded.outcome != Outcome::more) {
      return fail(violation("something else came where 'ready' was due"));
    }
    const MutableBytes rest = MutableBytes(answer).subspan(size);
    if (!lease.empty()) {
      const std::size_t taken = std::min(rest.size(), lease.size());
      std::ranges::copy(lease.first(taken), rest.begin());
      lease = lease.subspan(taken);
      seen.reset();
      size += taken;
      continue;
    }
    const auto read = stream.read_some(rest);
    if (!read) {
      Error error = read.error();
      if (error.kind == ErrorKind::closed) error.kind = ErrorKind::truncated;
      return fail(std::move(error));
    }
    size += *read;
  }
}

Result<Envelope> FrameStream::State::encode_or_refuse(Bytes payload) const {
  auto envelope = encode(framing, payload);
  if (!envelope) envelope.error().endpoint = stream.peer().format_without_options();
  return envelope;
}

Result<void> FrameStream::State::write(Bytes payload) {
  const auto envelope = encode_or_refuse(payload);
  if (!envelope) return fail(envelope.error());
  if (framing.kind == Framing::Kind::ready) {
    if (auto sent = stream.write_all(envelope->header()); !sent) return sent;
    if (auto answered = await_ready(); !answered) return answered;
    return stream.write_all(payload);
  }
  std::array<std::byte, framing::FrameBatch::kCopiedFrameMax> memory;
  framing::FrameBatch batch(stream, memory);
  if (auto added = batch.add(*envelope, payload); !added) return added;
  return batch.flush();
}

Error FrameStream::State::end_of_read(Error error) const {
  if (error.kind == ErrorKind::closed && !gathered.empty()) error.kind = ErrorKind::truncated;
  return error;
}

Error FrameStream::State::violation(std::string_view reason) const {
  return make_error(ErrorKind::protocol_violation, kReceiveFrom,
                    stream.peer().format_without_options(),
                    "what came is not framed as " + framing.format() + ": " + std::string(reason),
                    "both sides need the same framing");
}

Error FrameStream::State::over_limit() const {
  return make_error(
      ErrorKind::too_large, kReceiveFrom, stream.peer().format_without_options(),
      "a message is longer than the limit of " + std::to_string(framing.frame_max) + " bytes",
      "do both sides use the framing " + framing.format() +
          "? then raise max, as in ?framing=u32be&max=64MiB");
}

FrameStream::FrameStream(Stream stream, Framing framing)
    : state_(std::make_unique<State>(std::move(stream), std::move(framing))) {}
FrameStream::FrameStream(FrameStream&&) noexcept = default;
FrameStream& FrameStream::operator=(FrameStream&&) noexcept = default;
FrameStream::~FrameStream() = default;

Result<MutableBytes> FrameStream::read_frame() { return state_->read(); }

bool FrameStream::has_frame() {
  const Outcome outcome = state_->look().outcome;
  return outcome != Outcome::more && outcome != Outcome::announced;
}

Result<void> FrameStream::write_frame(Bytes payload) { return state_->write(payload); }

Result<void> FrameStream::write_frames(std::span<const Bytes> payloads) {
  State& state = *state_;
  for (const Bytes payload : payloads) {
    if (auto envelope = state.encode_or_refuse(payload); !envelope) return fail(envelope.error());
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

void FrameStream::leave_loop() {
  State& state = *state_;
  if (!state.lease.empty() && state.stream.is_open()) {
    std::vector<std::byte> kept(state.lease.begin(), state.lease.end());
    state.kept.swap(kept);
    state.lease = state.kept;
  }
  state.stream.leave_loop();
}

const Framing& FrameStream::framing() const { return state_->framing; }

Stream& FrameStream::stream() { return state_->stream; }
const Stream& FrameStream::stream() const { return state_->stream; }

}  // namespace hotline
