#include "server/caller_source.h"

#include <unistd.h>

#include <string>

#include <doctest/doctest.h>

#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "support/loops.h"

namespace hotline::server::caller_source_test {
namespace {

std::string source(const std::string& host, int port = 1) {
  return source_of(Endpoint::parse("tcp://" + host + ":" + std::to_string(port)).value());
}

std::string source_of_caller(const std::string& uri) {
  Listener listener = listen(uri).value();
  const Stream caller = connect(listener.endpoint().to_string()).value();
  return source_of(listener.accept().value());
}

}  // namespace

TEST_CASE("an IPv4 address is one source, whatever the port") {
  CHECK(source("192.0.2.1") == source("192.0.2.1", 2));
  CHECK(source("192.0.2.1") != source("192.0.2.2"));
}

TEST_CASE("an IPv6 network of 64 bits is one source") {
  CHECK(source("[2001:db8:0:1::1]") == source("[2001:db8:0:1:ffff:ffff:ffff:ffff]", 2));
  CHECK(source("[2001:db8:0:1::1]") != source("[2001:db8:0:2::1]"));
  CHECK(source("[fe80::1%lo]") == source("[fe80::2%lo]"));
  CHECK(source("[::1]") != source("127.0.0.1"));
}

TEST_CASE("the source of a call is its address, and at a UNIX socket its user") {
  test::on_each_engine([] {
    CHECK(source_of_caller("tcp://127.0.0.1:0") == "127.0.0.1");
    CHECK(source_of_caller("unix:@hotline-source-" + std::to_string(::getpid())) ==
          "uid:" + std::to_string(::geteuid()));
  });
}

}  // namespace hotline::server::caller_source_test
