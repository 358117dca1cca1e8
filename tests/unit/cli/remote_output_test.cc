#include "cli/remote_output.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "hotline/core/unique_fd.h"
#include "support/standard_streams.h"

namespace hotline::cli::remote_output_test {
namespace {

constexpr std::string_view kColoured = "\x1b[31mred\x1b[0m\n";

/// Returns what a new output writes to `stream`.
std::string written(std::FILE* stream, StandardStream to) {
  return test::written_to(stream, [&] {
    RemoteOutput output(Controls::escaped, FilteredColours::removed);
    CHECK(output.write(to, as_bytes(kColoured)));
    CHECK(output.finish());
  });
}

}  // namespace

TEST_CASE("each output goes to its own standard stream, and a file gets it unchanged") {
  CHECK(written(stdout, StandardStream::output) == kColoured);
  CHECK(written(stderr, StandardStream::error) == kColoured);
  CHECK(written(stdout, StandardStream::error).empty());
}

TEST_CASE("what is written at once is removed from the piece, and the rest is left") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  const std::string text(std::size_t{1} << 20, 't');
  const test::Redirection redirected(STDOUT_FILENO, writing.get());
  RemoteOutput output(Controls::escaped, FilteredColours::removed);
  Bytes piece = as_bytes(text).first(10);
  CHECK(output.write_at_once(StandardStream::output, piece));
  CHECK(piece.empty());
  piece = as_bytes(text);
  CHECK(output.write_at_once(StandardStream::output, piece));
  CHECK(!piece.empty());
  CHECK(piece.size() < text.size());
  const std::size_t left = piece.size();
  CHECK(output.write_at_once(StandardStream::output, piece));
  CHECK(piece.size() == left);
}

TEST_CASE("a write at once that fails is reported like any other") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  const test::Redirection redirected(STDOUT_FILENO, full.get());
  RemoteOutput output(Controls::escaped, FilteredColours::removed);
  Bytes piece = as_bytes("x");
  CHECK_FALSE(output.write_at_once(StandardStream::output, piece));
  CHECK(output.failure() == ENOSPC);
  CHECK_FALSE(output.write_at_once(StandardStream::output, piece));
}

TEST_CASE("the first write that fails is reported, and no other is tried") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  const test::Redirection redirected(STDOUT_FILENO, full.get());
  RemoteOutput output(Controls::escaped, FilteredColours::removed);
  CHECK_FALSE(output.write(StandardStream::output, as_bytes("x")));
  CHECK(output.failure() == ENOSPC);
  CHECK(output.failed() == StandardStream::output);
  CHECK_FALSE(output.write(StandardStream::error, as_bytes("x")));
  CHECK(output.failed() == StandardStream::output);
  CHECK_FALSE(output.finish());
}

}  // namespace hotline::cli::remote_output_test
