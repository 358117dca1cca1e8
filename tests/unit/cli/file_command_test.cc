#include "cli/file_command.h"

#include <csignal>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "support/loops.h"

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

TEST_CASE("a tally is over when the server is lost") {
  const FileLink link({.uri = "tcp://127.0.0.1:1", .home = {}, .form = OutputForm::json});
  FileTally tally;
  tally.add(std::unexpected(FileFailure(make_error(ErrorKind::refused, "connect to", "a", {}))),
            link);
  CHECK(tally.is_over());
  CHECK(tally.status() == ExitStatus::unreachable);
}

TEST_CASE("a hint at the prompt has commands as they are typed there") {
  const auto hint = [](std::string advice) {
    return at_prompt(usage_error("missing PATH", std::move(advice))).advice;
  };
  CHECK(hint("hotline get ENDPOINT PATH...") == "get PATH...");
  CHECK(hint("write 'hotline put ENDPOINT FILE', or 'hotline ls ENDPOINT'") ==
        "write 'put FILE', or 'ls'");
  CHECK(hint("see 'hotline get --help'") == "see 'get --help'");
  CHECK(hint("") == "");
}

TEST_CASE("the hint for an answer of the server is that of an option") {
  const FileFailure failure(make_error(ErrorKind::system, "put", "a", "no"),
                            FileError{.code = FileErrorCode::exists}, false);
  CHECK(with_hint(failure, FileErrorCode::exists, "-f replaces").advice == "-f replaces");
  CHECK(with_hint(failure, FileErrorCode::not_found, "-p makes").advice == failure.advice);
  const FileFailure own(make_error(ErrorKind::system, "put", "a", "no"));
  CHECK(with_hint(own, FileErrorCode::exists, "-f replaces").advice == own.advice);
}

TEST_CASE("a question how far it is that comes after the transfers does not end the program") {
  const auto report = test::in_child_process([] {
    const auto status = run_file_command({.endpoint = "unix:///nowhere"},
                                         {.output = OutputForm::json}, [](FileLink&) {
                                           std::raise(SIGUSR1);
                                           return ExitStatus::ok;
                                         });
    if (status == ExitStatus::ok) std::raise(SIGUSR1);
  });
  CHECK(report.signal == 0);
  CHECK(report.exit_status == 0);
}

}  // namespace hotline::cli::file_command_test
