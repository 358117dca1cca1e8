#include "hotline/services/running_command.h"

#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/event.h"
#include "hotline/services/command_refusal.h"
#include "support/loops.h"
#include "support/read_command.h"

namespace hotline::running_command_test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using services::CommandMessage;
using services::kErrorFlow;
using services::kInputFlow;
using services::kOutputFlow;
using test::at_once;
using test::CommandPair;
using test::kind_of;
using test::on_each_engine;
using test::ServedCommand;

using Kind = CommandEvent::Kind;

TEST_CASE("output comes in the order of arrival, and the end after it") {
  on_each_engine([] {
    CommandPair pair;
    auto command = pair.client.start(test::plain_command()).value();
    ServedCommand served(pair.server);
    CHECK(kind_of(command.result()) == "truncated");
    served.accept({.job = test::sample_job(), .pid = 7});
    const auto start = command.started();
    REQUIRE(start);
    CHECK(start->job == test::sample_job());
    CHECK(start->pid == 7);
    const std::pair<std::uint8_t, std::string> pieces[] = {
        {kOutputFlow, "one"}, {kErrorFlow, "two"}, {kOutputFlow, "three"}};
    for (const auto& [flow, text] : pieces) {
      served.write(flow, text);
      const auto event = command.next();
      REQUIRE(event);
      CHECK(event->kind == (flow == kOutputFlow ? Kind::output : Kind::error));
      CHECK(as_text(event->bytes) == text);
    }
    CHECK(kind_of(command.next(deadline_after(1ms))) == "timed_out");
    CHECK(kind_of(command.result()) == "truncated");
    served.end_outputs();
    served.send_exit({.kind = ExitKind::code, .value = 3});
    CHECK(kind_of(command.next(deadline_after(1ms))) == "timed_out");
    CHECK(kind_of(command.result()) == "truncated");
    served.finish();
    for (int i = 0; i < 2; ++i) CHECK(command.next().value().kind == Kind::ended);
    CHECK(command.result().value().value == 3);
    CHECK(command.output_offset() == 8);
    CHECK(command.error_offset() == 3);
    CHECK_FALSE(command.can_resume());
    // Both ends have ended the stream in order.
    CHECK_FALSE(served.stream.reset_by_peer());
    CHECK(kind_of(served.stream.receive()) == "closed");
  });
}

