#include "server/dispatcher.h"

#include <sys/socket.h>

#include <bit>
#include <cassert>
#include <cstdint>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "net/address.h"
#include "net/datagram_access.h"
#include "server/handler_failure.h"
#include "server/message_call.h"
#include "server/retry_pause.h"

namespace hotline::server {

using engine::EventLoop;

namespace {

// On a thread without a loop: replies should not wait for longer than this for other handlers.
constexpr Duration kLong = std::chrono::milliseconds(5);

// After a handler that waited or took long, so many messages are taken one at a time.
constexpr std::size_t kSinglesMax = 64;

constexpr std::size_t kIpv4BytesMax = 65'535 - 20 - 8;
constexpr std::size_t kIpv6BytesMax = 65'535 - 8;

/// Returns how many bytes a datagram over `socket` to `peer` can have.
std::size_t datagram_bytes_max(const DatagramSocket& socket, const SocketAddress& peer) {
  const int family = net::family_of(peer);
  if (family != AF_UNIX) {
    const bool is_ipv6 = family == AF_INET6 && !net::ipv4_of_mapped(peer);
    return is_ipv6 ? kIpv6BytesMax : kIpv4BytesMax;
  }
  // What unix_dgram_sendmsg in net/unix/af_unix.c of Linux allows.
  constexpr std::size_t kOverheadBytes = 32;
  int buffer = 0;
  std::size_t size = sizeof buffer;
  const int got = engine::Engine::current().get_option(socket.descriptor(), SOL_SOCKET, SO_SNDBUF,
                                                       &buffer, size);
  return got < 0 ? SIZE_MAX : static_cast<std::size_t>(buffer) - kOverheadBytes;
}

}  // namespace

/// One run of the handler. While it waits, the message stays in place.
class Dispatcher::Handling final : public DispatchFibers::Work {
 public:
  explicit Handling(Dispatcher& dispatcher)
      : Work(dispatcher.fibers_ ? &*dispatcher.fibers_ : nullptr), dispatcher_(dispatcher) {}

  /// The message is not needed any more, so its memory may be used for another receive.
  void give_up_message() {
    if (std::exchange(holds_batch_, false)) dispatcher_.is_batch_in_use_ = false;
  }

 private:
  void waits() noexcept override {
    if (!dispatcher_.fibers_) return dispatcher_.flush_on_wait();
    if (!has_waited()) keep_message();
  }

  void keep_message() noexcept {
    try {
      if (!dispatcher_.messages_memory_)
        dispatcher_.messages_memory_ = net::DatagramAccess::keep(dispatcher_.socket_);
    } catch (const std::bad_alloc&) {
      // No receive may overwrite this message, so all other messages wait until this handler
      // returns.
      dispatcher_.is_batch_in_use_ = true;
      holds_batch_ = true;
    }
    memory_ = dispatcher_.messages_memory_;
  }

