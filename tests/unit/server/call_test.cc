#include "server/call.h"

#include <sys/socket.h>

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/net/listener.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/sockets.h"

namespace hotline::server::call_test {
namespace {

/// One call over TCP, run to its end with `handler`.
class OneCall {
 public:
  explicit OneCall(Handler handler, Duration linger = std::chrono::milliseconds(20))
      : shared_(options(linger)) {
    shared_.drain_server = [] {};
    service_.handler = std::move(handler);
    auto made = listen("tcp://127.0.0.1:0");
    REQUIRE(made);
    listener_.emplace(std::move(*made));
    caller_ = test::connect_tcp(listener_->endpoint().port());
  }

  void run() {
    auto call = listener_->accept();
    REQUIRE(call);
    CallSlot slot = CallSlot::admit(shared_, call->peer());
    AdmittedCall admitted(std::move(*call), std::move(slot));
    REQUIRE(admitted.slot.take_room());
    admitted.slot.begin(*service_.tally);
    run_call(shared_, service_, std::move(admitted));
    if (engine::EventLoop* loop = engine::EventLoop::running()) loop->yield();
  }
  bool has_room() {
    const DeadlineScope scope(deadline_after(std::chrono::milliseconds(1)));
    return shared_.admission.take_room().has_value();
  }

  Handler& handler() { return service_.handler; }
  int caller() const { return caller_.get(); }
  Counters counters() const { return service_.tally->read(); }
  const test::CollectingLog& log() const { return log_; }

 private:
  ServerOptions options(Duration linger) {
    ServerOptions options;
    options.limits.connections_max = 1;
    options.linger = linger;
    options.log = &log_;
    return options;
  }

  test::CollectingLog log_;
  ServerState shared_;
  Service service_;
  std::optional<Listener> listener_;
  UniqueFd caller_;
};

}  // namespace

TEST_CASE("when a handler returns its caller reads the reply and then the end") {
  test::on_each_engine([] {
    OneCall call([](Stream& stream) { CHECK(stream.write_all(as_bytes("reply"))); });
    call.run();
    CHECK(test::receive_until_end(call.caller()) == "reply");
    CHECK(call.counters().calls_in_flight == 0);
    CHECK(call.counters().handler_failures == 0);
    CHECK(call.has_room());
  });
}

TEST_CASE("bytes that a handler did not read do not damage its reply") {
  test::on_each_engine([] {
    OneCall call([](Stream& stream) {
      CHECK(stream.receive());
      CHECK(stream.write_all(as_bytes(std::string(100'000, 'r'))));
    });
    test::send_text(call.caller(), "first");
    test::wait_sent(call.caller());
    test::send_text(call.caller(), std::string(50'000, 'x'));
    call.run();
    CHECK(test::receive_until_end(call.caller()).size() == 100'000);
  });
}

TEST_CASE("a caller that never ends is waited for no longer than the linger") {
  test::on_each_engine([] {
    OneCall call([](Stream&) {}, std::chrono::milliseconds(2));
    const Instant before = std::chrono::steady_clock::now();
    call.run();
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(5));
    CHECK(call.has_room());
  });
}

TEST_CASE("a call that its handler refuses ends with a reset and is not counted as a failure") {
  test::on_each_engine([] {
    OneCall call([](Stream&) {
      throw CallRefused(make_error(ErrorKind::protocol_violation, {}, {}, "it is not a command"));
    });
    call.run();
    test::wait_readable(call.caller());
    char byte = 0;
    CHECK(::recv(call.caller(), &byte, 1, 0) == -1);
    CHECK(call.counters().handler_failures == 0);
    CHECK(call.log().has("call ended"));
    CHECK(call.has_room());
  });
}

TEST_CASE("a handler that throws ends its call with a reset and is counted") {
  test::on_each_engine([] {
    OneCall call([](Stream&) { throw std::runtime_error("no"); });
    call.run();
    test::wait_readable(call.caller());
    char byte = 0;
    CHECK(::recv(call.caller(), &byte, 1, 0) == -1);
    CHECK(call.counters().handler_failures == 1);
    CHECK(call.log().has("the handler failed; its call ends"));
    CHECK(call.has_room());
  });
}

TEST_CASE("a handler may take its stream for itself, and also throw") {
  for (const bool throws : {false, true}) {
    test::on_each_engine([&] {
      OneCall call([&](Stream& stream) {
        Stream own = std::move(stream);
        CHECK(own.write_all(as_bytes("own")));
        if (throws) throw std::runtime_error("no");
      });
      call.run();
      CHECK(test::receive_until_end(call.caller()) == "own");
      CHECK(call.counters().handler_failures == (throws ? 1 : 0));
      CHECK(call.has_room());
    });
  }
}

TEST_CASE("an exception may be of any type") {
  test::on_each_engine([] {
    OneCall call([](Stream&) { throw 1; });
    call.run();
    CHECK(call.counters().handler_failures == 1);
  });
}

TEST_CASE("the time for an authentication bounds nothing but the authentication") {
  test::on_each_engine([] {
    const auto is_bounded = [] { return !engine::Engine::current().scope().deadline.is_never(); };
    OneCall call([&](Stream&, const CallInfo& info) {
      CHECK(info.identity() != nullptr);
      CHECK_FALSE(is_bounded());
    });
    bool was_bounded = false;
    call.handler().authenticate([&](Stream&) -> Result<Identity> {
      was_bounded = is_bounded();
      return Identity{"anybody"};
    });
    call.run();
    CHECK(was_bounded);
    CHECK(call.counters().handler_failures == 0);
    CHECK(call.has_room());
  });
}

TEST_CASE("an authentication that finds no memory is a failed handler, as any that throws") {
  test::on_each_engine([] {
    OneCall call([](Stream&) { FAIL("it was let pass"); });
    call.handler().authenticate([](Stream&) -> Result<Identity> { throw std::bad_alloc(); });
    call.run();
    CHECK(test::is_reset(call.caller()));
    CHECK(call.counters().handler_failures == 1);
    CHECK(call.has_room());
  });
}

TEST_CASE("an authentication that takes the stream for itself ends the server's part of the call") {
  test::on_each_engine([] {
    OneCall call([](Stream&) { FAIL("it was let pass"); });
    std::optional<Stream> taken;
    call.handler().authenticate([&](Stream& stream) -> Result<Identity> {
      taken.emplace(std::move(stream));
      return Identity{"anybody"};
    });
    call.run();
    REQUIRE(taken);
    CHECK(taken->write_all(as_bytes("own")));
    taken.reset();
    CHECK(test::receive_until_end(call.caller()) == "own");
    CHECK(call.has_room());
  });
}

TEST_CASE("an orderly hang-up is logged at debug level only") {
  test::on_each_engine([] {
    OneCall call([](Stream& stream) {
      while (stream.receive()) {
      }
    });
    ::shutdown(call.caller(), SHUT_WR);
    call.run();
    CHECK(call.log().has("call began"));
    CHECK(call.log().has("call ended"));
    CHECK(call.log().count(LogLevel::info) == 0);
  });
}

}  // namespace hotline::server::call_test
