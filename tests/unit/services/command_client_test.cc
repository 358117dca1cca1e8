#include "hotline/services/command_client.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/services/command_refusal.h"
#include "services/job_message.h"
#include "support/loops.h"
#include "support/served_command.h"

namespace hotline::command_client_test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using services::kErrorFlow;
using services::kInputFlow;
using services::kOutputFlow;
using test::at_once;
using test::CommandPair;
using test::kind_of;
using test::on_each_engine;
using test::ServedCommand;

TEST_CASE("run sends the words as they are, and returns all output and the exit") {
  on_each_engine([] {
    CommandPair pair;
    at_once(
        [&] {
          const auto done = pair.client.run({"printf", "%s\n", "a b", ""});
          REQUIRE(done);
          CHECK(done->output == "out");
          CHECK(done->error == "err");
          CHECK(done->is_success());
          CHECK(done->job == test::sample_job());
        },
        [&] {
          ServedCommand served(pair.server);
          const RemoteCommand expected{.program = CommandWords{{"printf", "%s\n", "a b", ""}}};
          CHECK(std::get<RemoteCommand>(served.request) == expected);
          served.serve("out", "err");
        });
  });
}

TEST_CASE("a command that fails is a result, not an error") {
  CommandPair pair;
  const CommandExit ends[] = {
      {.kind = ExitKind::code, .value = 3}, {.kind = ExitKind::signal, .value = 15, .text = "TERM"},
      {.kind = ExitKind::timed_out},        {.kind = ExitKind::lost},
      {.kind = ExitKind::server_ended},
  };
  at_once(
      [&] {
        for (const CommandExit& end : ends) {
          const auto done = pair.client.run({"false"});
          REQUIRE(done);
          CHECK(done->exit == end);
          CHECK_FALSE(done->is_success());
        }
      },
      [&] {
        for (const CommandExit& end : ends) ServedCommand(pair.server).serve("", "", end);
      });
}

TEST_CASE("a program that could not be started has an exit with the status of a shell") {
  CommandPair pair;
  at_once(
      [&] {
        const auto absent = pair.client.run({"nothing"});
        REQUIRE(absent);
        CHECK(absent->exit.kind == ExitKind::could_not_start);
        CHECK(absent->exit.status() == 127);
        CHECK(absent->exit.text == "no such file");
        CHECK_FALSE(absent->job);
        CHECK(pair.client.run({"/"}).value().exit.status() == 126);
      },
      [&] {
        ServedCommand(pair.server)
            .stream.reset(reset_code(CommandRefusal::no_such_program), "no such file");
        ServedCommand(pair.server).stream.reset(reset_code(CommandRefusal::could_not_start));
      });
}

TEST_CASE("each refusal is an error of its own, with a hint") {
  struct Refused {
    ResetCode code;
    std::string_view kind;
  };
  const Refused rows[] = {
      {reset_code(CommandRefusal::not_permitted), "permission_denied"},
      {reset_code(CommandRefusal::busy), "resource_exhausted"},
      {reset_code(CommandRefusal::draining), "draining"},
      {reset_code(CommandRefusal::malformed), "protocol_violation"},
      {reset_code(CommandRefusal::key_reused), "invalid_argument"},
      {ResetCode::refused, "refused"},
      {ResetCode::unsupported, "unsupported"},
      {ResetCode::failed, "reset"},
      {ResetCode{999}, "reset"},
  };
  CommandPair pair;
  at_once(
      [&] {
        for (const Refused& row : rows) {
          const auto done = pair.client.run({"id"});
          CHECK(kind_of(done) == row.kind);
          CHECK(done.error().message().find("not \\x1b[31m today") != std::string::npos);
          CHECK(done.error().message().find(pair.client.peer()) != std::string::npos);
          CHECK_FALSE(done.error().hint().empty());
        }
      },
      [&] {
        for (const Refused& row : rows) {
          ServedCommand(pair.server).stream.reset(row.code, "not \x1b[31m today");
        }
      });
}

TEST_CASE("a command that cannot be sent fails before anything is sent") {
  CommandPair pair;
  CHECK(kind_of(pair.client.run(std::vector<std::string>{})) == "invalid_argument");
  CHECK(kind_of(pair.client.run({"a\0b"s})) == "invalid_argument");
  CHECK(kind_of(pair.client.start({.program = CommandWords{{"id"}},
                                   .environment = {{"LD_PRELOAD", "x"}}})) == "permission_denied");
  CHECK(pair.client.session().stream_count() == 0);
}

