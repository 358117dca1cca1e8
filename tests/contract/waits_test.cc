#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "contract/row.h"
#include "contract/server_process.h"
#include "engine/blocking/blocking_engine.h"
#include "engine/event_loop.h"
#include "engine/operations/read_write.h"
#include "engine/operations/wait_process.h"
#include "engine/operations/wait_ready.h"
#include "engine/semaphore.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/offload.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"

using namespace hotline;
using contract::row;
using engine::Channel;
using engine::Engine;
using std::chrono::milliseconds;

namespace {

/// A wait that cannot end by itself, and what must stay alive for it.
using Wait = std::function<ErrorKind()>;

template <typename T>
ErrorKind kind_of(const Result<T>& result) {
  return result ? ErrorKind::none : result.error().kind;
}

ErrorKind kind_of_code(int result) {
  return result >= 0 ? ErrorKind::none : engine::operation_error(result, "wait").kind;
}

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    stream.emplace(Stream::over(std::make_unique<Channel>(UniqueFd(ends[0])), Endpoint{}, {}));
    other.reset(ends[1]);
  }
  std::optional<Stream> stream;
  UniqueFd other;
};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    read_end = std::make_unique<Channel>(UniqueFd(ends[0]));
    write_end = std::make_unique<Channel>(UniqueFd(ends[1]));
  }
  std::unique_ptr<Channel> read_end;
  std::unique_ptr<Channel> write_end;
};

void fill(int fd) {
  const std::string chunk(4096, 'x');
  while (::write(fd, chunk.data(), chunk.size()) > 0) {
  }
}

ErrorKind wait_to_receive() {
  Pair pair;
  return kind_of(pair.stream->receive());
}

ErrorKind wait_to_read_some() {
  Pair pair;
  std::array<std::byte, 8> bytes{};
  return kind_of(pair.stream->read_some(bytes));
}

ErrorKind wait_to_send() {
  Pair pair;
  const std::string bulk(8 * 1024 * 1024, 'x');
  return kind_of(pair.stream->write_all(as_bytes(bulk)));
}

ErrorKind wait_to_send_pieces() {
  Pair pair;
  const std::string bulk(8 * 1024 * 1024, 'x');
  const std::array pieces{as_bytes(bulk), as_bytes(bulk)};
  return kind_of(pair.stream->write_all(pieces));
}

ErrorKind wait_to_accept() {
  auto listener = listen("tcp://127.0.0.1:0");
  REQUIRE(listener);
  return kind_of(listener->accept());
}

ErrorKind wait_to_connect() {
  // A UNIX listener whose backlog is full keeps its callers waiting.
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

ErrorKind wait_to_receive_datagrams() {
  auto socket = bind_datagrams(*Endpoint::parse("udp://127.0.0.1:0"));
  REQUIRE(socket);
  return kind_of(socket->receive());
}

ErrorKind wait_for_time() { return kind_of(sleep_for(std::chrono::hours(1))); }

ErrorKind wait_until_ready() {
  Pipe pipe;
  engine::WaitReady wait(*pipe.read_end, engine::Direction::read);
  return kind_of_code(Engine::current().perform(wait, Deadline::never()));
}

ErrorKind wait_to_read() {
  Pipe pipe;
  std::array<std::byte, 8> bytes{};
  engine::Read read(*pipe.read_end, bytes);
  return kind_of_code(Engine::current().perform(read, Deadline::never()));
}

ErrorKind wait_to_write() {
  Pipe pipe;
  fill(pipe.write_end->fd());
  engine::Write write(*pipe.write_end, as_bytes("more"));
  return kind_of_code(Engine::current().perform(write, Deadline::never()));
}

ErrorKind wait_for_process() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  Channel pidfd(UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))));
  engine::WaitProcess wait(pidfd);
  const int result = Engine::current().perform(wait, Deadline::never());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return kind_of_code(result);
}

ErrorKind wait_for_work() {
  auto release = std::make_shared<std::promise<void>>();
  auto released = std::make_shared<std::future<void>>(release->get_future());
  const auto result = offload_work([released] { released->wait(); });
  release->set_value();
  return kind_of(result);
}

ErrorKind wait_for_room() {
  engine::Semaphore none(0);
  return kind_of(none.acquire());
}

ErrorKind wait_for_a_group() {
  ErrorKind kind = ErrorKind::none;
  TaskGroup group;
  REQUIRE(group.spawn("sleeper", [&] { kind = kind_of(sleep_for(std::chrono::hours(1))); }));
  const auto joined = group.join();
  return joined ? kind : kind_of(joined);
}

struct Kind {
  const char* name;
  ErrorKind (*wait)();
};

constexpr Kind kKinds[] = {
    {"receive", wait_to_receive},
    {"read some", wait_to_read_some},
    {"send", wait_to_send},
    {"send pieces", wait_to_send_pieces},
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
    {"join", wait_for_a_group},
};

