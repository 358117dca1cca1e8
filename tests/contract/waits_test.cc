#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "contract/beside.h"
#include "contract/row.h"
#include "contract/wait_rig.h"
#include "engine/engine.h"
#include "engine/operations/read_write.h"
#include "engine/operations/wait_process.h"
#include "engine/operations/wait_ready.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/event.h"
#include "hotline/engine/queue.h"
#include "hotline/engine/semaphore.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "hotline/net/tls.h"
#include "support/tls_options.h"

using namespace hotline;
using contract::Beside;
using contract::row;
using contract::wait_rig;
using engine::Engine;
using std::chrono::milliseconds;

namespace {

using End = contract::WaitRig::End;

template <typename T>
End kind_of(const Result<T>& result) {
  return result ? End() : result.error().kind;
}

End kind_of_code(int result) {
  return result >= 0 ? End() : engine::operation_error(result, "wait").kind;
}

using Pair = contract::WaitRig::Pair;

/// Makes a stream and its other side, over plain bytes or over TLS.
struct Wire {
  const char* name;
  Result<Pair> (*make)();
};

Result<Pair> make_plain_pair() { return wait_rig().make_pair(); }
Result<Pair> make_tls_pair() { return wait_rig().make_tls_pair(); }

constexpr Wire kWires[] = {{"plain", make_plain_pair}, {"TLS", make_tls_pair}};

/// Returns the result of `action` on a stream whose other side is silent.
template <typename Action>
End with_pair(Action action, Result<Pair> (*make)() = make_plain_pair) {
  auto pair = make();
  return pair ? kind_of(action(pair->stream)) : kind_of(pair);
}

End wait_to_receive() {
  return with_pair([](Stream& stream) { return stream.receive(); });
}

End wait_to_read_some() {
  std::array<std::byte, 8> bytes{};
  return with_pair([&](Stream& stream) { return stream.read_some(bytes); });
}

End wait_to_send() {
  const std::string bulk(8 * 1024 * 1024, 'x');
  return with_pair([&](Stream& stream) { return stream.write_all(as_bytes(bulk)); });
}

End wait_to_send_pieces() {
  const std::string bulk(8 * 1024 * 1024, 'x');
  const std::array pieces{as_bytes(bulk), as_bytes(bulk)};
  return with_pair([&](Stream& stream) { return stream.write_all(pieces); });
}

End wait_to_receive_over_tls() {
  return with_pair([](Stream& stream) { return stream.receive(); }, make_tls_pair);
}

End wait_to_read_some_over_tls() {
  std::array<std::byte, 8> bytes{};
  return with_pair([&](Stream& stream) { return stream.read_some(bytes); }, make_tls_pair);
}

End wait_to_send_over_tls() {
  const std::string bulk(8 * 1024 * 1024, 'x');
  return with_pair([&](Stream& stream) { return stream.write_all(as_bytes(bulk)); }, make_tls_pair);
}

End wait_to_send_pieces_over_tls() {
  const std::string bulk(8 * 1024 * 1024, 'x');
  const std::array pieces{as_bytes(bulk), as_bytes(bulk)};
  return with_pair([&](Stream& stream) { return stream.write_all(pieces); }, make_tls_pair);
}

/// The other side never begins its handshake.
End wait_for_a_handshake() {
  return with_pair([](Stream& stream) {
    const auto tls = Tls::server(test::accepting("alice"));
    REQUIRE(stream.add_layer(tls.value().make_layer()));
    return stream.handshake();
  });
}

End wait_to_accept() {
  auto listener = listen("tcp://127.0.0.1:0");
  REQUIRE(listener);
  return kind_of(listener->accept());
}

End wait_to_connect() {
  // A UNIX listener whose backlog is full makes its callers wait.
  auto listener = listen("unix:@hotline-contract-" + std::to_string(::getpid()) + "?backlog=1");
  REQUIRE(listener);
  std::vector<Stream> waiting;
  for (int i = 0; i < 2; ++i) {
    auto stream = connect(listener->endpoint());
    if (!stream) return stream.error().kind;
    waiting.push_back(std::move(*stream));
  }
  return kind_of(connect(listener->endpoint()));
}

End wait_to_receive_datagrams() {
  auto socket = bind_datagrams(*Endpoint::parse("udp://127.0.0.1:0"));
  REQUIRE(socket);
  return kind_of(socket->receive());
}

End wait_for_time() { return kind_of(sleep_for(std::chrono::hours(1))); }

End wait_until_ready() {
  const auto pipe = wait_rig().make_pipe();
  engine::WaitReady wait(*pipe.read_end, engine::Direction::read);
  return kind_of_code(Engine::current().perform(wait, Deadline::never()));
}

End wait_to_read() {
  const auto pipe = wait_rig().make_pipe();
  std::array<std::byte, 8> bytes{};
  engine::Read read(*pipe.read_end, bytes);
  return kind_of_code(Engine::current().perform(read, Deadline::never()));
}

End wait_to_write() {
  const auto pipe = wait_rig().make_pipe();
  const std::string chunk(4096, 'x');
  for (;;) {
    engine::Write write(*pipe.write_end, as_bytes(chunk));
    const int result = Engine::current().perform(write, Deadline::never());
    if (result < 0) return kind_of_code(result);
  }
}

End wait_for_process() {
  const auto process = wait_rig().start_process();
  engine::WaitProcess wait(*process.pidfd);
  return kind_of_code(Engine::current().perform(wait, Deadline::never()));
}

End wait_for_work() { return kind_of(wait_rig().offload_endless_work()); }

End wait_for_room() {
  Semaphore none(0);
  return kind_of(none.acquire());
}

End wait_for_an_event() {
  Event never;
  return kind_of(never.wait());
}

End wait_to_push() {
  Queue<int> full(1);
  CHECK(full.push(1));
  return kind_of(full.push(2));
}

End wait_to_pop() {
  Queue<int> empty(1);
  return kind_of(empty.pop());
}

End wait_for_a_group() {
  End kind;
  TaskGroup group;
  REQUIRE(group.spawn("sleeper", [&] { kind = kind_of(sleep_for(std::chrono::hours(1))); }));
  const auto joined = group.join();
  return joined ? kind : kind_of(joined);
}

struct Kind {
  const char* name;
  End (*wait)();
};

constexpr Kind kKinds[] = {
    {"receive", wait_to_receive},
    {"read some", wait_to_read_some},
    {"send", wait_to_send},
    {"send pieces", wait_to_send_pieces},
    {"receive over TLS", wait_to_receive_over_tls},
    {"read some over TLS", wait_to_read_some_over_tls},
    {"send over TLS", wait_to_send_over_tls},
    {"send pieces over TLS", wait_to_send_pieces_over_tls},
    {"handshake of TLS", wait_for_a_handshake},
    {"accept", wait_to_accept},
    {"connect", wait_to_connect},
    {"receive datagrams", wait_to_receive_datagrams},
    {"sleep", wait_for_time},
    {"wait until ready", wait_until_ready},
    {"read a pipe", wait_to_read},
    {"write a pipe", wait_to_write},
    {"wait for a process", wait_for_process},
    {"offload", wait_for_work},
    {"semaphore", wait_for_room},
    {"event", wait_for_an_event},
    {"push to a queue", wait_to_push},
    {"pop from a queue", wait_to_pop},
    {"join", wait_for_a_group},
};

}  // namespace