TEST_CASE("output up to the limit is collected; one byte more aborts the command") {
  on_each_engine([] {
    CommandPair pair;
    at_once(
        [&] {
          CHECK(pair.client.run({"yes"}, {.output_max = 7}).value().output == "1234");
          const auto done = pair.client.run({"yes"}, {.output_max = 6});
          CHECK(kind_of(done) == "too_large");
          CHECK(done.error().message().find("longer than 6 bytes") != std::string::npos);
        },
        [&] {
          ServedCommand(pair.server).serve("1234", "567");
          ServedCommand served(pair.server);
          served.accept();
          served.write(kOutputFlow, "1234");
          served.write(kErrorFlow, "567");
          CHECK(served.wait_reset() == ResetCode::cancelled);
        });
  });
}

TEST_CASE("a command that takes too long is aborted at the deadline") {
  on_each_engine([] {
    CommandPair pair;
    at_once(
        [&] {
          // From here on a command is sent without a wait, so that the server gets it.
          REQUIRE(pair.client.session().wait_ready());
          const auto done = pair.client.run({"sleep"}, {.deadline = deadline_after(5ms)});
          CHECK(kind_of(done) == "timed_out");
          CHECK(done.error().message().find("run a command at") != std::string::npos);
          const auto fed = pair.client.run(
              {"sleep"}, {.input = as_bytes("in"), .deadline = deadline_after(5ms)});
          CHECK(kind_of(fed) == "timed_out");
          const auto passed_on = pair.client.run({.program = ShellLine{"sleep 9"}}, CommandSinks{},
                                                 deadline_after(5ms));
          CHECK(kind_of(passed_on) == "timed_out");
        },
        [&] {
          for (int i = 0; i < 3; ++i) {
            ServedCommand served(pair.server);
            served.accept();
            CHECK(served.wait_reset() == ResetCode::cancelled);
          }
        });
  });
}

TEST_CASE("input and output that are both longer than all credit do not stop each other") {
  on_each_engine([] {
    CommandPair pair;
    const std::string input = test::numbered_text(3'000'000);
    at_once(
        [&] {
          const auto done = pair.client.run({"cat"}, {.input = as_bytes(input)});
          REQUIRE(done);
          CHECK((done->output == input));
          CHECK(done->is_success());
        },
        [&] {
          // As cat does: it reads only what it can write.
          ServedCommand served(pair.server);
          CHECK(std::get<RemoteCommand>(served.request).input == CommandInput::stream);
          served.accept();
          for (;;) {
            const auto piece = served.stream.read(kInputFlow);
            REQUIRE(piece);
            if (piece->empty()) break;
            served.write(kOutputFlow, as_text(*piece));
          }
          const auto end = served.stream.flow_end(kInputFlow).value();
          const auto trailer = services::decode_input_trailer(as_bytes(end.trailer)).value();
          services::OutputDigest digest;
          digest.add(as_bytes(input));
          CHECK(end.total == input.size());
          CHECK(trailer.flow == digest.value());
          CHECK(trailer.whole == digest.value());
          served.end_with();
        });
  });
}

TEST_CASE("input that a command does not read does not keep its end from arriving") {
  on_each_engine([] {
    CommandPair pair;
    const std::string input(1'000'000, 'i');
    at_once(
        [&] {
          const auto done = pair.client.run({"true"}, {.input = as_bytes(input)});
          REQUIRE(done);
          CHECK(done->is_success());
          CHECK(pair.client.run({"true"}).value().is_success());
        },
        [&] {
          ServedCommand(pair.server).serve("");
          ServedCommand(pair.server).serve("");
        });
  });
}

TEST_CASE("many commands run at once, and each gets its own output") {
  on_each_engine([] {
    constexpr int kCommands = 200;
    CommandPair pair;
    TaskGroup all;
    int right = 0;
    for (int i = 0; i < kCommands; ++i) {
      REQUIRE(all.spawn("command", [&, i] {
        const auto done = pair.client.run({"echo", std::to_string(i)});
        if (done && done->output == std::to_string(i) && done->is_success()) ++right;
      }));
    }
    REQUIRE(all.spawn("server", [&] {
      std::vector<ServedCommand> served;
      for (int i = 0; i < kCommands; ++i) served.emplace_back(pair.server);
      // The last one first.
      for (; !served.empty(); served.pop_back()) {
        const auto& command = std::get<RemoteCommand>(served.back().request);
        served.back().serve(std::get<CommandWords>(command.program).words.at(1));
      }
    }));
    REQUIRE(all.join());
    CHECK(right == kCommands);
  });
}

