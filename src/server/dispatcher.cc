#include "server/dispatcher.h"

#include <exception>
#include <utility>

#include "hotline/engine/clock.h"

namespace hotline::server {

using engine::EventLoop;

namespace {

constexpr Duration kErrorPause = std::chrono::milliseconds(20);

}  // namespace

/// One run of the handler: notices if it waits, and then lets another fiber take over, while the
/// message stays where it is.
class Dispatcher::Handling final : public engine::SuspendHook {
 public:
  explicit Handling(Dispatcher& dispatcher) : dispatcher_(dispatcher) {
    if (dispatcher.group_ == nullptr) return;
    fiber_ = EventLoop::running()->fiber();
    fiber_->suspend_hook = this;
  }
  Handling(const Handling&) = delete;
  Handling& operator=(const Handling&) = delete;
  ~Handling() { stop_watching(); }

  void stop_watching() {
    if (fiber_ != nullptr) fiber_->suspend_hook = nullptr;
  }
  bool has_waited() const { return has_waited_; }

  void suspended() noexcept override {
    has_waited_ = true;
    if (!dispatcher_.messages_memory_)
      dispatcher_.messages_memory_ = dispatcher_.socket_.keep_batch();
    memory_ = dispatcher_.messages_memory_;
    dispatcher_.is_dispatching_ = false;
    ++dispatcher_.waiting_count_;
    dispatcher_.start_dispatching();
  }

 private:
  Dispatcher& dispatcher_;
  engine::Fiber* fiber_ = nullptr;
  std::shared_ptr<void> memory_;
  bool has_waited_ = false;
};

void Dispatcher::run() {
  EventLoop* loop = EventLoop::running();
  if (loop == nullptr) {
    dispatch();
    return;
  }
  engine::FiberGroup group(*loop);
  group_ = &group;
  deadline_ = loop->scope().deadline;
  start_dispatching();
  group.join();
}

void Dispatcher::start_dispatching() {
  is_dispatching_ = EventLoop::running()->spawn(
      "dispatch", [this] { dispatch(); }, group_);
}

void Dispatcher::dispatch() {
  // This fiber was started from a handler, whose own deadlines are none of its business.
  engine::Engine::current().scope().deadline = deadline_;
  while (next() == Course::goes_on) {
  }
}

Dispatcher::Course Dispatcher::next() {
  const bool is_full = waiting_count_ >= shared_.options.limits.waiting_messages_max;
  if (position_ < messages_.size() && !is_full) return handle_next();
  flush();
  if (is_full) {
    // Whichever handler returns first goes on from here.
    is_dispatching_ = false;
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
  if (!shared_.begin_call()) return Course::goes_on;
  Handling handling(*this);
  Reply reply = call_handler(datagram);
  handling.stop_watching();
  if (handling.has_waited()) {
    finish_waited(datagram, reply);
    shared_.end_call();
    // Whoever took over goes on; unless nobody could, for want of a fiber.
    return std::exchange(is_dispatching_, true) ? Course::has_ended : Course::goes_on;
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
  const Message message(socket_, datagram);
  const auto report = [&](const char* what) {
    shared_.handler_failures.fetch_add(1, std::memory_order_relaxed);
    const Endpoint peer = message.peer();
    shared_.log(LogLevel::error, "the handler failed; its message has no reply", service_.name,
                &peer, what);
  };
  try {
    return service_.handler.message()(message);
  } catch (const std::exception& thrown) {
    report(thrown.what());
  } catch (...) {
    report("an exception of unknown type");
  }
  return {};
}

void Dispatcher::finish_waited(const Datagram& datagram, const Reply& reply) {
  --waiting_count_;
  if (!reply.has_value()) return;
  if (auto sent = socket_.send({reply.bytes(), datagram.route}); !sent) {
    shared_.log(LogLevel::debug, "a reply was lost", service_.name, nullptr,
                sent.error().message());
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
