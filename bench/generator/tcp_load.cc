#include "tcp_load.h"

#include <algorithm>

#include "failure.h"

namespace bench {
namespace {

constexpr int kTurnMs = 100;
constexpr std::size_t kBufferMin = 64 * 1024;

}  // namespace

TcpLoad::TcpLoad(const Options& options, Measurement& measurement)
    : options_(options),
      measurement_(measurement),
      opener_(options),
      buffer_size_(std::max(kBufferMin, options.bytes * options.depth)),
      text_(options, buffer_size_),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_size_)) {}

void TcpLoad::run() {
  connect();
  measurement_.start();
  for (std::size_t i = 0; i < connections_.size(); ++i) begin(i, now());
  while (turn()) {
  }
}

void TcpLoad::connect() {
  connections_.resize(options_.connections);
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    Connection& connection = connections_[i];
    connection.link = Link(opener_, i);
    set_no_delay(connection.link.socket());
    connection.link.open();
    connection.start = text_.start(i);
    connection.bursts.resize(options_.depth);
    poller_.add(connection.link.socket(), EPOLLIN, i);
  }
  unfinished_ = connections_.size();
}

void TcpLoad::begin(std::size_t index, Nanoseconds now) {
  extend(connections_[index], now);
  flush(connections_[index], index);
}

// Returns false once the time is over and no reply is outstanding.
bool TcpLoad::turn() {
  for (const epoll_event& event : poller_.wait(kTurnMs)) handle(event);
  const Nanoseconds time = now();
  measurement_.check_silence(time);
  if (running_ && !measurement_.running(time)) {
    running_ = false;
    const auto owed = [](const Connection& each) { return each.received < each.due; };
    unfinished_ = static_cast<std::size_t>(std::ranges::count_if(connections_, owed));
  }
  return running_ || unfinished_ > 0;
}

void TcpLoad::handle(const epoll_event& event) {
  const std::size_t index = event.data.u64;
  Connection& connection = connections_[index];
  if ((event.events & ~EPOLLOUT) != 0)
    while (receive(connection)) {
    }
  if (connection.sent < connection.due) flush(connection, index);
}

// False when the socket is empty, which a receive that does not fill the buffer shows.
bool TcpLoad::receive(Connection& connection) {
  const std::size_t size = connection.link.receive(buffer_.get(), buffer_size_);
  if (size == 0) return false;
  const std::uint64_t before = connection.received;
  if (before + size > connection.sent) throw Failure("a reply longer than its request");
  text_.verify(buffer_.get(), size, connection.start + before);
  connection.received += size;
  if (connection.received / options_.bytes != before / options_.bytes) {
    const Nanoseconds time = now();
    complete(connection, before, time);
    if (running_)
      extend(connection, time);
    else if (connection.received == connection.due)
      --unfinished_;
  }
  return size == buffer_size_;
}

// Records the messages that end between stream positions `before` and `received`.
void TcpLoad::complete(Connection& connection, std::uint64_t before, Nanoseconds now) {
  std::uint64_t done = before / options_.bytes;
  while (connection.burst_count > 0) {
    const Burst& burst = connection.bursts[connection.first_burst];
    const std::uint64_t reached = std::min(burst.end, connection.received) / options_.bytes;
    if (reached > done) measurement_.answered(now, now - burst.time, reached - done);
    done = reached;
    if (connection.received < burst.end) return;
    connection.first_burst = (connection.first_burst + 1) % connection.bursts.size();
    --connection.burst_count;
  }
}

void TcpLoad::extend(Connection& connection, Nanoseconds now) {
  connection.due = (connection.received / options_.bytes + options_.depth) * options_.bytes;
  const std::size_t last = connection.first_burst + connection.burst_count++;
  connection.bursts[last % connection.bursts.size()] = {connection.due, now};
}

void TcpLoad::flush(Connection& connection, std::size_t index) {
  const std::size_t size = connection.due - connection.sent;
  const char* bytes = text_.request(connection.start + connection.sent);
  connection.sent += connection.link.send(bytes, size);
  const bool short_write = connection.sent < connection.due;
  if (short_write != connection.writable_wanted) want_writable(connection, index, short_write);
}

void TcpLoad::want_writable(Connection& connection, std::size_t index, bool wanted) {
  connection.writable_wanted = wanted;
  const std::uint32_t events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
  poller_.change(connection.link.socket(), events, index);
}

}  // namespace bench
