#include "hotline/services/running_command.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/event.h"
#include "hotline/services/command_refusal.h"
#include "support/loops.h"
#include "support/read_command.h"

namespace hotline::running_command_resume_test {
namespace {

using namespace std::chrono_literals;
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

TEST_CASE("a kept command goes on over another connection, exactly where it was cut") {
  // A loop, because thousands of threads would take longer.
  test::on_loop(EngineKind::epoll, [](engine::EventLoop&) {
    std::size_t cut = 0;
    std::size_t resumed = 0;
    RemoteCommand asked = test::plain_command();
    asked.keep = 1h;
    for (bool was_cut = true; was_cut; ++cut) {
      REQUIRE(cut < 2'000);
      was_cut = test::run_cut(
          asked, cut,
          [&](RunningCommand& command, test::Got& got, const test::SteadyServer& first) {
            if (got.result) return;
            CAPTURE(cut);
            REQUIRE(command.can_resume());
            CommandPair pair;
            test::SteadyServer second(pair.server);
            at_once([&] { second.run(); },
                    [&] {
                      CHECK(command.resume(pair.client));
                      test::read_on(command, got);
                      pair.server.break_off(SessionCode::internal, "the test is done");
                    });
            CHECK(got.result);
            CHECK(got.output == first.output);
            CHECK(got.error == first.error);
            ++resumed;
          });
    }
    CHECK(resumed > 300);
  });
}

TEST_CASE("resume fails for a server that goes on elsewhere, and then for good") {
  const std::pair<std::uint64_t, std::uint64_t> offsets[] = {{2, 0}, {4, 0}, {3, 1}, {0, 0}};
  for (const auto& wanted : offsets) {
    CommandPair first;
    auto command = first.client.start(test::kept_command()).value();
    ServedCommand served(first.server);
    served.accept();
    served.write(kOutputFlow, "out");
    CHECK(command.next().value().bytes.size() == 3);
    first.server.break_off(SessionCode::internal, "cut");
    CHECK(kind_of(command.next()) == "truncated");
    REQUIRE(command.can_resume());
    CommandPair second;
    at_once(
        [&] {
          ServedCommand attached(second.server);
          const auto request = std::get<services::AttachRequest>(attached.request);
          CHECK(request.job == test::sample_job());
          CHECK(request.output_offset == 3U);
          CHECK(request.error_offset == 0U);
          CHECK(request.input == CommandInput::stream);
          attached.accept({.job = test::sample_job(),
                           .output_offset = wanted.first,
                           .error_offset = wanted.second});
          CHECK(attached.wait_reset() == reset_code(CommandRefusal::malformed));
        },
        [&] { CHECK(kind_of(command.resume(second.client)) == "protocol_violation"); });
    CHECK_FALSE(command.result());
  }
}

TEST_CASE("a whole digest that is wrong after a break refutes the result") {
  CommandPair first;
  auto command = first.client.start(test::kept_command()).value();
  ServedCommand served(first.server);
  served.accept();
  served.write(kOutputFlow, "out");
  CHECK(command.next().value().bytes.size() == 3);
  first.server.break_off(SessionCode::internal, "cut");
  CHECK(kind_of(command.next()) == "truncated");
  CommandPair second;
  at_once(
      [&] {
        ServedCommand attached(second.server);
        attached.note_before(kOutputFlow, "oUt");
        attached.accept({.job = test::sample_job(), .output_offset = 3, .keep = 1h});
        attached.write(kOutputFlow, "put");
        attached.end_with();
      },
      [&] {
        REQUIRE(command.resume(second.client));
        CHECK(kind_of(test::read_all(command).result) == "protocol_violation");
      });
}

TEST_CASE("a start whose answer was lost is sent again with its key, and may be refused") {
  CommandPair first;
  RemoteCommand asked = test::plain_command();
  asked.keep = 1h;
  auto command = first.client.start(asked).value();
  const ServedCommand unanswered(first.server);
  const auto sent = unanswered.request;
  first.server.break_off(SessionCode::internal, "cut");
  CHECK(kind_of(command.next()) == "truncated");
  REQUIRE(command.can_resume());
  CommandPair second;
  at_once(
      [&] {
        ServedCommand refused(second.server);
        CHECK(refused.request == sent);
        refused.stream.reset(reset_code(CommandRefusal::busy));
        ServedCommand again(second.server);
        CHECK(again.request == sent);
        again.stream.reset(reset_code(CommandRefusal::no_such_program), "gone");
      },
      [&] {
        CHECK_FALSE(command.refusal());
        CHECK(kind_of(command.resume(second.client)) == "resource_exhausted");
        CHECK(command.refusal() == CommandRefusal::busy);
        REQUIRE(command.can_resume());
        REQUIRE(command.resume(second.client));
        CHECK(command.next().value().kind == Kind::ended);
        CHECK(command.result().value().status() == 127);
      });
}

TEST_CASE("a request to attach whose answer was lost is sent again") {
  CommandPair first;
  auto command = first.client.attach(test::sample_job(), {.input = CommandInput::stream}).value();
  const ServedCommand unanswered(first.server);
  const auto sent = unanswered.request;
  first.server.break_off(SessionCode::internal, "cut");
  CHECK(kind_of(command.next()) == "truncated");
  REQUIRE(command.can_resume());
  CommandPair second;
  at_once(
      [&] {
        ServedCommand attached(second.server);
        CHECK(attached.request == sent);
        attached.accept({.job = test::sample_job(), .keep = 1h});
        attached.write(kOutputFlow, "all");
        attached.end_with();
      },
      [&] {
        REQUIRE(command.resume(second.client));
        CHECK_FALSE(command.started().value().takes_input);
        CHECK(test::read_all(command).output == "all");
      });
}

TEST_CASE("a command that is not kept, or was not cut, cannot be resumed") {
  CommandPair first;
  CommandPair second;
  auto plain = first.client.start(test::plain_command()).value();
  ServedCommand served(first.server);
  served.accept();
  CHECK(kind_of(plain.resume(second.client)) == "invalid_argument");
  first.server.break_off(SessionCode::internal, "cut");
  CHECK_FALSE(plain.next());
  CHECK_FALSE(plain.can_resume());
  CHECK(kind_of(plain.resume(second.client)) == "invalid_argument");
}

TEST_CASE("input that did not reach the command is sent again, and no other") {
  on_each_engine([] {
    CommandPair first;
    auto command = first.client.start(test::kept_command()).value();
    ServedCommand served(first.server);
    served.accept();
    REQUIRE(command.write_input(as_bytes("0123456789")));
    first.server.break_off(SessionCode::internal, "cut");
    CHECK(kind_of(command.next()) == "truncated");
    CHECK(kind_of(command.write_input(as_bytes("x"))) == "closed");
    CHECK(command.input_size() == 10);
    CommandPair second;
    at_once(
        [&] {
          ServedCommand attached(second.server);
          attached.accept({.job = test::sample_job(), .input_offset = 4, .keep = 1h});
          CHECK(test::read_all(attached.stream, kInputFlow) == "456789ab");
          const auto end = attached.stream.flow_end(kInputFlow).value();
          const auto trailer = services::decode_input_trailer(as_bytes(end.trailer)).value();
          services::OutputDigest whole;
          whole.add(as_bytes("0123456789ab"));
          CHECK(trailer.whole == whole.value());
          attached.end_with();
        },
        [&] {
          REQUIRE(command.resume(second.client));
          CHECK(command.write_input(as_bytes("ab")));
          CHECK(command.end_input());
          CHECK(command.end_input());
          CHECK(kind_of(command.write_input(as_bytes("c"))) == "invalid_argument");
          CHECK(test::read_all(command).result);
        });
  });
}

TEST_CASE("follow goes on after a break: no input is lost or doubled") {
  on_each_engine([] {
    const std::string input = test::numbered_text(300'000);
    CommandPair first;
    CommandPair second;
    std::string taken;
    const auto take = [&](ServedCommand& served) {
      const auto piece = served.stream.read(kInputFlow);
      REQUIRE(piece);
      taken += as_text(*piece);
      return !piece->empty();
    };
    std::size_t asked = 0;
    const CommandSinks sinks{.next_input = [&]() -> Result<Bytes> {
      const std::size_t from = std::exchange(asked, std::min(asked + 100'000, input.size()));
      return as_bytes(input).subspan(from, asked - from);
    }};
    at_once(
        [&] {
          auto command = first.client.start(test::kept_command()).value();
          CHECK(kind_of(command.follow(sinks)) == "truncated");
          REQUIRE(command.can_resume());
          CHECK(command.input_size() < input.size());
          REQUIRE(command.resume(second.client));
          CHECK(command.follow(sinks).value().is_success());
          CHECK(command.input_size() == input.size());
        },
        [&] {
          ServedCommand served(first.server);
          served.accept();
          CHECK(take(served));
          first.server.break_off(SessionCode::internal, "cut");
          ServedCommand attached(second.server);
          attached.accept({.job = test::sample_job(), .input_offset = taken.size(), .keep = 1h});
          while (take(attached)) {
          }
          attached.end_with();
        });
    CHECK((taken == input));
  });
}

TEST_CASE("a break while the input is waited for is a cut, and does not abort the command") {
  on_each_engine([] {
    CommandPair pair;
    Event never;
    at_once(
        [&] {
          auto command = pair.client.start(test::kept_command()).value();
          const CommandSinks waiting{.next_input = [&]() -> Result<Bytes> {
            const auto waited = never.wait();
            return waited ? Result<Bytes>(Bytes()) : fail(waited.error());
          }};
          CHECK(kind_of(command.follow(waiting)) == "truncated");
          CHECK(command.can_resume());
        },
        [&] {
          ServedCommand served(pair.server);
          served.accept();
          served.write(kOutputFlow, "out");
          pair.server.break_off(SessionCode::internal, "cut");
        });
  });
}

}  // namespace
}  // namespace hotline::running_command_resume_test