TEST_CASE("A deadline ends every kind of wait") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    wait_rig().run([&] {
      const DeadlineScope scope(deadline_after(milliseconds(15)));
      CHECK(kind.wait() == ErrorKind::timed_out);
    });
  }
}

TEST_CASE("A deadline that has already passed ends every kind of wait at once") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    wait_rig().run([&] {
      const DeadlineScope scope(Deadline::at(now()));
      CHECK(kind.wait() == ErrorKind::timed_out);
    });
  }
}

TEST_CASE("The earliest of nested deadlines ends the wait, and the outer one still applies") {
  wait_rig().run([] {
    const DeadlineScope outer(deadline_after(milliseconds(30)));
    {
      const DeadlineScope longer(deadline_after(std::chrono::hours(1)));
      const DeadlineScope shorter(deadline_after(milliseconds(5)));
      const Instant began = Engine::current().read_clock();
      CHECK(wait_for_time() == ErrorKind::timed_out);
      CHECK(Engine::current().read_clock() - began < milliseconds(30));
    }
    CHECK(sleep_for(milliseconds(1)).has_value());
    CHECK(wait_for_time() == ErrorKind::timed_out);
  });
}

TEST_CASE("A cancel ends every kind of wait") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    CHECK(wait_rig().cancel_after(milliseconds(10), kind.wait) == ErrorKind::cancelled);
  }
}

