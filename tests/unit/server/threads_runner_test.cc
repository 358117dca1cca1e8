#include "server/threads_runner.h"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/offload.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/sockets.h"

namespace hotline::threads_runner_test {
namespace {

void send_and_check(const UniqueFd& caller, std::string_view text) {
  test::send_text(caller.get(), text);
  CHECK(test::receive_text(caller.get(), text.size()) == text);
}

void echo(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

}  // namespace

TEST_CASE("serial serves one caller after another; the next waits") {
  std::atomic<int> inside = 0;
  std::atomic<int> inside_max = 0;
  test::RunningServer running(test::options_for("serial"), "tcp://127.0.0.1:0", [&](Stream& call) {
    inside_max = std::max<int>(inside_max, ++inside);
    echo(call);
    --inside;
  });
  std::vector<UniqueFd> callers;
  for (int i = 0; i < 5; ++i) callers.push_back(test::connect_tcp(running.port()));
  for (UniqueFd& caller : callers) {
    send_and_check(caller, "hello");
    caller.reset();
  }
  CHECK(running.drain().calls == 5);
  CHECK(inside_max == 1);
}

TEST_CASE("threads serve as many callers at once as there are threads") {
  test::RunningServer running(test::options_for("threads:2"), "tcp://127.0.0.1:0", echo);
  const UniqueFd one = test::connect_tcp(running.port());
  UniqueFd other = test::connect_tcp(running.port());
  send_and_check(one, "one");
  send_and_check(other, "other");
  const UniqueFd third = test::connect_tcp(running.port());
  test::send_text(third.get(), "third");
  send_and_check(one, "still one");
  other.reset();
  CHECK(test::receive_text(third.get(), 5) == "third");
  CHECK(running.drain().calls == 3);
}

TEST_CASE("the threads of a server run offloaded work on one pool") {
  ServerOptions options = test::options_for("threads:4");
  options.loop.offload.threads_max = 1;
  std::mutex mutex;
  std::set<std::thread::id> pool_threads;
  test::RunningServer running(options, "tcp://127.0.0.1:0", [&](Stream& call) {
    const auto pool_thread = offload([] { return std::this_thread::get_id(); });
    {
      const std::lock_guard lock(mutex);
      if (pool_thread) pool_threads.insert(*pool_thread);
    }
    echo(call);
  });
  std::vector<UniqueFd> callers;
  for (int i = 0; i < 4; ++i) callers.push_back(test::connect_tcp(running.port()));
  for (const UniqueFd& caller : callers) send_and_check(caller, "hello");
  callers.clear();
  CHECK(running.drain().calls == 4);
  CHECK(pool_threads.size() == 1);
}

TEST_CASE("a thousand short calls leave no thread and no descriptor") {
  const std::size_t before = test::open_descriptors();
  {
    test::RunningServer running(test::options_for("threads:8"), "tcp://127.0.0.1:0", echo);
    for (int i = 0; i < 300; ++i) send_and_check(test::connect_tcp(running.port()), "x");
    CHECK(running.drain().calls == 300);
  }
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("a cut interrupts any wait of a handler, its task groups too") {
  ServerOptions options = test::options_for("threads:2");
  test::RunningServer running(options, "tcp://127.0.0.1:0", [](Stream& call) {
    CHECK(call.write_all(as_bytes("begun")));
    TaskGroup group;
    CHECK(group.spawn("sleeper", [] { static_cast<void>(sleep_for(std::chrono::seconds(5))); }));
    static_cast<void>(group.join());
  });
  const UniqueFd caller = test::connect_tcp(running.port());
  CHECK(test::receive_text(caller.get(), 5) == "begun");
  const Instant before = std::chrono::steady_clock::now();
  running.server().cut();
  running.wait();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(4));
}

TEST_CASE("datagrams are served by several threads, each message once") {
  test::RunningServer running(test::options_for("threads:2"), "udp://127.0.0.1:0",
                              [](const Message& message) { return Reply::in_place(message); });
  auto client = connect_datagrams(running.endpoint());
  REQUIRE(client);
  std::set<std::string> replies;
  for (int i = 0; i < 50; ++i) {
    REQUIRE(client->send({as_bytes(std::to_string(i)), nullptr}));
    const auto reply = client->receive(deadline_after(std::chrono::seconds(10)));
    REQUIRE(reply);
    CHECK(replies.emplace(as_text(reply->bytes)).second);
  }
  CHECK(running.drain().messages == 50);
}

TEST_CASE("the log says that datagrams have fewer threads than asked") {
  const auto echo_message = [](const Message& message) { return Reply::in_place(message); };
  for (const char* word : {"threads:4096", "threads:1", "serial"}) {
    for (const char* uri : {"udp://127.0.0.1:0", "tcp://127.0.0.1:0?framing=lines"}) {
      CAPTURE(word);
      CAPTURE(uri);
      test::CollectingLog log;
      ServerOptions options = test::options_for(word);
      options.log = &log;
      test::RunningServer running(options, uri, echo_message);
      running.drain();
      const bool is_capped =
          std::string_view(word) == "threads:4096" && std::string_view(uri).starts_with("udp");
      CHECK(log.has("datagrams are answered by fewer threads") == is_capped);
    }
  }
}

TEST_CASE("a handler that takes the socket itself returns when draining") {
  test::RunningServer running(test::options_for("threads:1"), "udp://127.0.0.1:0",
                              [](DatagramSocket& socket) {
                                while (const auto datagram = socket.receive()) {
                                  CHECK(socket.send({datagram->bytes, datagram->route}));
                                  CHECK(socket.send({datagram->bytes, datagram->route}));
                                }
                              });
  auto client = connect_datagrams(running.endpoint());
  REQUIRE(client);
  REQUIRE(client->send({as_bytes("twice"), nullptr}));
  for (int i = 0; i < 2; ++i) {
    const auto reply = client->receive(deadline_after(std::chrono::seconds(10)));
    REQUIRE(reply);
    CHECK(as_text(reply->bytes) == "twice");
  }
  running.drain();
}

}  // namespace hotline::threads_runner_test
