#include "hotline/services/running_command.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/services/command_refusal.h"
#include "support/loops.h"
#include "support/read_command.h"

namespace hotline::running_command_proof_test {
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

/// What a server does wrong, and what the client says about it.
struct Wrong {
  std::string_view says;
  std::string_view kind;
  std::function<void(ServedCommand& served)> serve;
};

/// Accepts, and sends both outputs.
void outputs(ServedCommand& served) {
  served.accept();
  served.write(kOutputFlow, "out");
  served.write(kErrorFlow, "err");
}

/// Everything arrives, but not as docs/wire/remote.md wants it.
std::vector<Wrong> wrong_ends() {
  const auto trailed = [](std::uint8_t flow, std::function<void(services::OutputTrailer&)> change) {
    return [=](ServedCommand& served) {
      outputs(served);
      services::OutputTrailer trailer = served.trailer(flow);
      change(trailer);
      served.end(flow, trailer);
      served.end(flow == kOutputFlow ? kErrorFlow : kOutputFlow);
      served.send_exit();
      served.finish();
    };
  };
  return {
      {"without an exit", "protocol_violation",
       [](ServedCommand& served) {
         outputs(served);
         served.end_outputs();
         served.finish();
       }},
      {"the exit came before the end of standard output", "protocol_violation",
       [](ServedCommand& served) {
         outputs(served);
         served.end(kErrorFlow);
         served.send_exit();
         served.end(kOutputFlow);
         served.finish();
       }},
      {"the exit came before the end of standard error", "protocol_violation",
       [](ServedCommand& served) {
         outputs(served);
         served.end(kOutputFlow);
         served.send_exit();
         served.end(kErrorFlow);
         served.finish();
       }},
      {"two exits", "protocol_violation",
       [](ServedCommand& served) {
         outputs(served);
         served.end_outputs();
         served.send_exit();
         served.send_exit();
         served.finish();
       }},
      {"standard output arrived changed", "protocol_violation",
       trailed(kOutputFlow, [](auto& trailer) { ++trailer.flow; })},
      {"standard error arrived changed", "protocol_violation",
       trailed(kErrorFlow, [](auto& trailer) { ++trailer.flow; })},
      {"standard output", "protocol_violation",
       trailed(kOutputFlow, [](auto& trailer) { ++trailer.whole; })},
      {"without saying so", "protocol_violation",
       trailed(kErrorFlow, [](auto& trailer) { trailer.dropped = 1; })},
      {"had to keep", "protocol_violation",
       [](ServedCommand& served) {
         outputs(served);
         served.end_outputs();
         served.send_exit({.kind = ExitKind::code, .is_truncated = true});
         served.finish();
       }},
  };
}

/// Something else arrives, or the end of the stream.
std::vector<Wrong> wrong_streams() {
  return {
      {"trailer", "protocol_violation",
       [](ServedCommand& served) {
         outputs(served);
         discard(served.stream.end(kOutputFlow, as_bytes("short")));
       }},
      {"the exit is cut off", "protocol_violation",
       [](ServedCommand& served) {
         outputs(served);
         served.end_outputs();
         served.send(CommandMessage::exit, "?");
       }},
      {"does not belong to a command", "protocol_violation",
       [](ServedCommand& served) {
         outputs(served);
         served.send(CommandMessage::job, "");
       }},
      {"does not belong to a command", "protocol_violation",
       [](ServedCommand& served) {
         outputs(served);
         served.send(CommandMessage::signal, "TERM");
       }},
      {"begins elsewhere", "protocol_violation",
       [](ServedCommand& served) {
         served.accept({.job = test::sample_job(), .output_offset = 3});
         served.end_outputs();
         served.send_exit();
         served.finish();
       }},
      {"begins elsewhere", "protocol_violation",
       [](ServedCommand& served) {
         served.accept({.job = test::sample_job(), .error_offset = 3});
         served.end_outputs();
         served.send_exit();
         served.finish();
       }},
      {"job", "protocol_violation",
       [](ServedCommand& served) { discard(served.stream.accept(as_bytes(""))); }},
      {"the command's end is not known", "reset",
       [](ServedCommand& served) {
         outputs(served);
         served.end_outputs();
         served.send_exit();
         served.stream.reset(ResetCode::failed, "the server's fault");
       }},
      {"another client has attached", "cancelled",
       [](ServedCommand& served) {
         outputs(served);
         served.stream.reset(reset_code(CommandRefusal::attached_elsewhere));
       }},
  };
}

TEST_CASE("a server that does not prove the end is believed in nothing") {
  CommandPair pair;
  std::vector<Wrong> servers = wrong_ends();
  for (Wrong& each : wrong_streams()) servers.push_back(std::move(each));
  for (const Wrong& wrong : servers) {
    CAPTURE(wrong.says);
    auto command = pair.client.start(test::plain_command()).value();
    ServedCommand served(pair.server);
    wrong.serve(served);
    const test::Got got = test::read_all(command);
    CHECK(kind_of(got.result) == wrong.kind);
    CHECK(got.result.error().message().find(wrong.says) != std::string::npos);
    CHECK(got.result.error().message().find(pair.client.peer()) != std::string::npos);
    CHECK_FALSE(got.result.error().hint().empty());
    const auto again = command.next();
    CHECK((!again && again.error() == got.result.error()));
    CHECK_FALSE(command.can_resume());
    if (wrong.kind == "protocol_violation") {
      CHECK(served.wait_reset() == reset_code(CommandRefusal::malformed));
    }
  }
}

TEST_CASE("a connection that is cut at any byte never looks like a result") {
  // A loop, because thousands of threads would take longer.
  test::on_loop(EngineKind::epoll, [](engine::EventLoop&) {
    std::size_t cut = 0;
    for (bool was_cut = true; was_cut; ++cut) {
      REQUIRE(cut < 2'000);
      was_cut = test::run_cut(
          test::plain_command(), cut,
          [&](RunningCommand& command, test::Got& got, const test::SteadyServer& server) {
            if (got.result) return;
            CAPTURE(cut);
            CHECK(kind_of(got.result) == "truncated");
            CHECK(server.output.starts_with(got.output));
            CHECK(server.error.starts_with(got.error));
            CHECK_FALSE(command.can_resume());
          });
    }
    // HELLO, the answer, 130 bytes of output, two ends with trailers, the exit.
    CHECK(cut > 300);
  });
}

}  // namespace
}  // namespace hotline::running_command_proof_test
