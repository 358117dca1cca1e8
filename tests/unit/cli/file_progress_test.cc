#include "cli/file_progress.h"

#include <chrono>

#include <doctest/doctest.h>

namespace hotline::cli::file_progress_test {

using namespace std::chrono_literals;

TEST_CASE("progress is one line with the part, the rate and the time that is left") {
  TransferState state{.files = 10, .files_done = 3, .bytes = 4'000, .bytes_done = 1'000};
  CHECK(progress_text("put", state) == "put 3/10 files  1000 B of 3.9 KiB 25%");
  state.elapsed = 2s;
  CHECK(progress_text("put", state) == "put 3/10 files  1000 B of 3.9 KiB 25%  500 B/s  0:07 left");
  state.bytes = 4'000'000;
  CHECK(progress_text("put", state).ends_with("2:13:19 left"));
}

TEST_CASE("a whole that is empty or complete has nothing left") {
  CHECK(progress_text("get", {.files = 1, .elapsed = 1s}) == "get 0/1 file  0 B of 0 B 100%");
  CHECK(progress_text("get", {.files = 1, .bytes = 5, .bytes_done = 5, .elapsed = 1s}) ==
        "get 0/1 file  5 B of 5 B 100%  5 B/s");
}

}  // namespace hotline::cli::file_progress_test
