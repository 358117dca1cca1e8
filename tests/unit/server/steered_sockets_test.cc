#include "server/steered_sockets.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/launched.h"
#include "support/loops.h"
#include "support/on_each_word.h"
#include "support/running_server.h"
#include "support/temporary_directory.h"

namespace hotline::server::steered_sockets_test {
namespace {

using test::must;

constexpr const char* kUnsteered = "one loop, thread or process answers all datagrams";

/// Answers each datagram with the number of this call of the handler.
Handler numbered() {
  const auto count = std::make_shared<std::atomic<int>>(0);
  return Handler([count](DatagramSocket& socket) {
    const std::string number = std::to_string(::getpid()) + ':' + std::to_string(++*count);
    while (const auto datagram = socket.receive()) {
      static_cast<void>(socket.send({as_bytes(number), datagram->route}));
    }
  });
}

Handler steered() { return numbered().steer_by_source(); }

std::string ask(DatagramSocket& client) {
  REQUIRE(client.send({as_bytes("x")}));
  const auto reply = client.receive(deadline_after(std::chrono::seconds(10)));
  return reply ? std::string(as_text(reply->bytes)) : test::kind_of(reply);
}

/// Asks from several ports of each of 20 addresses. Returns the calls that each has reached.
std::map<std::string, std::set<std::string>> ask_from_many(std::uint16_t port) {
  std::map<std::string, std::set<std::string>> answered;
  for (int i = 1; i <= 20; ++i) {
    const std::string source = "127.0.0." + std::to_string(i);
    for (int j = 0; j < 4; ++j) {
      const std::string uri = "udp://127.0.0.1:" + std::to_string(port);
      auto client = connect_datagrams(uri + "?source=" + source);
      REQUIRE(client);
      answered[source].insert(ask(*client));
    }
  }
  return answered;
}

Service service_at(const std::string& uri) {
  Service service;
  service.wanted = *Endpoint::parse(uri);
  service.handler = steered();
  return service;
}

/// From now on setsockopt(2) with SO_ATTACH_REUSEPORT_CBPF fails in this process, as before Linux
/// 4.5.
void forbid_steering() {
  std::array<sock_filter, 6> steps{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 0, 3),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SO_ATTACH_REUSEPORT_CBPF, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOPROTOOPT),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{steps.size(), steps.data()};
  must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  must(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
}

}  // namespace

TEST_CASE("under each word, all datagrams of one source reach the same call of the handler") {
  test::on_each_word(
      [](const ServerOptions& options) {
        test::RunningServer running(options, "udp://127.0.0.1:0", steered());
        for (const auto& [source, calls] : ask_from_many(running.port())) {
          CAPTURE(source);
          CHECK(calls.size() == 1);
        }
        CHECK(running.drain().handler_failures == 0);
      },
      {"serial", "threads:4", "processes:4", "loops:1", "loops:3"});
}

TEST_CASE("the sources are spread over the loops") {
  test::RunningServer running(test::options_for("loops:3"), "udp://127.0.0.1:0", steered());
  std::set<std::string> used;
  for (const auto& [source, calls] : ask_from_many(running.port())) {
    used.insert(calls.begin(), calls.end());
  }
  CHECK(used.size() == 3);
}

TEST_CASE("without the request, one source reaches several loops") {
  test::RunningServer running(test::options_for("loops:3"), "udp://127.0.0.1:0", numbered());
  std::set<std::string> used;
  for (int i = 0; i < 100 && used.size() < 2; ++i) {
    auto client = connect_datagrams(running.endpoint());
    REQUIRE(client);
    used.insert(ask(*client));
  }
  CHECK(used.size() > 1);
}

TEST_CASE("a service has as many steered sockets as loops or threads that answer") {
  const struct {
    const char* word;
    std::size_t sockets;
  } kRows[] = {{"serial", 1}, {"loops:1", 1}, {"loops:5", 5}, {"threads:1", 1}, {"processes:3", 1}};
  for (const auto& row : kRows) {
    CAPTURE(row.word);
    const ServerOptions options = test::options_for(row.word);
    Service service = service_at("udp://127.0.0.1:0");
    REQUIRE(bind_service(service, options, 9));
    CHECK(service.sockets.size() == row.sockets);
    for (const DatagramSocket& each : service.sockets) {
      CHECK(each.endpoint().port() == service.bound.port());
    }
  }
}

TEST_CASE("where datagrams cannot be steered, one socket takes them all, and the log says why") {
  const test::TemporaryDirectory directory;
  const struct {
    std::string uri;
    const char* word;
    const char* why;
  } kRows[] = {{"unixgram://" + directory.file("s"), "loops:3", "UDP port"},
               {"unixgram://" + directory.file("t"), "loops:1", nullptr},
               {"udp://127.0.0.1:0", "processes:3", "processes share one socket"},
               {"udp://127.0.0.1:0", "processes:1", nullptr},
               {"udp://127.0.0.1:0", "serial", nullptr},
               {"udp://127.0.0.1:0", "loops:3", nullptr}};
  for (const auto& row : kRows) {
    CAPTURE(row.uri);
    CAPTURE(row.word);
    test::CollectingLog log;
    ServerOptions options = test::options_for(row.word);
    options.log = &log;
    Service service = service_at(row.uri);
    REQUIRE(bind_service(service, options, 3));
    CHECK(log.has(kUnsteered) == (row.why != nullptr));
    if (row.why != nullptr) CHECK(log.has_detail(row.why));
    CHECK(log.count(LogLevel::warning) == 0);
  }
}

TEST_CASE("a kernel that cannot steer gets one socket, which one loop or thread serves") {
  const auto report = test::in_child_process([] {
    forbid_steering();
    for (const char* word : {"loops:3", "threads:4"}) {
      test::CollectingLog log;
      ServerOptions options = test::options_for(word);
      options.log = &log;
      Service service = service_at("udp://127.0.0.1:0");
      must(bind_service(service, options, 3).has_value(), "not bound");
      must(service.sockets.size() == 1, "several sockets");
      must(log.has(kUnsteered), "not in the log");
      must(log.has_detail("the kernel cannot choose"), "no reason in the log");
      test::RunningServer running(options, "udp://127.0.0.1:0", steered());
      for (const auto& [source, calls] : ask_from_many(running.port())) {
        must(calls.size() == 1, "several calls");
      }
    }
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("datagrams that came to a socket before it was bound with others are dropped") {
  test::on_each_engine([] {
    auto socket = bind_datagrams("udp://127.0.0.1:0");
    REQUIRE(socket);
    auto client = connect_datagrams(socket->endpoint());
    REQUIRE(client);
    for (int i = 0; i < 200; ++i) REQUIRE(client->send({as_bytes("early")}));
    auto service = make_service(std::move(*socket), steered(), "given");
    REQUIRE(service);
    service->was_given_bound = true;
    REQUIRE(bind_service(*service, test::options_for("loops:2"), 2));
    CHECK(service->sockets.size() == 2);
    for (DatagramSocket& each : service->sockets) {
      CHECK(test::kind_of(each.receive(Deadline::at(now()))) == "timed_out");
    }
  });
}

}  // namespace hotline::server::steered_sockets_test
