#include "cli/command_uploads.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::cli::command_uploads_test {

TEST_CASE("uploads takes an endpoint, and what to drop") {
  Arguments given{.command = "uploads", .words = {"tcp://a:1"}};
  given.options["--drop"] = "b";
  given.all["--drop"] = {"a", "b"};
  const auto options = read_uploads(given);
  REQUIRE(options);
  CHECK(options->common.endpoint == "tcp://a:1");
  CHECK(options->drops == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(options->drops_all);
}

TEST_CASE("one upload and all of them exclude each other") {
  Arguments given{.command = "uploads", .words = {"tcp://a:1"}};
  given.options = {{"--drop", "a"}, {"--drop-all", ""}};
  given.all["--drop"] = {"a"};
  const auto options = read_uploads(given);
  REQUIRE_FALSE(options);
  CHECK(options.error().message() == "--drop and --drop-all exclude each other");
}

}  // namespace hotline::cli::command_uploads_test
