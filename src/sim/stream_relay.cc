#include "sim/stream_relay.h"

#include <utility>

#include "hotline/engine/clock.h"

namespace hotline::sim {
namespace {

constexpr std::size_t kPieceBytesMax = 16 * 1024;

// Without the pause the parts of a short write would be joined on their way.
constexpr Duration kPartPause = std::chrono::microseconds(200);

}  // namespace

StreamOptions relayed_stream_options() {
  return {.timeouts = {.first_byte = kNoTimeout, .idle = kNoTimeout, .write = kNoTimeout},
          .receive_max = kPieceBytesMax};
}

/// What one side sends to the other.
class StreamRelay::Direction {
 public:
  Direction(StreamRelay& relay, Stream& from, Stream& to, std::uint64_t number)
      : relay_(relay), from_(from), to_(to), dice_(relay.faults_, number) {}

  void run();

 private:
  bool pass(Bytes bytes);
  bool pass_piece(Bytes piece);
  bool write(Bytes piece);
  bool break_off();
  void pass_end(ErrorKind end);

  StreamRelay& relay_;
  Stream& from_;
  Stream& to_;
  FaultDice dice_;
  bool has_ended_ = false;  ///< By a fault: further data resets both.
};

void StreamRelay::run() {
  const auto up =
      fibers_.spawn("proxy up", [this] { Direction(*this, caller_, target_, number_).run(); });
  const auto down = fibers_.spawn(
      "proxy down", [this] { Direction(*this, target_, caller_, number_ + 1).run(); });
  if (!up || !down) cut();
  if (!fibers_.join()) cut();
}

void StreamRelay::cut() {
  caller_.abort();
  target_.abort();
  fibers_.cancel();
}

void StreamRelay::Direction::run() {
  for (;;) {
    const auto bytes = from_.receive();
    if (!bytes) return pass_end(bytes.error().kind);
    if (!pass(*bytes)) return;
  }
}

/// Returns false if nothing more is to be forwarded.
bool StreamRelay::Direction::pass(Bytes bytes) {
  while (!bytes.empty()) {
    const bool is_short = dice_.strikes(Fault::short_read, bytes.size() > 1);
    const Bytes piece = bytes.first(is_short ? dice_.part_of(bytes.size()) : bytes.size());
    if (has_ended_) return break_off();
    if (!dice_.wait_late() || !dice_.wait_healed()) return break_off();
    if (!pass_piece(piece)) return false;
    bytes = bytes.subspan(piece.size());
  }
  return true;
}

bool StreamRelay::Direction::pass_piece(Bytes piece) {
  const bool is_reset = dice_.strikes(Fault::stream_reset);
  has_ended_ = dice_.strikes(Fault::half_close, !is_reset);
  if (is_reset || has_ended_) piece = piece.first(dice_.below(piece.size() + 1));
  if (!write(piece) || is_reset) return break_off();
  if (has_ended_) discard(to_.shut_down_writes());
  return true;
}

bool StreamRelay::Direction::write(Bytes piece) {
  while (!piece.empty()) {
    const bool is_short = dice_.strikes(Fault::short_write, piece.size() > 1);
    const Bytes part = piece.first(is_short ? dice_.part_of(piece.size()) : piece.size());
    if (!to_.write_all(part)) return false;
    if (is_short && !sleep_for(kPartPause)) return false;
    piece = piece.subspan(part.size());
  }
  return true;
}

bool StreamRelay::Direction::break_off() {
  relay_.cut();
  return false;
}

void StreamRelay::Direction::pass_end(ErrorKind end) {
  if (end == ErrorKind::cancelled) return;
  if (end != ErrorKind::closed && end != ErrorKind::draining) return relay_.cut();
  if (!has_ended_) discard(to_.shut_down_writes());
}

}  // namespace hotline::sim
