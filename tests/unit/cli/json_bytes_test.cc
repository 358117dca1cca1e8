#include "cli/json_bytes.h"

#include <doctest/doctest.h>

namespace hotline::cli::json_bytes_test {

TEST_CASE("bytes are text in JSON if they are UTF-8, otherwise base64") {
  CHECK(json_of_bytes({}).text() == R"({"bytes":0,"text":""})");
  CHECK(json_of_bytes(as_bytes("a\n")).text() == R"({"bytes":2,"text":"a\n"})");
  CHECK(json_of_bytes(as_bytes("\xff")).text() == R"({"bytes":1,"base64":"/w=="})");
}

}  // namespace hotline::cli::json_bytes_test
