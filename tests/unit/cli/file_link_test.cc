#include "cli/file_link.h"

#include <string>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::cli::file_link_test {
namespace {

struct Attempt {
  FileResult<FileQuota> result;
  bool was_called;
  bool has_connected;
};

Attempt attempt(const std::string& uri) {
  std::optional<Attempt> made;
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    FileLink link({.uri = uri, .home = {}, .form = OutputForm::json});
    bool was_called = false;
    auto result = link.perform<FileQuota>([&](FileClient& client) {
      was_called = true;
      return client.quota();
    });
    made.emplace(Attempt{std::move(result), was_called, link.has_connected()});
    link.finish();
  });
  return *std::move(made);
}

}  // namespace

TEST_CASE("without a server the first connection is tried once, however long others would be") {
  const test::TemporaryDirectory directory;
  const Attempt made = attempt("unix://" + directory.file("none"));
  REQUIRE_FALSE(made.result);
  CHECK_FALSE(made.result.error().is_retryable);
  CHECK_FALSE(made.was_called);
  CHECK_FALSE(made.has_connected);
}

TEST_CASE("a word that does not name an endpoint is refused with a hint") {
  const Attempt made = attempt("files.example.org");
  REQUIRE_FALSE(made.result);
  CHECK(made.result.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(made.result.error().advice.empty());
  CHECK_FALSE(made.was_called);
}

}  // namespace hotline::cli::file_link_test