TEST_CASE("messages wait for the answer, and arrive in their order") {
  on_each_engine([] {
    CommandPair pair;
    RemoteCommand asked = test::kept_command();
    asked.terminal = RemoteTerminal{};
    auto command = pair.client.start(asked).value();
    Event has_waited;
    at_once(
        [&] {
          CHECK(kind_of(command.send_signal(15, deadline_after(1ms))) == "timed_out");
          has_waited.set();
          CHECK(command.send_signal(15));
          CHECK(command.resize({.columns = 4, .rows = 3}));
          CHECK(kind_of(command.send_signal(0)) == "invalid_argument");
          CHECK(kind_of(command.resize({.columns = 4, .rows = 0})) == "invalid_argument");
          CHECK(kind_of(command.resize({.columns = 65'536, .rows = 3})) == "invalid_argument");
          CHECK(command.cancel());
          CHECK(kind_of(command.send_signal(15)) == "closed");
          const test::Got got = test::read_all(command);
          CHECK(got.result.value().kind == ExitKind::cancelled);
          CHECK(kind_of(command.cancel()) == "closed");
        },
        [&] {
          ServedCommand served(pair.server);
          REQUIRE(has_waited.wait());
          served.accept();
          const auto next = [&] {
            const auto message = served.stream.receive().value();
            return services::decode_client_message(message.type, message.flags,
                                                   as_bytes(message.payload))
                .value();
          };
          CHECK(next() == services::ClientMessage(services::SignalMessage{15}));
          CHECK(next() ==
                services::ClientMessage(services::ResizeMessage{{.columns = 4, .rows = 3}}));
          CHECK(next() == services::ClientMessage(services::CancelMessage{}));
          served.end_with({.kind = ExitKind::cancelled});
        });
  });
}

TEST_CASE("what the request does not allow is refused here") {
  CommandPair pair;
  auto command = pair.client.start(test::plain_command()).value();
  ServedCommand served(pair.server);
  served.accept();
  CHECK(kind_of(command.write_input(as_bytes("x"))) == "invalid_argument");
  CHECK(command.end_input());
  CHECK(kind_of(command.resize({})) == "invalid_argument");
  CHECK(kind_of(command.detach()) == "invalid_argument");
  // The input of a command that takes none has ended at once.
  CHECK(test::read_all(served.stream, kInputFlow).empty());
}

TEST_CASE("cancel before the answer, abort and destruction end the stream") {
  CommandPair pair;
  auto early = pair.client.start(test::plain_command()).value();
  ServedCommand first(pair.server);
  CHECK(early.cancel());
  CHECK(first.wait_reset() == ResetCode::cancelled);
  CHECK(kind_of(early.next()) == "cancelled");
  CHECK(kind_of(early.result()) == "cancelled");

  auto aborted = pair.client.start(test::plain_command()).value();
  ServedCommand second(pair.server);
  second.accept();
  REQUIRE(aborted.started());
  aborted.abort();
  CHECK(second.wait_reset() == ResetCode::cancelled);
  CHECK(kind_of(aborted.next()) == "cancelled");
  CHECK(kind_of(aborted.started()) == "");

  { auto dropped = pair.client.start(test::plain_command()).value(); }
  CHECK(ServedCommand(pair.server).wait_reset() == ResetCode::not_needed);
}

TEST_CASE("a client that detaches reads on to the end of the stream, and has no result") {
  on_each_engine([] {
    CommandPair pair;
    auto command = pair.client.start(test::kept_command()).value();
    at_once(
        [&] {
          CHECK(command.detach());
          const test::Got got = test::read_all(command);
          CHECK(got.output == "last");
          CHECK(kind_of(got.result) == "cancelled");
          CHECK_FALSE(command.can_resume());
          CHECK(kind_of(command.write_input(as_bytes("x"))) == "closed");
        },
        [&] {
          ServedCommand served(pair.server);
          served.accept();
          CHECK(served.stream.receive().value().type ==
                static_cast<std::uint8_t>(CommandMessage::detach));
          served.write(kOutputFlow, "last");
          served.end_outputs();
          served.finish();
        });
  });
}

TEST_CASE("a command that is started detached has a job, and no result") {
  CommandPair pair;
  RemoteCommand asked = test::plain_command();
  asked.is_detached = true;
  auto command = pair.client.start(asked).value();
  ServedCommand served(pair.server);
  served.accept();
  served.end_outputs();
  served.finish();
  CHECK(command.started().value().job == test::sample_job());
  CHECK(command.next().value().kind == Kind::ended);
  CHECK(kind_of(command.result()) == "cancelled");
}

TEST_CASE("a writer that waits is woken by the end of the command") {
  on_each_engine([] {
    CommandPair pair;
    auto command = pair.client.start(test::command_with_input()).value();
    const std::string input(500'000, 'i');
    // The server keeps its half: it does not wake the writer.
    std::optional<ServedCommand> kept;
    at_once([&] { CHECK(kind_of(command.write_input(as_bytes(input))) == "closed"); },
            [&] {
              ServedCommand& served = kept.emplace(pair.server);
              served.accept();
              // The writer has used its credit.
              while (!served.stream.read(kInputFlow, deadline_after(1ms))) {
              }
              served.end_with();
              CHECK(test::read_all(command).result.value().is_success());
            });
  });
}

TEST_CASE("a writer whose wait fails goes on from input_size") {
  CommandPair pair;
  auto command = pair.client.start(test::command_with_input()).value();
  ServedCommand served(pair.server);
  served.accept();
  // From here on there is credit at once.
  REQUIRE(command.started());
  const std::string input = test::numbered_text(200'000);
  CHECK(kind_of(command.write_input(as_bytes(input), deadline_after(5ms))) == "timed_out");
  const std::uint64_t taken = command.input_size();
  CHECK(taken > 0);
  CHECK(taken < input.size());
  at_once(
      [&] {
        CHECK(command.write_input(as_bytes(input).subspan(taken)));
        CHECK(command.end_input());
      },
      [&] { CHECK((test::read_all(served.stream, kInputFlow) == input)); });
}

TEST_CASE("follow calls the sinks, and ends with a sink that refuses or an input that fails") {
  on_each_engine([] {
    CommandPair pair;
    at_once(
        [&] {
          std::string log;
          const auto note = [&](std::string_view name) {
            return [&log, name](Bytes piece) {
              log += std::string(name) + ":" + std::string(as_text(piece)) + " ";
              return true;
            };
          };
          const CommandSinks sinks{
              .on_output = note("out"),
              .on_error = note("err"),
              .on_start =
                  [&](const CommandStart& start) { log += std::to_string(start.pid) + " "; },
              .next_input =
                  [left = std::vector<std::string_view>{"", "b", "a"}]() mutable -> Result<Bytes> {
                const std::string_view piece = left.back();
                left.pop_back();
                return as_bytes(piece);
              }};
          CHECK(pair.client.run(test::command_with_input(), sinks).value().is_success());
          CHECK(log == "4711 err:ab ");

          const CommandSinks refusing{.on_output = [](Bytes) { return false; }};
          CHECK(kind_of(pair.client.run(test::plain_command(), refusing)) == "cancelled");

          const CommandSinks failing{.next_input = []() -> Result<Bytes> {
            return fail(make_error(ErrorKind::not_found, "read", "file", "gone"));
          }};
          CHECK(kind_of(pair.client.run(test::command_with_input(), failing)) == "not_found");

          const CommandSinks throwing{.on_output = [](Bytes) -> bool { throw 7; },
                                      .next_input = [] { return Result<Bytes>(Bytes()); }};
          CHECK_THROWS_AS(discard(pair.client.run(test::command_with_input(), throwing)), int);
        },
        [&] {
          ServedCommand served(pair.server);
          served.accept();
          served.write(kErrorFlow, test::read_all(served.stream, kInputFlow));
          served.end_with();
          const ResetCode ends[] = {ResetCode::cancelled, ResetCode::cancelled,
                                    ResetCode::not_needed};
          for (const ResetCode end : ends) {
            ServedCommand other(pair.server);
            other.accept();
            other.write(kOutputFlow, "x");
            CHECK(other.wait_reset() == end);
          }
        });
  });
}

TEST_CASE("follow returns at the end of the command while its input is still waited for") {
  on_each_engine([] {
    CommandPair pair;
    Event never;
    at_once(
        [&] {
          const CommandSinks waiting{.next_input = [&]() -> Result<Bytes> {
            const auto waited = never.wait();
            return waited ? Result<Bytes>(Bytes()) : fail(waited.error());
          }};
          CHECK(pair.client.run(test::command_with_input(), waiting).value().is_success());
        },
        [&] { ServedCommand(pair.server).serve("out"); });
  });
}

TEST_CASE("attach begins where it was asked to, or where the server says") {
  CommandPair pair;
  at_once(
      [&] {
        auto from =
            pair.client.attach(test::sample_job(), {.output_offset = 5, .error_offset = 6}).value();
        CHECK(test::read_all(from).result);
        CHECK(from.output_offset() == 8);
        CHECK(from.error_offset() == 6);
        auto oldest = pair.client.attach(test::sample_job()).value();
        CHECK(oldest.started().value().output_offset == 5);
        CHECK(test::read_all(oldest).output == "abc");
        auto wrong =
            pair.client.attach(test::sample_job(), {.output_offset = 4, .error_offset = 6}).value();
        CHECK(kind_of(wrong.next()) == "protocol_violation");
        CHECK(kind_of(pair.client.attach(test::sample_job(), {.output_offset = 4})) ==
              "invalid_argument");
        auto absent = pair.client.attach(test::sample_job()).value();
        CHECK(kind_of(absent.next()) == "not_found");
        CHECK_FALSE(absent.can_resume());
      },
      [&] {
        for (int i = 0; i < 3; ++i) {
          ServedCommand served(pair.server);
          CHECK(std::get<services::AttachRequest>(served.request).job == test::sample_job());
          // What came before is not known to the client, which checks this stream alone.
          served.note_before(kOutputFlow, "01234");
          served.accept({.job = test::sample_job(), .output_offset = 5, .error_offset = 6});
          served.write(kOutputFlow, "abc");
          served.end_with({.kind = ExitKind::code, .is_truncated = true});
        }
        ServedCommand(pair.server).stream.reset(reset_code(CommandRefusal::not_found));
      });
}

TEST_CASE("a request that is not answered in time fails as that request, not as a wait") {
  on_each_engine([] {
    CommandPair pair;
    at_once(
        [&] {
          REQUIRE(pair.client.session().wait_ready());
          const auto check = [](const auto& failed, std::string_view operation) {
            CHECK(kind_of(failed) == "timed_out");
            CHECK(failed.error().message().find(operation) != std::string::npos);
          };
          auto running = pair.client.start({.program = CommandWords{{"sleep"}}});
          REQUIRE(running);
          check(running->started(deadline_after(5ms)), "run a command at");
          check(running->next(deadline_after(5ms)), "run a command at");
          running->abort();
          auto attached = pair.client.attach(JobId{});
          REQUIRE(attached);
          check(attached->started(deadline_after(5ms)), "attach to a job at");
          attached->abort();
          check(pair.client.list(deadline_after(5ms)), "list the jobs at");
        },
        [&] {
          for (int i = 0; i < 2; ++i) {
            CHECK(ServedCommand(pair.server).wait_reset() == ResetCode::cancelled);
          }
        });
  });
}

}  // namespace
}  // namespace hotline::running_command_test