TEST_CASE("A cancel before the wait ends it before it begins") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    CHECK(wait_rig().cancel_after(milliseconds(0), kind.wait) == ErrorKind::cancelled);
  }
}

TEST_CASE("Bytes that race a deadline arrive in that receive or the next") {
  constexpr int kRounds = 300;
  for (const Wire& wire : kWires) {
    CAPTURE(wire.name);
    wait_rig().run([&] {
      auto pair = wire.make();
      REQUIRE(pair);
      for (int i = 0; i < kRounds; ++i) {
        const auto delay = std::chrono::microseconds(200 + i % 20 * 10);
        Beside sender([&] {
          contract::pause(std::chrono::microseconds(250));
          pair->other->send("x");
        });
        Result<MutableBytes> received;
        {
          const DeadlineScope scope(deadline_after(delay));
          received = pair->stream.receive();
        }
        sender.join();
        if (!received) {
          CHECK(received.error().kind == ErrorKind::timed_out);
          received = pair->stream.receive();
        }
        REQUIRE(received);
        CHECK(as_text(*received) == "x");
      }
    });
  }
}

TEST_CASE("A caller that races a deadline is accepted then or next, never lost") {
  constexpr int kRounds = 200;
  wait_rig().run([] {
    auto listener = listen("tcp://127.0.0.1:0");
    REQUIRE(listener);
    for (int i = 0; i < kRounds; ++i) {
      Beside caller([endpoint = listener->endpoint(), i] {
        contract::pause(std::chrono::microseconds(i % 20 * 10));
        auto stream = connect(endpoint);
        REQUIRE(stream);
        CHECK(stream->receive().error().kind == ErrorKind::closed);
      });
      auto accepted = listener->accept(deadline_after(std::chrono::microseconds(150)));
      if (!accepted) accepted = listener->accept();
      REQUIRE(accepted);
      accepted->close();
      caller.join();
    }
  });
}

TEST_CASE("Closing a stream ends the wait of another fiber on it") {
  if (!row().is_loops()) return;
  for (const Wire& wire : kWires) {
    for (const bool is_writer : {false, true}) {
      for (const bool is_abort : {false, true}) {
        CAPTURE(wire.name);
        CAPTURE(is_writer);
        CAPTURE(is_abort);
        wait_rig().run([&] {
          auto pair = wire.make();
          REQUIRE(pair);
          const std::string bulk(8 * 1024 * 1024, 'x');
          End kind;
          TaskGroup group;
          REQUIRE(group.spawn("waiter", [&] {
            kind = is_writer ? kind_of(pair->stream.write_all(as_bytes(bulk)))
                             : kind_of(pair->stream.receive());
          }));
          static_cast<void>(sleep_for(milliseconds(5)));
          if (is_abort) {
            pair->stream.abort();
          } else {
            pair->stream.close();
          }
          REQUIRE(group.join());
          // A write that was cut in the middle tries to go on, on a closed descriptor.
          CHECK(
              (kind == ErrorKind::cancelled || (is_writer && kind == ErrorKind::invalid_argument)));
        });
      }
    }
  }
}

TEST_CASE("A stream that a loop has used keeps its bytes when a thread continues with it") {
  // A simulated world has one thread.
  if (!row().is_loops() || row().is_simulated()) return;
  for (const Wire& wire : kWires) {
    CAPTURE(wire.name);
    auto pair = wire.make();
    REQUIRE(pair);
    pair->other->send("first ");
    wait_rig().run([&] {
      std::array<std::byte, 3> some{};
      REQUIRE(pair->stream.read_exact(some));
      CHECK(as_text(some) == "fir");
      pair->other->send("second");
      static_cast<void>(sleep_for(milliseconds(5)));
    });
    std::array<std::byte, 9> rest{};
    REQUIRE(pair->stream.read_exact(rest));
    CHECK(as_text(rest) == "st second");
    pair->other.reset();
    const bool is_plain = std::string_view(wire.name) == "plain";
    CHECK(pair->stream.receive().error().kind ==
          (is_plain ? ErrorKind::closed : ErrorKind::truncated));
  }
}
