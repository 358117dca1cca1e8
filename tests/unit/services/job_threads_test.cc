#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/net/connect.h"
#include "hotline/services/command_client.h"
#include "hotline/services/remote_commands.h"
#include "support/launched.h"
#include "support/running_server.h"

// Jobs that belong to one loop of a server, and their clients on others.

namespace hotline::job_threads_test {
namespace {

using test::kind_of;
using test::launcher;
using test::options_for;
using test::RunningServer;

constexpr std::string_view kWords[] = {"loops:2", "threads:16"};

CommandClient connected(const RunningServer& server) {
  auto stream = connect("tcp://127.0.0.1:" + std::to_string(server.port()));
  return CommandClient::open(std::move(stream.value())).value();
}

RemoteCommand kept(std::string line) {
  RemoteCommand command{.program = ShellLine{std::move(line)}};
  command.keep = std::chrono::seconds(60);
  return command;
}

/// Reads standard output until there are so many bytes of it.
std::string read(RunningCommand& running, std::size_t size) {
  std::string text;
  while (text.size() < size) text += as_text(running.next().value().bytes);
  return text;
}

TEST_CASE("clients on other loops take a job over in turn, and no byte is lost or doubled") {
  for (const std::string_view word : kWords) {
    CAPTURE(word);
    RunningServer server(options_for(word), "tcp://127.0.0.1:0", remote_commands(launcher(), {}));
    RemoteCommand command = kept("cat");
    command.input = CommandInput::stream;
    CommandClient starting = connected(server);
    auto first = starting.start(command).value();
    const JobId job = first.started().value().job;
    std::string input;
    std::string output;
    for (int i = 0; i < 8; ++i) {
      CommandClient client = connected(server);
      auto running = client
                         .attach(job, {.output_offset = output.size(),
                                       .error_offset = 0,
                                       .input = CommandInput::stream})
                         .value();
      input += std::string(2000, static_cast<char>('a' + i));
      // What the command has got is not sent again.
      REQUIRE(running.write_input(as_bytes(input)));
      output += read(running, input.size() - output.size());
      REQUIRE(running.detach());
    }
    CHECK(output == input);
    CHECK(kind_of(first.next()) != "");
    REQUIRE(starting.forget(job));
    CHECK(starting.list().value().empty());
  }
}

TEST_CASE("jobs are listed, signalled and forgotten from other loops while they begin and end") {
  for (const std::string_view word : kWords) {
    CAPTURE(word);
    RunningServer server(options_for(word), "tcp://127.0.0.1:0", remote_commands(launcher(), {}));
    std::atomic<bool> is_over = false;
    std::thread other([&] {
      CommandClient client = connected(server);
      while (!is_over) {
        const auto jobs = client.list().value();
        for (const JobEntry& each : jobs) {
          // It may have ended.
          discard(client.signal(each.job, SIGUSR1));
          if (each.exit) discard(client.forget(each.job));
        }
      }
      const auto jobs = client.list().value();
      for (const JobEntry& each : jobs) discard(client.forget(each.job));
    });
    CommandClient client = connected(server);
    for (int i = 0; i < 10; ++i) {
      auto running =
          client.start(kept("trap 'exit 5' USR1; echo on; while :; do sleep 0.01; done"));
      const auto exit = running->follow({});
      // A signal may come before the trap is set.
      REQUIRE(exit);
      CHECK(exit->status() != 0);
    }
    is_over = true;
    other.join();
  }
}

}  // namespace
}  // namespace hotline::job_threads_test
