#include "server/service.h"

#include <unistd.h>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/running_server.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::server::service_test {
namespace {

void ignore_stream(Stream&) {}
Reply ignore_message(const Message&) { return {}; }

Service service_at(const std::string& uri) {
  Service service;
  service.wanted = *Endpoint::parse(uri);
  service.handler = Handler(ignore_stream).also(ignore_message);
  return service;
}

}  // namespace

TEST_CASE("a service is bound once for each loop, on one port") {
  Service stream = service_at("tcp://127.0.0.1:0");
  REQUIRE(bind_service(stream, {}, 3));
  CHECK(stream.listeners.size() == 3);
  CHECK(stream.sockets.empty());
  CHECK(stream.bound.port() != 0);
  for (const Listener& each : stream.listeners)
    CHECK(each.endpoint().port() == stream.bound.port());
  Service datagram = service_at("udp://127.0.0.1:0");
  REQUIRE(bind_service(datagram, {}, 3));
  CHECK(datagram.sockets.size() == 3);
  CHECK(datagram.listeners.empty());
}

TEST_CASE("without loops a service is bound once") {
  for (const char* uri : {"tcp://127.0.0.1:0", "udp://127.0.0.1:0"}) {
    Service service = service_at(uri);
    REQUIRE(bind_service(service, {}, 0));
    CHECK(service.listeners.size() + service.sockets.size() == 1);
  }
}

TEST_CASE("a UNIX listener is shared by the loops, and UNIX datagrams go to the first") {
  const test::TemporaryDirectory directory;
  Service stream = service_at("unix://" + directory.file("s"));
  REQUIRE(bind_service(stream, {}, 2));
  CHECK(stream.listeners.size() == 2);
  Service datagram = service_at("unixgram://" + directory.file("d"));
  REQUIRE(bind_service(datagram, {}, 2));
  CHECK(datagram.sockets.size() == 1);
}

TEST_CASE("a second run of the same program finds the port in use, shared or not") {
  for (const char* uri : {"tcp://127.0.0.1:0", "udp://127.0.0.1:0"}) {
    for (const std::size_t loops : {0U, 1U, 2U}) {
      Service first = service_at(uri);
      REQUIRE(bind_service(first, {}, loops));
      Service second = service_at(first.bound.to_uri());
      CHECK(test::kind_of(bind_service(second, {}, 2)) == "address_in_use");
      CHECK(test::kind_of(bind_service(second, {}, 0)) == "address_in_use");
    }
  }
}

TEST_CASE("an inherited socket is used as the kind that the handler can serve") {
  const auto [listening, port] = test::tcp_listener();
  Service stream = service_at("fd:" + std::to_string(listening.get()));
  REQUIRE(bind_service(stream, {}, 2));
  CHECK(stream.listeners.size() == 2);
  CHECK(stream.bound.port() == port);
  const auto socket = bind_datagrams(*Endpoint::parse("udp://127.0.0.1:0"));
  REQUIRE(socket);
  Service datagram = service_at("fd:" + std::to_string(socket->descriptor()));
  REQUIRE(bind_service(datagram, {}, 2));
  CHECK(datagram.sockets.size() == 1);
  Service neither = service_at("fd:9999");
  CHECK(test::kind_of(bind_service(neither, {}, 2)) == "invalid_argument");
}

TEST_CASE("threads and processes have room for as many calls as there are of them") {
  for (const char* word : {"threads:1", "processes:1"}) {
    ServerState shared(test::options_for(word));
    CHECK(shared.admission.take_room());
  }
}

TEST_CASE("one call begins if one is wanted, otherwise any number") {
  ServerOptions options;
  ServerState unlimited(options);
  for (int i = 0; i < 3; ++i) CHECK(unlimited.begin_call());
  options.calls = CallCount::one;
  ServerState one(options);
  int drained = 0;
  one.drain_server = [&] { ++drained; };
  CHECK(one.begin_call());
  CHECK_FALSE(one.begin_call());
  one.note_call_done();
  CHECK(drained == 1);
}

TEST_CASE("a call that comes to nothing is not the one that was wanted") {
  ServerOptions options;
  options.calls = CallCount::one;
  ServerState one(options);
  int drained = 0;
  one.drain_server = [&] { ++drained; };
  {
    OnlyCall in_vain;
    CHECK(in_vain.begin(one));
    OnlyCall second;
    CHECK_FALSE(second.begin(one));
  }
  CHECK(drained == 0);
  {
    OnlyCall only;
    CHECK(only.begin(one));
    only.end();
  }
  CHECK(drained == 1);
  CHECK_FALSE(OnlyCall().begin(one));
}

TEST_CASE("a call that is kept ends elsewhere, and if any number is wanted all may begin") {
  ServerOptions options;
  ServerState unlimited(options);
  OnlyCall any;
  CHECK(any.begin(unlimited));
  CHECK(OnlyCall().begin(unlimited));
  options.calls = CallCount::one;
  ServerState one(options);
  one.drain_server = [] {};
  {
    OnlyCall kept;
    CHECK(kept.begin(one));
    kept.keep();
  }
  CHECK_FALSE(OnlyCall().begin(one));
}

TEST_CASE("a log that does not want a level is not written to") {
  struct Picky final : LogSink {
    void write(const LogRecord& record) noexcept override { last = record.message; }
    bool wants(LogLevel level) const noexcept override { return level >= LogLevel::warning; }
    std::string last;
  };
  Picky log;
  ServerOptions options;
  options.log = &log;
  const ServerState shared(options);
  shared.log(LogLevel::info, "unwanted", "s", nullptr);
  CHECK(log.last.empty());
  shared.log(LogLevel::error, "wanted", "s", nullptr);
  CHECK(log.last == "wanted");
  ServerState(ServerOptions()).log(LogLevel::error, "to nobody", "s", nullptr);
}

TEST_CASE("a handler for this machine only is bound nowhere else, and the error gives advice") {
  for (const char* uri : {"tcp://0.0.0.0:0", "tcp://:0"}) {
    Service service = service_at(uri);
    service.handler.only_local();
    const auto bound = bind_service(service, {}, 1);
    REQUIRE_FALSE(bound);
    CHECK(bound.error().kind == ErrorKind::permission_denied);
    CHECK(bound.error().hint() == "listen on tls://, or on 127.0.0.1, ::1 or unix:");
    Service advised = service_at(uri);
    advised.handler.only_local("say --please");
    CHECK(bind_service(advised, {}, 1).error().hint() == "say --please");
  }
  Service service = service_at("tcp://127.0.0.1:0");
  service.handler.only_local();
  CHECK(bind_service(service, {}, 1));
}

}  // namespace hotline::server::service_test
