#include "cli/file_command.h"

#include <doctest/doctest.h>

namespace hotline::cli::file_command_test {

TEST_CASE("a path may be written with a slash at either end, and with a dot for the home") {
  CHECK(read_remote_path("docs/a")->text() == "docs/a");
  CHECK(read_remote_path("/docs/")->text() == "docs");
  CHECK(read_remote_path("./docs")->text() == "docs");
  for (const char* home : {"", ".", "/", "./"}) CHECK(read_remote_path(home)->is_home());
  for (const char* word : {"..", "a/../b", "a//b", "//a"}) {
    const auto path = read_remote_path(word);
    REQUIRE_FALSE(path);
    CHECK(path.error().message().find("is not a path: ") != std::string::npos);
  }
}

TEST_CASE("control characters of a name are escaped, and long names are not cut") {
  CHECK(shown_path("d/\u00e9") == "d/\u00e9");
  CHECK(shown_path("\xff") == "\\xff");
  CHECK(shown_path("a\x1b[31mb") == "a\\x1b[31mb");
  CHECK(shown_path(std::string(4'000, 'x')).size() == 4'000);
}

TEST_CASE("a tally is 'ok' only if all was done, and 'partial' if some was") {
  const FileLink link({.uri = "tcp://127.0.0.1:1", .home = {}, .form = OutputForm::json});
  const auto refused = [](FileErrorCode code) -> FileResult<void> {
    return std::unexpected(FileFailure(make_error(ErrorKind::system, "remove", "a", "no"),
                                       FileError{.code = code}, false));
  };
  FileTally tally;
  CHECK(tally.status() == ExitStatus::ok);
  tally.add(refused(FileErrorCode::not_found), link);
  tally.add(refused(FileErrorCode::integrity), link);
  CHECK(tally.status() == ExitStatus::denied);
  tally.add({}, link);
  CHECK(tally.status() == ExitStatus::partial);
  CHECK_FALSE(tally.is_over());
  tally.end_with(ExitStatus::failed);
  CHECK(tally.is_over());
  CHECK(tally.status() == ExitStatus::failed);
}

}  // namespace hotline::cli::file_command_test
