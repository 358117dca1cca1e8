#include "cli/command_run.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_run_test {
namespace {

using namespace std::chrono_literals;
using test::Words;

RunOptions understood(const Words& words) { return test::understood<read_run>(words); }
Error refusal(const Words& words) { return test::refusal<read_run>(words); }

}  // namespace

TEST_CASE("run takes a command, whose options stand after --") {
  const RunOptions options = understood({"run", "--linger=2s", "tcp://a:1", "--", "ls", "-l"});
  CHECK(options.endpoint == "tcp://a:1");
  CHECK(options.command == Words{"ls", "-l"});
  CHECK(options.linger == 2s);
  CHECK(options.connect_timeout == 30s);
  CHECK(options.timeout == kNoTimeout);
}

TEST_CASE("run without an endpoint or a command is refused") {
  CHECK(refusal({"run"}).message() == "missing ENDPOINT");
  CHECK(refusal({"run", "tcp://a:1"}).message() == "missing COMMAND");
  CHECK(refusal({"run", "tcp://a:1", "--", ""}).message() == "missing COMMAND");
}

TEST_CASE("run takes a line for the shell instead of a command") {
  CHECK(understood({"run", "--shell", "ls | wc", "tcp://a:1"}).line == "ls | wc");
  CHECK_FALSE(understood({"run", "tcp://a:1", "ls"}).line);
  CHECK(refusal({"run", "--shell", "ls", "tcp://a:1", "ls"}).message() ==
        "--shell and COMMAND exclude each other");
  CHECK(refusal({"run", "--shell", "", "tcp://a:1"}).message() == "missing COMMAND");
}

TEST_CASE("run takes what a command is to have at the server") {
  const RunOptions options =
      understood({"run", "--cwd=/srv", "--env", "A=1", "--env=B=x=y", "--env", "C=", "--max-output",
                  "64KiB", "--truncate", "--color", "tcp://a:1", "ls"});
  CHECK(options.directory == "/srv");
  CHECK(options.environment == std::vector<RemoteVariable>{{"A", "1"}, {"B", "x=y"}, {"C", ""}});
  CHECK(options.output_max == 65'536);
  CHECK(options.on_excess == OutputExcess::truncate);
  CHECK(options.colours == FilteredColours::kept);
  CHECK_FALSE(options.remote_option.empty());
  CHECK(understood({"run", "tcp://a:1", "ls"}).remote_option.empty());
  for (const char* wrong : {"A", "=1", ""}) {
    CHECK(refusal({"run", "--env", wrong, "tcp://a:1", "ls"}).message() ==
          "--env: '" + std::string(wrong) + "' is not NAME=VALUE");
  }
}

TEST_CASE("standard input is sent or not, as run is asked for") {
  CHECK_FALSE(understood({"run", "tcp://a:1", "ls"}).input);
  CHECK(understood({"run", "-n", "tcp://a:1", "ls"}).input == InputUse::none);
  CHECK(understood({"run", "-i", "tcp://a:1", "ls"}).input == InputUse::sent);
  CHECK(refusal({"run", "-ni", "tcp://a:1", "ls"}).message() ==
        "--input and --no-input exclude each other");
}

TEST_CASE("a command on a terminal gets what is typed, and its screen is not filtered") {
  const RunOptions options = understood({"run", "-t", "tcp://a:1", "top"});
  CHECK(options.terminal == TerminalUse::wanted);
  CHECK(options.input == InputUse::sent);
  CHECK(options.controls == Controls::raw);
  CHECK(understood({"run", "tcp://a:1", "top"}).terminal == TerminalUse::none);
  for (const char* const other : {"--no-input", "--detach", "--json"}) {
    CHECK(refusal({"run", "--tty", other, "tcp://a:1", "top"}).message() ==
          std::string(other) + " and --tty exclude each other");
  }
  CHECK(refusal({"run", "--tty", "--on", "tcp://a:1", "--", "top"}).message() ==
        "--tty and --on exclude each other");
}

TEST_CASE("run takes directories for the outputs of many endpoints") {
  const RunOptions options = understood(
      {"run", "--on", "tcp://a:1,tcp://b:1", "--outdir", "out", "--errdir=err", "--", "ls"});
  CHECK(options.output_directory == "out");
  CHECK(options.error_directory == "err");
  CHECK(understood({"run", "--on", "tcp://a:1", "--", "ls"}).output_directory.empty());
  CHECK(refusal({"run", "--outdir", "out", "tcp://a:1", "ls"}).message() == "--outdir is for --on");
  CHECK(refusal({"run", "--on", "tcp://a:1", "--errdir", "", "--", "ls"}).message() ==
        "--errdir: it is empty");
  for (const char* const same :
       {"--errdir=d", "--errdir=d/", "--errdir=./d", "--errdir=e/../d//"}) {
    CHECK(refusal({"run", "--on", "tcp://a:1", "--outdir=d", same, "--", "ls"}).message() ==
          "--outdir and --errdir name the same directory");
  }
  CHECK(understood({"run", "--on", "tcp://a:1", "--outdir=d", "--errdir=d/d", "--", "ls"})
            .error_directory == "d/d");
}

TEST_CASE("an endpoint between the hosts and the command is refused, not run as a command") {
  CHECK(refusal({"run", "--on", "tcp://a:1", "tcp://b:1", "--", "ls"}).message() ==
        "with --on there is no ENDPOINT, and 'tcp://b:1' precedes --");
  CHECK(understood({"run", "--on", "tcp://a:1", "ls"}).command == Words{"ls"});
  CHECK(understood({"run", "--on", "tcp://a:1", "--", "ls", "--"}).command == Words{"ls", "--"});
}

TEST_CASE("no hosts are an error of their own, not a file that does not exist") {
  CHECK(refusal({"run", "--on", "", "--", "ls"}).message() == "--on: it is empty");
}

TEST_CASE("an option of the command without -- before it is refused") {
  const CommandLine line = parse_command_line({"run", "tcp://a:1", "ls", "-l"}, make_subcommands());
  REQUIRE_FALSE(line.arguments);
  CHECK(line.arguments.error().message() == "there is no option '-l' of 'hotline run'");
  CHECK(line.arguments.error().hint().ends_with("words after -- are not options"));
}

TEST_CASE("the timeout of run limits connecting too") {
  const RunOptions options = understood({"run", "tcp://a:1", "--timeout", "5s", "ls"});
  CHECK(options.timeout == 5s);
  CHECK(options.connect_timeout == 5s);
}

}  // namespace hotline::cli::command_run_test