  Dispatcher& dispatcher_;
  std::shared_ptr<void> memory_;
  bool holds_batch_ = false;  ///< Uses the socket's own memory, because there is no other.
};

/// Returns false if a drain or a cut comes before there is a handler.
bool Dispatcher::make_handler() {
  handler_ = &service_.handler.message();
  if (!service_.handler.message_maker()) return true;
  handler_ = &own_handler_;
  const auto make = [&] {
    own_handler_ = make_message_handler(service_.handler, CallInfo(socket_));
  };
  const auto report = [&](const char* what) {
    server::report_throw(state_, *service_.tally, service_.name,
                         "the maker of a handler failed; it is called again", nullptr, what);
  };
  while (!comes_back(make, report)) {
    if (!pause_before_retry()) return false;
  }
  return true;
}

void Dispatcher::run() {
  assert(handler_ == nullptr && "a dispatcher runs once");
  if (!make_handler()) return;
  EventLoop* loop = EventLoop::running();
  if (loop == nullptr) {
    dispatch();
    return;
  }
  engine::FiberGroup group(*loop);
  fibers_.emplace(*loop, group, state_.options.limits.waiting_messages_max, [this] { dispatch(); });
  do {
    fibers_->start();
    group.join();
    // spawn() failed for lack of a stack: retry until it succeeds.
  } while (!has_ended_ && sleep_for(kRetryPause));
}

void Dispatcher::dispatch() {
  while (next() == Course::goes_on) {
  }
}

Dispatcher::Course Dispatcher::next() {
  try {
    return advance();
  } catch (const std::bad_alloc&) {
    // Waits below, because a catch block must not wait.
  }
  lose_replies();
  return sleep_for(kRetryPause) ? Course::goes_on : Course::has_ended;
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
  auto received = receive_some();
  if (received) {
    if (count_.is_sample_due()) sampled_from_ = engine::Engine::current().read_clock();
    return Course::goes_on;
  }
  const ErrorKind kind = received.error().kind;
  has_ended_ = kind == ErrorKind::draining || kind == ErrorKind::cancelled;
  if (has_ended_) return Course::has_ended;
  // The error is about an earlier reply, or a lack of memory: the next receive may succeed, later.
  state_.log(LogLevel::warning, "cannot receive for now", service_.name, nullptr,
             received.error().message());
  return sleep_for(kRetryPause) ? Course::goes_on : Course::has_ended;
}

Result<void> Dispatcher::receive_some() {
  if (singles_ == 0) {
    const auto batch = socket_.receive_batch();
    if (!batch) return fail(batch.error());
    messages_ = *batch;
    if (!fibers_ && messages_.size() > 1) looked_ = engine::Engine::current().read_clock();
    return {};
  }
  const auto single = socket_.receive();
  if (!single) return fail(single.error());
  --singles_;
  single_ = *single;
  messages_ = {&single_, 1};
  return {};
}

Dispatcher::Course Dispatcher::handle_next() {
  const Datagram& datagram = messages_[position_++];
  if (socket_.is_own(*datagram.route)) {
    note_unanswered(datagram, "it claims to come from this server's own address");
    return Course::goes_on;
  }
  OnlyCall only;
  if (!only.begin(state_)) return Course::goes_on;
  count_.add_message(datagram.bytes.size());
  if (datagram.is_truncated) {
    note(LogLevel::warning, "the end of a datagram is lost", datagram,
         "it was longer than the limit of " + std::to_string(datagram.bytes.size()) + " bytes");
  }
  Handling handling(*this);
  Reply reply = call_handler(datagram);
  // If only one message is wanted, a message that cannot be answered completely does not count.
  bool is_the_one = reply.has_value() || !datagram.is_truncated;
  if (reply.has_value() && net::is_relative_path(datagram.route->peer)) {
    note_unanswered(datagram, "its sender's address is a relative path");
    reply = {};
    is_the_one = false;
  }
  handling.stop_noticing();
  if (!fibers_) note_time(handling.has_waited());
  if (handling.has_waited()) {
    if (reply.has_value()) send_late(datagram, reply);
    if (is_the_one) only.end();
    handling.give_up_message();
    return handling.end() ? Course::goes_on : Course::has_ended;
  }
  if (reply.has_value()) {
    replies_.push_back(std::move(reply));
    outgoing_.push_back({{}, datagram.route});
    if (!fibers_ && singles_ > 0) flush();
  }
  if (state_.options.calls == CallCount::unlimited || !is_the_one) return Course::goes_on;
  flush();
  only.end();
  has_ended_ = true;
  return Course::has_ended;
}

Reply Dispatcher::call_handler(const Datagram& datagram) noexcept {
  Reply reply;
  comes_back(
      [&] {
        Reply made = server::call_handler(*handler_, {socket_, datagram}, *service_.tally);
        check_size(made, datagram);
        reply = std::move(made);
      },
      [&](const char* what) { report_throw(datagram, what); });
  return reply;
}

/// Throws std::runtime_error if no datagram can carry the reply, which is the handler's mistake.
void Dispatcher::check_size(const Reply& reply, const Datagram& datagram) const {
  const std::size_t size = reply.bytes().size();
  if (size <= kIpv4BytesMax) return;
  const std::size_t most = datagram_bytes_max(socket_, datagram.route->peer);
  if (size <= most) return;
  throw std::runtime_error("its reply has " + std::to_string(size) +
                           " bytes, and a datagram here has at most " + std::to_string(most));
}

/// Notices handlers that compute for long, or wait without this library. The clock is read after
/// the 1st, 2nd, 4th, 8th... message of a batch, so that it costs little.
void Dispatcher::note_time(bool has_waited) {
  if (has_waited) singles_ = kSinglesMax;
  if (messages_.size() == 1 || !std::has_single_bit(position_)) return;
  const Instant time = engine::Engine::current().read_clock();
  if (time - std::exchange(looked_, time) > kLong) singles_ = kSinglesMax;
}

void Dispatcher::note(LogLevel level, std::string_view what, const Datagram& datagram,
                      std::string detail) const {
  if (state_.options.log == nullptr || !state_.options.log->wants(level)) return;
  const Endpoint peer = socket_.peer_of(*datagram.route);
  state_.log(level, what, service_.name, &peer, std::move(detail));
}

void Dispatcher::note_unanswered(const Datagram& datagram, std::string_view why) noexcept {
  ++unanswered_;
  if (!state_.wants_debug()) return;
  try {
    note(LogLevel::debug, "a datagram is not answered", datagram,
         std::string(why) + "; " + std::to_string(unanswered_) + " so far");
  } catch (const std::bad_alloc&) {
    // The failure is counted.
  }
}

void Dispatcher::report_throw(const Datagram& datagram, const char* what) noexcept {
  std::optional<Endpoint> peer;
  try {
    peer = socket_.peer_of(*datagram.route);
  } catch (const std::bad_alloc&) {
    // Without memory the failure is not logged.
  }
  server::report_throw(state_, *service_.tally, service_.name,
                       "the handler failed; its message has no reply", peer ? &*peer : nullptr,
                       what);
}

void Dispatcher::send_late(const Datagram& datagram, const Reply& reply) noexcept {
  try {
    count_.add_reply(reply.bytes().size());
    auto sent = socket_.send({reply.bytes(), datagram.route});
    if (sent) return;
    state_.log(LogLevel::debug, "a reply was lost", service_.name, nullptr, sent.error().message());
  } catch (const std::bad_alloc&) {
    // The reply is lost too.
  }
}

void Dispatcher::flush_on_wait() noexcept {
  try {
    flush();
  } catch (const std::bad_alloc&) {
    lose_replies();
  }
}

/// As on a network that is short of memory.
void Dispatcher::lose_replies() noexcept {
  outgoing_.clear();
  replies_.clear();
  state_.log(LogLevel::warning, "replies were lost", service_.name, nullptr, "no memory is left");
}

void Dispatcher::flush() {
  if (outgoing_.empty()) return;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < outgoing_.size(); ++i) {
    outgoing_[i].bytes = replies_[i].bytes();
    bytes += outgoing_[i].bytes.size();
  }
  count_.add_replies(outgoing_.size(), bytes);
  const auto sent = socket_.send_batch(outgoing_);
  if (!sent || *sent < outgoing_.size()) {
    state_.log(LogLevel::debug, "replies were lost", service_.name, nullptr,
               sent ? std::to_string(outgoing_.size() - *sent) : sent.error().message());
  }
  outgoing_.clear();
  replies_.clear();
  if (const auto from = std::exchange(sampled_from_, {})) {
    count_.add_latency(engine::Engine::current().read_clock() - *from);
  }
}

}  // namespace hotline::server
