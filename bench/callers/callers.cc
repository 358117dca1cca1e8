#include "callers.h"

#include <cinttypes>
#include <cstdio>

#include "../generator/failure.h"

namespace bench {
namespace {

constexpr int kTurnMs = 5;
constexpr std::size_t kReceiveBytes = 256 * 1024;

}  // namespace

Callers::Callers(const CallerOptions& options)
    : options_(options), calls_(options.callers), received_(kReceiveBytes) {
  for (std::size_t i = 0; i < calls_.size(); ++i) calls_[i].index = i;
}

std::string Callers::run() {
  open_all();
  std::fputs("ready\n", stderr);
  const Nanoseconds begin = now();
  end_ = begin + static_cast<Nanoseconds>(options_.seconds * 1e9);
  while (!is_over() && !is_done()) turn();
  finish();
  return to_json(now() - begin);
}

std::string Callers::to_json(Nanoseconds length) const {
  char line[512];
  std::snprintf(line, sizeof line,
                "\"callers\": %zu, \"opened\": %" PRIu64 ", \"refused\": %" PRIu64
                ", \"cut\": %" PRIu64 ", \"sent_bytes\": %" PRIu64 ", \"received_bytes\": %" PRIu64
                ", \"seconds\": %.3f}",
                calls_.size(), tally_.opened, tally_.refused, tally_.cut, tally_.sent_bytes,
                tally_.received_bytes, static_cast<double>(length) / 1e9);
  return "{" + extra_json() + line;
}

// A caller that finds no room is tried again later.
void Callers::open_all() {
  for (Call& call : calls_) {
    if (!open(call)) return;
  }
}

bool Callers::open(Call& call) {
  const int receive_bytes = options_.conduct == Conduct::kDeaf ? 4096 : 0;
  call.position = 0;
  call.time = 0;
  call.socket = try_connect_stream(options_.server, serial_++, receive_bytes);
  if (call.socket.get() < 0) {
    ++tally_.refused;
    return false;
  }
  ++tally_.opened;
  poller_.add(call.socket, events(), call.index);
  return true;
}

void Callers::turn() {
  for (const epoll_event& event : poller_.wait(kTurnMs)) try_act(calls_[event.data.u64]);
  if (now() < next_tick_) return;
  next_tick_ = now() + tick();
  bool is_answered = true;
  for (Call& call : calls_) {
    if (is_over()) return;
    if (call.socket.get() < 0 && is_answered) is_answered = open(call);
    try_act(call);
  }
}

void Callers::try_act(Call& call) {
  if (call.socket.get() < 0) return;
  try {
    act(call);
  } catch (const Failure&) {
    ++tally_.cut;
    call.socket.reset();
    lost(call);
  }
}

// Sends the part of `text` that has not been sent yet, as far as there is room; starts again at its
// end.
void Callers::send(Call& call, const std::string& text) {
  const std::size_t at = call.position % text.size();
  const std::size_t sent = send_some(call.socket, text.data() + at, text.size() - at);
  call.position += sent;
  tally_.sent_bytes += sent;
}

std::size_t Callers::receive(Call& call) {
  const std::size_t size = receive_some(call.socket, received_.data(), received_.size());
  tally_.received_bytes += size;
  return size;
}

}  // namespace bench
