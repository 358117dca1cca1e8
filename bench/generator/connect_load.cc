#include "connect_load.h"

#include "failure.h"

namespace bench {
namespace {

constexpr int kTurnMs = 100;

}  // namespace

ConnectLoad::ConnectLoad(const Options& options, Measurement& measurement)
    : options_(options),
      measurement_(measurement),
      opener_(options),
      text_(options, options.bytes),
      buffer_(options.bytes + 1),
      calls_(options.connections) {}

void ConnectLoad::run() {
  measurement_.start();
  for (std::size_t i = 0; i < calls_.size(); ++i) open(i);
  while (turn()) {
  }
}

void ConnectLoad::open(std::size_t index) {
  Call& call = calls_[index];
  call.time = now();
  call.start = text_.start(serial_);
  call.received = 0;
  call.link = Link(opener_, serial_++);
  call.is_sent = false;
  if (call.link.is_open()) send(call);
  poller_.add(call.link.socket(), EPOLLIN, index);
  ++open_;
}

void ConnectLoad::send(Call& call) {
  if (call.link.send(text_.request(call.start), options_.bytes) != options_.bytes)
    throw Failure("--mode connections: a message must fit the empty send buffer");
  call.is_sent = true;
}

void ConnectLoad::go_on(std::size_t index) {
  Call& call = calls_[index];
  if (call.is_sent) return receive(index);
  if (call.link.is_open()) send(call);
}

// False once the time is over and no call is open.
bool ConnectLoad::turn() {
  for (const epoll_event& event : poller_.wait(kTurnMs)) go_on(event.data.u64);
  const Nanoseconds time = now();
  measurement_.check_silence(time);
  running_ = measurement_.running(time);
  return running_ || open_ > 0;
}

void ConnectLoad::receive(std::size_t index) {
  Call& call = calls_[index];
  const std::size_t room = buffer_.size() - call.received;
  const std::size_t size = call.link.receive(buffer_.data(), room);
  if (call.received + size > options_.bytes) throw Failure("a reply longer than its request");
  text_.verify(buffer_.data(), size, call.start + call.received);
  call.received += size;
  if (call.received < options_.bytes) return;
  call.link.close();
  --open_;
  const Nanoseconds time = now();
  measurement_.answered(time, time - call.time, 1);
  if (running_) open(index);
}

}  // namespace bench
