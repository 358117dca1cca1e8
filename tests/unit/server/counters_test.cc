#include "hotline/server/counters.h"

#include <functional>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "support/on_each_word.h"
#include "support/sockets.h"

namespace hotline::counters_test {
namespace {

using std::chrono::microseconds;

void echo(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

Reply shout(const Message& message) { return Reply(std::string(as_text(message.bytes())) + "!"); }

/// Reads the counters until they are as wanted. What never is hangs until the test's time is over.
Counters wait_for(const Server& server, const std::function<bool(const Counters&)>& is_wanted) {
  for (;;) {
    const Counters counters = server.counters();
    if (is_wanted(counters)) return counters;
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("a duration lies in the range of its power of two in microseconds") {
  const auto range = [](Duration duration) { return DurationHistogram::range_of(duration); };
  CHECK(range(-microseconds(5)) == 0);
  CHECK(range(Duration::zero()) == 0);
  CHECK(range(std::chrono::nanoseconds(999)) == 0);
  CHECK(range(microseconds(1)) == 1);
  CHECK(range(microseconds(2)) == 2);
  CHECK(range(microseconds(3)) == 2);
  CHECK(range(microseconds(4)) == 3);
  CHECK(range(std::chrono::hours(1)) == 25);
  CHECK(range(kNoTimeout) == 25);
  for (std::size_t i = 0; i < 25; ++i) {
    const Duration bound = DurationHistogram::upper_bound_of(i);
    CHECK(range(bound) == i + 1);
    CHECK(range(bound - std::chrono::nanoseconds(1)) == i);
  }
  CHECK(DurationHistogram::upper_bound_of(25) == kNoTimeout);
}

TEST_CASE("a quantile is the upper bound of the range in which it lies") {
  DurationHistogram histogram;
  CHECK(histogram.quantile(0.5) == Duration::zero());
  histogram.counts[1] = 90;
  histogram.counts[10] = 9;
  histogram.counts[20] = 1;
  CHECK(histogram.total() == 100);
  CHECK(histogram.quantile(0) == microseconds(2));
  CHECK(histogram.quantile(0.5) == microseconds(2));
  CHECK(histogram.quantile(0.9) == microseconds(2));
  CHECK(histogram.quantile(0.91) == microseconds(1 << 10));
  CHECK(histogram.quantile(0.99) == microseconds(1 << 10));
  CHECK(histogram.quantile(1) == microseconds(1 << 20));
  CHECK(histogram.quantile(7) == microseconds(1 << 20));
}

TEST_CASE("counters are added member by member") {
  Counters one{.calls = 1,
               .calls_in_flight = 2,
               .messages = 3,
               .replies = 9,
               .error_replies = 10,
               .bytes_received = 4,
               .bytes_sent = 5,
               .handler_failures = 6};
  one.refused[0] = 7;
  one.latency.counts[3] = 8;
  Counters sum = one;
  sum += one;
  CHECK(sum.calls == 2);
  CHECK(sum.calls_in_flight == 4);
  CHECK(sum.messages == 6);
  CHECK(sum.replies == 18);
  CHECK(sum.error_replies == 20);
  CHECK(sum.bytes_received == 8);
  CHECK(sum.bytes_sent == 10);
  CHECK(sum.handler_failures == 12);
  CHECK(sum.refusals(Refusal::too_many_from_address) == 14);
  CHECK(sum.refusals() == 14);
  CHECK(sum.latency.total() == 16);
}

TEST_CASE("each reason of a refusal has a name of its own") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRefusalCount; ++i) names.insert(name_of(static_cast<Refusal>(i)));
  CHECK(names.size() == kRefusalCount);
  CHECK(name_of(Refusal::no_worker) == "no_worker");
}

TEST_CASE("calls are counted while they are under way, and after their end") {
  test::on_each_word([](const ServerOptions& options) {
    test::AddedServer running(options, [](Server& server) {
      REQUIRE(server.add("tcp://127.0.0.1:0", echo, "echo"));
      REQUIRE(server.add("tcp://127.0.0.1:0?framing=lines", shout, "shout"));
      CHECK(server.counters() == Counters());
    });
    {
      const UniqueFd caller = test::connect_tcp(running.endpoint().port());
      test::send_text(caller.get(), "hello");
      CHECK(test::receive_text(caller.get(), 5) == "hello");
      const Counters counters = running.server().counters();
      CHECK(counters.calls == 1);
      CHECK(counters.calls_in_flight == 1);
    }
    wait_for(running.server(), [](const Counters& now) { return now.calls_in_flight == 0; });
    const auto services = running.server().service_counters();
    REQUIRE(services.size() == 2);
    CHECK(services[0].name == "echo");
    CHECK(services[0].endpoint.port() == running.endpoint().port());
    CHECK(services[0].counters.calls == 1);
    CHECK(services[1].name == "shout");
    CHECK(services[1].counters == Counters());
  });
}

TEST_CASE("framed messages are counted with their bytes and those of their replies") {
  test::on_each_word([](const ServerOptions& options) {
    test::AddedServer running(options, [](Server& server) {
      REQUIRE(server.add("tcp://127.0.0.1:0?framing=lines", shout));
    });
    {
      const UniqueFd caller = test::connect_tcp(running.endpoint().port());
      for (int i = 0; i < 32; ++i) {
        test::send_text(caller.get(), "abc\n\n");
        CHECK(test::receive_text(caller.get(), 7) == "abc!\n!\n");
      }
      // Read in its midst, except that a child reports at its end.
      if (options.concurrency.kind != Concurrency::Kind::processes) {
        wait_for(running.server(), [](const Counters& now) { return now.messages == 64; });
      }
    }
    wait_for(running.server(), [](const Counters& now) { return now.calls_in_flight == 0; });
    const Counters counters = running.server().counters();
    CHECK(counters.messages == 64);
    CHECK(counters.bytes_received == 96);
    CHECK(counters.bytes_sent == 160);
    CHECK(counters.latency.total() >= 4);
    CHECK(counters.latency.total() <= 64);
    const DrainReport report = running.drain();
    CHECK(report.messages == 64);
    CHECK(report.calls == 1);
  });
}

TEST_CASE("datagrams are counted with their bytes and those of their replies") {
  test::on_each_word([](const ServerOptions& options) {
    test::AddedServer running(
        options, [](Server& server) { REQUIRE(server.add("udp://127.0.0.1:0", shout)); });
    auto client = connect_datagrams(running.endpoint());
    REQUIRE(client);
    for (int i = 0; i < 10; ++i) {
      REQUIRE(client->send({as_bytes("abc"), nullptr}));
      REQUIRE(client->receive(deadline_after(std::chrono::seconds(10))));
    }
    running.server().drain();
    CHECK(running.wait().messages == 10);
    const Counters counters = running.server().counters();
    CHECK(counters.messages == 10);
    CHECK(counters.bytes_received == 30);
    CHECK(counters.bytes_sent == 40);
    CHECK(counters.calls == 0);
  });
}

TEST_CASE("replies are counted, and those among them that are errors") {
  const auto judge = [](const Message& message) -> Reply {
    const std::string text = test::text_of(message);
    if (text == "mute") return {};
    return text == "bad" ? Reply("no").as_error() : Reply("yes");
  };
  const auto check = [](const Server& server, const DrainReport& report) {
    for (const Counters& each : {server.counters(), server.service_counters()[0].counters}) {
      CHECK(each.messages == 4);
      CHECK(each.replies == 3);
      CHECK(each.error_replies == 2);
    }
    CHECK(report.replies == 3);
    CHECK(report.error_replies == 2);
  };
  test::on_each_word([&](const ServerOptions& options) {
    test::AddedServer running(options, [&](Server& server) {
      REQUIRE(server.add("tcp://127.0.0.1:0?framing=lines", judge));
    });
    {
      const UniqueFd caller = test::connect_tcp(running.endpoint().port());
      test::send_text(caller.get(), "bad\nmute\ngood\nbad\n");
      CHECK(test::receive_text(caller.get(), 10) == "no\nyes\nno\n");
    }
    wait_for(running.server(), [](const Counters& now) { return now.calls_in_flight == 0; });
    const DrainReport report = running.drain();
    check(running.server(), report);
  });
  test::on_each_word([&](const ServerOptions& options) {
    test::AddedServer running(
        options, [&](Server& server) { REQUIRE(server.add("udp://127.0.0.1:0", judge)); });
    auto client = connect_datagrams(running.endpoint());
    REQUIRE(client);
    for (const char* text : {"mute", "bad", "good", "bad"}) {
      REQUIRE(client->send({as_bytes(text), nullptr}));
      if (text[0] == 'm') continue;
      REQUIRE(client->receive(deadline_after(std::chrono::seconds(10))));
    }
    const DrainReport report = running.drain();
    check(running.server(), report);
  });
}

TEST_CASE("a refused caller is counted by its reason, and failures of handlers are") {
  test::on_each_word([](const ServerOptions& options) {
    const auto refuse = [](Stream&) -> Result<Identity> {
      return fail(make_error(ErrorKind::permission_denied, "authenticate", {}, "no"));
    };
    test::AddedServer running(options, [&](Server& server) {
      REQUIRE(server.add("tcp://127.0.0.1:0", Handler(echo).authenticate(refuse)));
      REQUIRE(server.add("tcp://127.0.0.1:0", [](Stream&) { throw 1; }));
    });
    const UniqueFd refused = test::connect_tcp(running.endpoint().port());
    CHECK(test::is_reset(refused.get()));
    const UniqueFd failed = test::connect_tcp(running.server().services().back().endpoint.port());
    CHECK(test::is_reset(failed.get()));
    wait_for(running.server(), [](const Counters& now) { return now.calls_in_flight == 0; });
    const auto services = running.server().service_counters();
    CHECK(services[0].counters.refusals(Refusal::not_authenticated) == 1);
    CHECK(services[0].counters.refusals() == 1);
    CHECK(services[0].counters.handler_failures == 0);
    CHECK(services[1].counters.refusals() == 0);
    CHECK(services[1].counters.handler_failures == 1);
  });
}

}  // namespace hotline::counters_test
