#include "services/file_call.h"

#include <string>

#include <doctest/doctest.h>

#include "support/served_file.h"

namespace hotline::file_call_test {
namespace {

using services::FileCall;
using test::file_path;
using test::FilePair;
using test::ServedFile;
using test::together;

TEST_CASE("a request that is dropped is cancelled at the server") {
  FilePair pair;
  together(
      [&] {
        const auto call = FileCall::begin({pair.client.session(), pair.client.peer()},
                                          StatFile{file_path("a")}, Deadline::never());
        CHECK(call);
      },
      [&] {
        ServedFile served(pair.server);
        CHECK_FALSE(served.stream.wait_cut());
        CHECK(served.stream.reset_by_peer()->code == ResetCode::cancelled);
      });
}

TEST_CASE("a reply that is complete is a success, also if the connection breaks after it") {
  FilePair pair;
  together([&] { CHECK(pair.client.quota()); },
           [&] {
             ServedFile served(pair.server);
             served.send(FileQuota{});
             pair.server.break_off(SessionCode::internal, "the test ends it");
           });
}

TEST_CASE("a connection to another service says so") {
  auto streams = test::connected_streams();
  FileClient client = FileClient::open(std::move(streams.first)).value();
  Session other =
      Session::start(std::move(streams.second), SessionRole::server, test::pair_options()).value();
  const auto quota = client.quota();
  REQUIRE_FALSE(quota);
  CHECK(quota.error().message().find("another protocol") != std::string::npos);
  CHECK_FALSE(quota.error().is_retryable);
}

TEST_CASE("an error without words has those of its kind, after the path") {
  FilePair pair;
  const auto call = FileCall::begin({pair.client.session(), pair.client.peer()},
                                    StatFile{file_path("a")}, Deadline::never());
  REQUIRE(call);
  CHECK(call->named(make_error(ErrorKind::timed_out, {}, {}, {})).message() ==
        "cannot look at a file of " + pair.client.peer() + ": 'a': timed out");
}

}  // namespace
}  // namespace hotline::file_call_test
