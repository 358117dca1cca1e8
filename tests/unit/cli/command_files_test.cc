#include "cli/command_files.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_files_test {

TEST_CASE("files user takes an action, a root, and the values of a user") {
  const FilesCommand command = test::understood<read_files>(
      {"files", "user", "add", "alice", "--root", "/r", "--quota", "10GiB", "--uid", "1000"});
  CHECK(command.root == "/r");
  CHECK(command.name == "alice");
  CHECK(command.change.quota == "10GiB");
  CHECK(command.change.uid == 1'000);
  CHECK_FALSE(command.change.entries);
  CHECK(test::understood<read_files>({"files", "user", "list", "--root", "/r"}).name.empty());
}

TEST_CASE("files share takes an action, a root, and the limits of a share") {
  const FilesCommand command = test::understood<read_files>(
      {"files", "share", "add", "team", "--root", "/r", "--quota", "10GiB", "--entries", "5"});
  CHECK(command.name == "team");
  CHECK(command.change.quota == "10GiB");
  CHECK(command.change.entries == "5");
}

TEST_CASE("the shares of a user are names with letters, separated by commas") {
  const FilesCommand command = test::understood<read_files>(
      {"files", "user", "set", "alice", "--root", "/r", "--share", "team=rw,box=,docs=none"});
  CHECK(command.change.shares ==
        std::map<std::string, std::string>{{"team", "rw"}, {"box", ""}, {"docs", "none"}});
}

TEST_CASE("a mistake in the words of files is refused with what to write instead") {
  for (const auto& [words, message] : std::vector<std::pair<test::Words, std::string>>{
           {{"files", "user"}, "missing ACTION"},
           {{"files", "user", "ad", "alice"}, "unknown action 'ad'"},
           {{"files", "user", "add", "--root", "/r"}, "missing NAME"},
           {{"files", "user", "list", "alice", "--root", "/r"}, "this action takes no NAME"},
           {{"files", "user", "add", "alice"}, "missing --root"},
           {{"files", "user", "remove", "alice", "--root", "/r", "--quota", "1"},
            "--quota does not apply to 'files user remove'"},
           {{"files", "user", "add", "alice", "--root", "/r", "--uid", "me"},
            "--uid: 'me' is not a user id"},
           {{"files", "share"}, "missing ACTION"},
           {{"files", "share", "disable", "team"}, "unknown action 'disable'"},
           {{"files", "share", "list"}, "missing --root"},
           {{"files", "share", "add", "team", "--root", "/r", "--rights", "rw"},
            "--rights does not apply to 'files share add'"},
           {{"files", "user", "set", "a", "--root", "/r", "--share", "team"},
            "--share: 'team' is not NAME=LETTERS"},
           {{"files", "user", "set", "a", "--root", "/r", "--share", "a=r,"},
            "--share: '' is not NAME=LETTERS"}}) {
    CHECK(test::refusal<read_files>(words).message() == message);
  }
}

TEST_CASE("files with an endpoint is a prompt") {
  const auto options = test::understood<read_prompt>({"files", "tcp://a:1", "--retry-for", "5s"});
  CHECK(options.endpoint == "tcp://a:1");
  CHECK(options.retry_for == std::chrono::seconds(5));
  for (const auto& [words, message] : std::vector<std::pair<test::Words, std::string>>{
           {{"files"}, "missing ENDPOINT"},
           {{"files", "users"}, "'users' is not an endpoint"},
           {{"files", "tcp://a:1", "ls"}, "one word too many: 'ls'"},
           {{"files", "tcp://a:1", "--root", "/r"}, "--root does not apply to 'files ENDPOINT'"}}) {
    CHECK(test::refusal<read_prompt>(words).message() == message);
  }
}

}  // namespace hotline::cli::command_files_test
