#include "server/handler_failure.h"

#include <new>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "support/running_server.h"

namespace hotline::server::handler_failure_test {

TEST_CASE("what a part throws is given on as text, whatever its type") {
  std::string told;
  const auto report = [&](const char* what) { told = what; };
  CHECK(comes_back([] {}, report));
  CHECK(told.empty());
  CHECK_FALSE(comes_back([] { throw std::runtime_error("as asked"); }, report));
  CHECK(told == "as asked");
  CHECK_FALSE(comes_back([] { throw 1; }, report));
  CHECK(told == "an exception of unknown type");
}

TEST_CASE("a failure is counted, and logged with the peer if there is one") {
  test::CollectingLog log;
  ServerOptions options;
  options.log = &log;
  const ServerState shared(options);
  Tally tally;
  const Endpoint peer = *Endpoint::parse("tcp://127.0.0.1:9");
  report_throw(shared, tally, "test", "it failed", &peer, "of one");
  report_throw(shared, tally, "test", "it failed", nullptr, "of nobody");
  CHECK(tally.handler_failures == 2);
  CHECK(log.count(LogLevel::error) == 2);
  CHECK(log.has("it failed"));
  CHECK(log.has_detail("of one"));
  CHECK(log.has_detail("of nobody"));
}

TEST_CASE("a lack of memory in a handler is distinguished from the server's own") {
  CHECK(as_handler([] { return 5; }) == 5);
  CHECK_THROWS_AS(as_handler([] { throw std::bad_alloc(); }), HandlerFoundNoMemory);
  CHECK_THROWS_AS(as_handler([] { throw std::runtime_error("other"); }), std::runtime_error);
  std::string told;
  const auto report = [&](const char* what) { told = what; };
  CHECK_FALSE(comes_back([] { as_handler([] { throw std::bad_alloc(); }); }, report));
  CHECK(told == "std::bad_alloc");
}

}  // namespace hotline::server::handler_failure_test
