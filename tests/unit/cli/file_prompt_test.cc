#include "cli/file_prompt.h"

#include <string>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::cli::file_prompt_test {
namespace {

/// Runs lines at a prompt without a server, and returns the status of the last.
ExitStatus status_of(const std::vector<std::string>& lines) {
  ExitStatus status = ExitStatus::failed;
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    FileLink link({.uri = "unix:///nowhere/s", .home = {}, .form = OutputForm::json});
    FilePrompt prompt(link, {.output = OutputForm::json});
    for (const std::string& each : lines) status = prompt.run(each);
    CHECK(prompt.prompt() == "/ >>: ");
  });
  return status;
}

}  // namespace

TEST_CASE("a line without a command does nothing") {
  CHECK(status_of({""}) == ExitStatus::ok);
  CHECK(status_of({"  # a comment"}) == ExitStatus::ok);
}

TEST_CASE("a mistake in a line is one of usage") {
  for (const char* line : {"lsd", "ls 'a", "ls a b", "ls --to x", "pwd x", "get", "rm ..",
                           "rm -r .", "put -", "help nothing", "mkdir", "cd a b"}) {
    CAPTURE(line);
    CHECK(status_of({line}) == ExitStatus::usage);
  }
}

TEST_CASE("without a server a command fails, and the prompt stays where it is") {
  CHECK(status_of({"cd docs"}) == ExitStatus::unreachable);
  CHECK(status_of({"ls"}) == ExitStatus::unreachable);
}

TEST_CASE("the directory of this machine is known here only") {
  const test::TemporaryDirectory directory;
  CHECK(status_of({"lcd '" + directory.path() + "'", "lls", "lpwd", "lcd .."}) == ExitStatus::ok);
  CHECK(status_of({"lcd '" + directory.file("none") + "'"}) == ExitStatus::failed);
  CHECK(status_of({"lls '" + directory.file("none") + "'"}) == ExitStatus::failed);
}

}  // namespace hotline::cli::file_prompt_test
