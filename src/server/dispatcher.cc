#include "server/dispatcher.h"

#include <exception>
#include <new>
#include <utility>

#include "hotline/engine/clock.h"
#include "net/address.h"
#include "server/message_call.h"

namespace hotline::server {

using engine::EventLoop;

namespace {

constexpr Duration kErrorPause = std::chrono::milliseconds(20);

}  // namespace

/// One run of the handler: while it waits the message stays where it is.
class Dispatcher::Handling final : public DispatchFibers::Work {
 public:
  explicit Handling(Dispatcher& dispatcher)
      : Work(dispatcher.fibers_ ? &*dispatcher.fibers_ : nullptr), dispatcher_(dispatcher) {}

 private:
  void waits() noexcept override {
    try {
      if (!dispatcher_.messages_memory_)
        dispatcher_.messages_memory_ = dispatcher_.socket_.keep_batch();
    } catch (const std::bad_alloc&) {
      // Nothing may be received over this message, so all others wait until this handler returns.
      dispatcher_.is_batch_in_use_ = true;
    }
    memory_ = dispatcher_.messages_memory_;
  }

  Dispatcher& dispatcher_;
  std::shared_ptr<void> memory_;
};

void Dispatcher::run() {
  EventLoop* loop = EventLoop::running();
  if (loop == nullptr) {
    dispatch();
    return;
  }
  engine::FiberGroup group(*loop);
  fibers_.emplace(*loop, group, shared_.options.limits.waiting_messages_max,
                  [this] { dispatch(); });
  fibers_->start();
  group.join();
}

void Dispatcher::dispatch() {
  while (next() == Course::goes_on) {
  }
}

Dispatcher::Course Dispatcher::next() {
  try {
    return advance();
  } catch (const std::bad_alloc&) {
    // Below: nothing waits within a catch.
  }
  // What was gathered is lost, as on a network that is short of memory.
  outgoing_.clear();
  replies_.clear();
  shared_.log(LogLevel::warning, "replies were lost", service_.name, nullptr, "no memory is left");
  return sleep_for(kErrorPause) ? Course::goes_on : Course::has_ended;
}

Dispatcher::Course Dispatcher::advance() {
  const bool is_full = fibers_ && (fibers_->is_full() || is_batch_in_use_);
  if (position_ < messages_.size() && !is_full) return handle_next();
  flush();
  if (is_full) {
    fibers_->give_up();
    return Course::has_ended;
  }
  messages_ = {};
  position_ = 0;
  messages_memory_.reset();
  return has_ended_ ? Course::has_ended : receive();
}

Dispatcher::Course Dispatcher::receive() {
  auto received = socket_.receive_batch();
  if (received) {
    messages_ = *received;
    return Course::goes_on;
  }
  const ErrorKind kind = received.error().kind;
  has_ended_ = kind == ErrorKind::draining || kind == ErrorKind::cancelled;
  if (has_ended_) return Course::has_ended;
  // A complaint about an earlier reply, or a want of memory: the next may come, but not at once.
  shared_.log(LogLevel::warning, "cannot receive for now", service_.name, nullptr,
              received.error().message());
  return sleep_for(kErrorPause) ? Course::goes_on : Course::has_ended;
}

Dispatcher::Course Dispatcher::handle_next() {
  const Datagram& datagram = messages_[position_++];
  if (socket_.is_own(*datagram.route)) {
    note_unanswered(datagram, "it claims to come from this server's own address");
    return Course::goes_on;
  }
  if (!shared_.begin_call()) return Course::goes_on;
  count_.add_one();
  if (datagram.is_truncated) {
    note(LogLevel::warning, "the end of a datagram is lost", datagram,
         "it was longer than the " + std::to_string(datagram.bytes.size()) +
             " bytes that one may have");
  }
  Handling handling(*this);
  Reply reply = call_handler(datagram);
  if (reply.has_value() && net::is_relative_path(datagram.route->peer)) {
    note_unanswered(datagram, "its sender's address is a relative path");
    reply = {};
  }
  handling.stop_noticing();
  if (handling.has_waited()) {
    is_batch_in_use_ = false;
    if (reply.has_value()) send_late(datagram, reply);
    shared_.end_call();
    return handling.end() ? Course::goes_on : Course::has_ended;
  }
  if (reply.has_value()) {
    replies_.push_back(std::move(reply));
    outgoing_.push_back({{}, datagram.route});
  }
  if (shared_.options.calls == CallCount::unlimited) return Course::goes_on;
  flush();
  shared_.end_call();
  has_ended_ = true;
  return Course::has_ended;
}

Reply Dispatcher::call_handler(const Datagram& datagram) noexcept {
  try {
    return server::call_handler(service_.handler.message(), {socket_, datagram});
  } catch (const std::exception& thrown) {
    report_throw(datagram, thrown.what());
  } catch (...) {
    report_throw(datagram, "an exception of unknown type");
  }
  return {};
}

void Dispatcher::note(LogLevel level, std::string_view what, const Datagram& datagram,
                      std::string detail) const {
  if (shared_.options.log == nullptr || !shared_.options.log->wants(level)) return;
  const Endpoint peer = socket_.peer_of(*datagram.route);
  shared_.log(level, what, service_.name, &peer, std::move(detail));
}

void Dispatcher::note_unanswered(const Datagram& datagram, std::string_view why) noexcept {
  ++unanswered_;
  if (!shared_.wants_debug()) return;
  try {
    note(LogLevel::debug, "a datagram is not answered", datagram,
         std::string(why) + "; " + std::to_string(unanswered_) + " so far");
  } catch (const std::bad_alloc&) {
    // It is counted.
  }
}

void Dispatcher::report_throw(const Datagram& datagram, const char* what) noexcept {
  shared_.handler_failures.fetch_add(1, std::memory_order_relaxed);
  try {
    const Endpoint peer = socket_.peer_of(*datagram.route);
    shared_.log(LogLevel::error, "the handler failed; its message has no reply", service_.name,
                &peer, what);
  } catch (const std::bad_alloc&) {
    // It is counted.
  }
}

void Dispatcher::send_late(const Datagram& datagram, const Reply& reply) noexcept {
  try {
    auto sent = socket_.send({reply.bytes(), datagram.route});
    if (sent) return;
    shared_.log(LogLevel::debug, "a reply was lost", service_.name, nullptr,
                sent.error().message());
  } catch (const std::bad_alloc&) {
    // It is lost too.
  }
}

void Dispatcher::flush() {
  if (outgoing_.empty()) return;
  for (std::size_t i = 0; i < outgoing_.size(); ++i) outgoing_[i].bytes = replies_[i].bytes();
  const auto sent = socket_.send_batch(outgoing_);
  if (!sent || *sent < outgoing_.size()) {
    shared_.log(LogLevel::debug, "replies were lost", service_.name, nullptr,
                sent ? std::to_string(outgoing_.size() - *sent) : sent.error().message());
  }
  outgoing_.clear();
  replies_.clear();
}

}  // namespace hotline::server