TEST_CASE("threads without a loop share a client") {
  CommandPair pair;
  constexpr int kEach = 20;
  std::atomic<int> right = 0;
  const auto use = [&](int thread) {
    for (int i = 0; i < kEach; ++i) {
      const std::string word = std::to_string(thread * kEach + i);
      const auto done = pair.client.run({"cat"}, {.input = as_bytes(word)});
      if (done && done->output == word) ++right;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back(use, i);
    for (int i = 0; i < 3 * kEach; ++i) {
      ServedCommand served(pair.server);
      served.accept();
      served.write(kOutputFlow, test::read_all(served.stream, kInputFlow));
      served.end_with();
    }
  }
  CHECK(right == 3 * kEach);
}

TEST_CASE("a command that is to be kept gets a random key, unless it has one") {
  CommandPair pair;
  const RemoteCommand plain{.program = CommandWords{{"id"}}};
  RemoteCommand kept = plain;
  kept.keep = 1h;
  RemoteCommand detached = plain;
  detached.is_detached = true;
  RemoteCommand own = kept;
  own.key = test::sample_key();
  std::vector<RunningCommand> running;
  for (const RemoteCommand& each : {plain, kept, kept, detached, own}) {
    running.push_back(pair.client.start(each).value());
  }
  const auto next_key = [&] {
    return std::get<RemoteCommand>(ServedCommand(pair.server).request).key;
  };
  CHECK_FALSE(next_key());
  const auto first = next_key();
  const auto second = next_key();
  CHECK(first);
  CHECK(second);
  CHECK(first != second);
  CHECK(next_key());
  CHECK(next_key() == test::sample_key());
}

TEST_CASE("list returns all jobs, and nothing of a list that is cut off") {
  on_each_engine([] {
    CommandPair pair;
    const JobEntry entry{.job = test::sample_job(), .program = ShellLine{"ls | wc"}, .label = "l"};
    at_once(
        [&] {
          CHECK(pair.client.list().value().empty());
          CHECK(pair.client.list().value() == std::vector<JobEntry>{entry, entry});
          CHECK(kind_of(pair.client.list()) == "permission_denied");
          CHECK(kind_of(pair.client.list()) == "protocol_violation");
          CHECK(kind_of(pair.client.list()) == "protocol_violation");
          CHECK(kind_of(pair.client.list(deadline_after(5ms))) == "timed_out");
          CHECK(kind_of(pair.client.list()) == "reset");
        },
        [&] {
          const auto send_jobs = [&](ServedCommand& served, int count) {
            CHECK(std::holds_alternative<services::ListRequest>(served.request));
            discard(served.stream.accept());
            for (int i = 0; i < count; ++i) {
              served.send(services::CommandMessage::job, services::encode_job(entry));
            }
          };
          for (const int count : {0, 2}) {
            ServedCommand served(pair.server);
            send_jobs(served, count);
            served.finish();
          }
          ServedCommand(pair.server).stream.reset(reset_code(CommandRefusal::not_permitted));
          ServedCommand other(pair.server);
          send_jobs(other, 1);
          other.send_exit();
          ServedCommand malformed(pair.server);
          send_jobs(malformed, 1);
          malformed.send(services::CommandMessage::job, "?");
          ServedCommand slow(pair.server);
          send_jobs(slow, 1);
          ServedCommand cut(pair.server);
          send_jobs(cut, 1);
          pair.server.break_off(SessionCode::internal, "the test ends it");
        });
  });
}

TEST_CASE("signal and forget ask for a job by its id") {
  CommandPair pair;
  at_once(
      [&] {
        CHECK(pair.client.signal(test::sample_job(), 15));
        CHECK(kind_of(pair.client.signal(test::sample_job(), 99)) == "invalid_argument");
        CHECK(kind_of(pair.client.signal(test::sample_job(), 9)) == "not_found");
        CHECK(pair.client.forget(test::sample_job()));
        CHECK(kind_of(pair.client.forget(test::sample_job())) == "protocol_violation");
      },
      [&] {
        const auto agree = [&](const services::CommandRequest& expected) {
          ServedCommand served(pair.server);
          CHECK(served.request == expected);
          REQUIRE(served.stream.accept());
          served.finish();
        };
        agree(services::SignalRequest{.job = test::sample_job(), .signal = 15});
        ServedCommand(pair.server).stream.reset(reset_code(CommandRefusal::not_running));
        agree(services::ForgetRequest{.job = test::sample_job()});
        ServedCommand served(pair.server);
        REQUIRE(served.stream.accept());
        served.send_exit();
        CHECK(served.wait_reset() == reset_code(CommandRefusal::malformed));
      });
}

TEST_CASE("a server that is not there, or has gone, is an error of the connection") {
  auto [one, other] = test::connected_streams();
  auto client = CommandClient::open(std::move(one), {.hello_timeout = 5ms}).value();
  CHECK(kind_of(client.run({"id"})) == "unresponsive");
  CHECK(client.failure());

  auto [left, right] = test::connected_streams();
  auto second = CommandClient::open(std::move(left)).value();
  right.close();
  CHECK_FALSE(second.run({"id"}));
  CHECK(second.failure());
}

TEST_CASE("after finish, nothing is started") {
  CommandPair pair;
  at_once([&] { CHECK(pair.client.finish()); }, [&] { CHECK(pair.server.finish()); });
  CHECK(kind_of(pair.client.run({"id"})) == "draining");
}

}  // namespace
}  // namespace hotline::command_client_test
