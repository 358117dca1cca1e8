#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "server/frame_dispatcher.h"
#include "support/frame_feed.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/simulated.h"

// A frame dispatcher and its callers, all on one loop of the system or the simulated one.

namespace hotline::test {

/// Runs `body` on each loop of the system, and on the simulated one.
inline void on_all_loops(const std::function<void(engine::EventLoop&)>& body) {
  on_each_loop(body);
  INFO("on the engine simulated");
  Simulation simulation;
  bool has_ended = false;
  simulation.run([&] {
    body(simulation.loop);
    has_ended = true;
  });
  CHECK(has_ended);
}

/// Counts the pieces that were sent.
class CountingTap final : public TrafficTap {
 public:
  void received(const Endpoint&, Bytes) noexcept override {}
  void sent(const Endpoint&, Bytes) noexcept override { ++sent_count; }

  int sent_count = 0;
};

class FramedExchange {
 public:
  FramedExchange(engine::EventLoop& loop, MessageHandler handler, ServerOptions options = {},
                 std::string_view framing = "lines")
      : loop_(loop), shared_(with_log(std::move(options))), group_(loop) {
    shared_.drain_server = [this] { ++drain_count_; };
    service_.name = "test";
    service_.handler = std::move(handler);
    service_.framing = Framing::parse(framing).value();
    ListenOptions listening;
    listening.stream.timeouts = shared_.options.timeouts;
    listening.stream.tap = &tap_;
    auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"), listening);
    REQUIRE(listener);
    listener_.emplace(std::move(*listener));
    dispatcher_.emplace(shared_, service_, loop);
    loop.spawn(
        "dispatcher",
        [this] {
          dispatcher_->run();
          has_ended_ = true;
        },
        &group_);
  }
  FramedExchange(const FramedExchange&) = delete;
  FramedExchange& operator=(const FramedExchange&) = delete;
  ~FramedExchange() {
    cut();
    join();
  }

  /// Adds a caller to the dispatcher and returns its end.
  Stream call() {
    auto caller = connect(listener_->endpoint());
    REQUIRE(caller);
    take_one();
    return std::move(*caller);
  }
  void take_one() {
    auto call = listener_->accept();
    REQUIRE(call);
    if (make_layer) REQUIRE(call->add_layer(make_layer()));
    server::CallSlot slot = server::CallSlot::admit(shared_, call->peer());
    server::AdmittedCall admitted(std::move(*call), std::move(slot));
    REQUIRE(admitted.slot);
    REQUIRE(admitted.slot.take_room());
    admitted.slot.begin(*service_.tally);
    admitted.slot.note_served();
    REQUIRE(server::begin_call(shared_, service_, admitted));
    dispatcher_->take(std::move(admitted));
  }
  Result<Stream> connected() { return connect(listener_->endpoint()); }

  std::string wire(std::string_view payload) const { return test::wire(service_.framing, payload); }

  /// Lets everything that has arrived be processed.
  void settle() {
    if (loop_.is_simulated()) {
      CHECK(sleep_for(std::chrono::milliseconds(20)));
    } else {
      for (int i = 0; i < 20; ++i) loop_.yield();
    }
  }

  void stop_taking() { dispatcher_->stop_taking(); }
  void drain() {
    group_.interrupt(engine::kDrainEnd);
    dispatcher_->stop_taking();
  }
  void cut() {
    dispatcher_->stop_taking();
    group_.interrupt(engine::kCancelEnd);
  }
  void join() { group_.join(); }
  bool has_ended() const { return has_ended_; }

  /// Makes the layers of the calls at the dispatcher's end; none without it.
  std::function<std::unique_ptr<StreamLayer>()> make_layer;

  Framing& framing() { return service_.framing; }
  server::FrameDispatcher& dispatcher() { return *dispatcher_; }
  const server::ServerState& shared() const { return shared_; }
  server::ServerState& shared() { return shared_; }
  Counters counters() const { return service_.tally->read(); }
  const CollectingLog& log() const { return log_; }
  CountingTap& tap() { return tap_; }
  int drain_count() const { return drain_count_; }

 private:
  ServerOptions with_log(ServerOptions options) {
    options.log = &log_;
    options.linger = std::chrono::milliseconds(20);
    options.limits.connections_max = options.limits.connections_max.value_or(5000);
    return options;
  }

  engine::EventLoop& loop_;
  CollectingLog log_;
  CountingTap tap_;
  server::ServerState shared_;
  server::Service service_;
  std::optional<Listener> listener_;
  engine::FiberGroup group_;
  std::optional<server::FrameDispatcher> dispatcher_;
  bool has_ended_ = false;
  int drain_count_ = 0;
};

inline void say(Stream& call, std::string_view text) { REQUIRE(call.write_all(as_bytes(text))); }

/// Returns exactly `size` bytes, or the kind of the error in angle brackets.
inline std::string heard(Stream& call, std::size_t size) {
  std::string text(size, '\0');
  const auto read = call.read_exact(std::as_writable_bytes(std::span(text)));
  return read ? text : "<" + kind_of(read) + ">";
}

/// Returns all that still arrives, and the kind of the end in angle brackets.
inline std::string heard_until_end(Stream& call) {
  std::string text;
  for (;;) {
    const auto bytes = call.receive();
    if (!bytes) return text + "<" + kind_of(bytes) + ">";
    text += as_text(*bytes);
  }
}

/// Returns true if nothing has arrived.
inline bool is_silent(Stream& call) {
  const auto bytes = call.receive_now();
  return bytes && bytes->empty();
}

}  // namespace hotline::test
