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

TEST_CASE("32 hexadecimal digits are a key, and nothing else is") {
  CHECK(is_upload_key("0123456789abcdef0123456789abcdef"));
  for (const char* word : {"", "0123456789abcdef", "./0123456789abcdef0123456789abcd",
                           "0123456789abcdef0123456789ABCDEF"}) {
    CAPTURE(word);
    CHECK_FALSE(is_upload_key(word));
  }
}

}  // namespace hotline::cli::command_uploads_test