/// Runs `body` as a call of the row would run: on a fiber of its engine, or on a thread with a
/// blocking one.
void run_in_row(const std::function<void()>& body) {
  if (row().is_loops()) {
    auto loop = engine::make_event_loop({.engine = row().engine});
    REQUIRE(loop);
    (*loop)->spawn("contract", [&] { body(); });
    (*loop)->run();
    return;
  }
  engine::Interrupter interrupter;
  const engine::BlockingEngine::Interruptible engine(interrupter);
  body();
}

/// Runs `wait` and cancels it after `delay`.
ErrorKind cancel_after(milliseconds delay, ErrorKind (*wait)()) {
  ErrorKind kind = ErrorKind::none;
  if (row().is_loops()) {
    run_in_row([&] {
      TaskGroup group;
      REQUIRE(group.spawn("waiter", [&] { kind = wait(); }));
      static_cast<void>(sleep_for(delay));
      group.cancel();
      static_cast<void>(group.join());
    });
    return kind;
  }
  engine::Interrupter interrupter;
  std::thread waiter([&] {
    const engine::BlockingEngine::Interruptible engine(interrupter);
    kind = wait();
  });
  std::this_thread::sleep_for(delay);
  interrupter.cancel();
  waiter.join();
  return kind;
}

}  // namespace

TEST_CASE("A deadline ends every kind of wait") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    run_in_row([&] {
      const DeadlineScope scope(deadline_after(milliseconds(15)));
      CHECK(kind.wait() == ErrorKind::timed_out);
    });
  }
}

TEST_CASE("A deadline that has passed already ends every kind of wait at once") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    run_in_row([&] {
      const DeadlineScope scope(Deadline::at(now()));
      CHECK(kind.wait() == ErrorKind::timed_out);
    });
  }
}

TEST_CASE("The earliest of nested deadlines ends the wait, and the outer one stays in force") {
  run_in_row([] {
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
    CHECK(cancel_after(milliseconds(10), kind.wait) == ErrorKind::cancelled);
  }
}

TEST_CASE("A cancel that comes before the wait ends it before it has begun") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    CHECK(cancel_after(milliseconds(0), kind.wait) == ErrorKind::cancelled);
  }
}

TEST_CASE("Bytes that race a deadline arrive in that receive or the next, never in none") {
  constexpr int kRounds = 300;
  run_in_row([] {
    Pair pair;
    for (int i = 0; i < kRounds; ++i) {
      const auto delay = std::chrono::microseconds(200 + i % 20 * 10);
      std::thread sender([&] {
        std::this_thread::sleep_for(std::chrono::microseconds(250));
        REQUIRE(::write(pair.other.get(), "x", 1) == 1);
      });
      Result<MutableBytes> received = fail(Error{});
      {
        const DeadlineScope scope(deadline_after(delay));
        received = pair.stream->receive();
      }
      sender.join();
      if (!received) {
        CHECK(received.error().kind == ErrorKind::timed_out);
        received = pair.stream->receive();
      }
      REQUIRE(received);
      CHECK(as_text(*received) == "x");
    }
  });
}

TEST_CASE("A caller who races a deadline is accepted then or next, never lost") {
  constexpr int kRounds = 200;
  run_in_row([] {
    auto listener = listen("tcp://127.0.0.1:0");
    REQUIRE(listener);
    for (int i = 0; i < kRounds; ++i) {
      std::thread caller([endpoint = listener->endpoint(), i] {
        std::this_thread::sleep_for(std::chrono::microseconds(i % 20 * 10));
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
  for (const bool is_writer : {false, true}) {
    for (const bool is_abort : {false, true}) {
      CAPTURE(is_writer);
      CAPTURE(is_abort);
      run_in_row([&] {
        Pair pair;
        const std::string bulk(8 * 1024 * 1024, 'x');
        ErrorKind kind = ErrorKind::none;
        TaskGroup group;
        REQUIRE(group.spawn("waiter", [&] {
          kind = is_writer ? kind_of(pair.stream->write_all(as_bytes(bulk)))
                           : kind_of(pair.stream->receive());
        }));
        static_cast<void>(sleep_for(milliseconds(5)));
        if (is_abort) {
          pair.stream->abort();
        } else {
          pair.stream->close();
        }
        REQUIRE(group.join());
        // A write that was cut short in the midst tries to go on, on a descriptor that is gone.
        CHECK((kind == ErrorKind::cancelled || (is_writer && kind == ErrorKind::invalid_argument)));
      });
    }
  }
}

TEST_CASE("A stream that a loop has used keeps its bytes when a thread goes on with it") {
  if (!row().is_loops()) return;
  Pair pair;
  REQUIRE(::write(pair.other.get(), "first ", 6) == 6);
  run_in_row([&] {
    std::array<std::byte, 3> some{};
    REQUIRE(pair.stream->read_exact(some));
    CHECK(as_text(some) == "fir");
    REQUIRE(::write(pair.other.get(), "second", 6) == 6);
    static_cast<void>(sleep_for(milliseconds(5)));
  });
  std::array<std::byte, 9> rest{};
  REQUIRE(pair.stream->read_exact(rest));
  CHECK(as_text(rest) == "st second");
  pair.other.reset();
  CHECK(pair.stream->receive().error().kind == ErrorKind::closed);
}
