#include "services/command_reader.h"

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/services/command_refusal.h"
#include "support/loops.h"
#include "support/served_command.h"

namespace hotline::command_reader_test {
namespace {

using namespace std::chrono_literals;
using services::CommandReader;
using services::CommandSender;
using services::kOutputFlow;
using test::kind_of;
using test::ServedCommand;

/// A reader with a stream that a server has taken.
struct Reading {
  explicit Reading(const CommandReader::Request& request = {}) : reader(request, "server", sender) {
    reader.begin(opened());
    served.emplace(sessions.server);
  }

  std::shared_ptr<SessionStream> opened() {
    const std::string request =
        services::encode_request(RemoteCommand{.program = CommandWords{{"id"}}});
    auto stream = std::make_shared<SessionStream>(
        sessions.client.open(flows_of(services::RequestKind::run), as_bytes(request)).value());
    REQUIRE(sender.begin(stream, Deadline::never()));
    return stream;
  }

  test::SessionPair sessions{services::command_session_options(SessionRole::client),
                             services::command_session_options(SessionRole::server)};
  CommandSender sender{{}, "server"};
  CommandReader reader;
  std::optional<ServedCommand> served;
};

TEST_CASE("a wait that fails loses nothing") {
  Reading reading;
  CHECK(kind_of(reading.reader.started(deadline_after(1ms))) == "timed_out");
  CHECK(kind_of(reading.reader.next(deadline_after(1ms))) == "timed_out");
  CHECK_FALSE(reading.reader.answer());
  reading.served->serve("out");
  CHECK(as_text(reading.reader.next(Deadline::never()).value().bytes) == "out");
  CHECK(reading.reader.next(Deadline::never()).value().kind == CommandEvent::Kind::ended);
  CHECK(reading.reader.result().value().is_success());
  CHECK(reading.reader.answer().value().pid == 4'711);
}

TEST_CASE("a refusal is final, and not a cut") {
  Reading reading;
  reading.served->stream.reset(reset_code(CommandRefusal::busy), "full");
  CHECK(kind_of(reading.reader.next(Deadline::never())) == "resource_exhausted");
  CHECK(kind_of(reading.reader.started(Deadline::never())) == "resource_exhausted");
  CHECK(kind_of(reading.reader.result()) == "resource_exhausted");
  CHECK_FALSE(reading.reader.is_cut());
}

TEST_CASE("a program that could not be started has an end, and no start") {
  Reading reading;
  reading.served->stream.reset(reset_code(CommandRefusal::no_such_program), "none");
  CHECK(kind_of(reading.reader.started(Deadline::never())) == "not_found");
  CHECK(reading.reader.next(Deadline::never()).value().kind == CommandEvent::Kind::ended);
  CHECK(reading.reader.result().value().status() == 127);
}

TEST_CASE("a session that ends before or after the answer is a cut") {
  Reading early;
  early.sessions.server.break_off(SessionCode::internal, "the test ends it");
  CHECK(kind_of(early.reader.next(Deadline::never())) == "truncated");
  CHECK(early.reader.is_cut());

  Reading late;
  late.served->accept();
  REQUIRE(late.reader.started(Deadline::never()));
  late.sessions.server.break_off(SessionCode::internal, "the test ends it");
  const auto event = late.reader.next(Deadline::never());
  CHECK(kind_of(event) == "truncated");
  CHECK(event.error().detail.find("the test ends it") != std::string::npos);
  CHECK(late.reader.is_cut());
}

TEST_CASE("an answer must begin where the request says, if it says so") {
  const services::CommandAnswer later{.job = test::sample_job(), .output_offset = 2};
  Reading any{{.from = std::nullopt}};
  any.served->accept(later);
  CHECK(any.reader.started(Deadline::never()).value().output_offset == 2);
  Reading there{{.from = {{.output = 2}}}};
  there.served->accept(later);
  CHECK(there.reader.started(Deadline::never()));
  Reading elsewhere;
  elsewhere.served->accept(later);
  CHECK(kind_of(elsewhere.reader.started(Deadline::never())) == "protocol_violation");
  CHECK(elsewhere.served->wait_reset() == reset_code(CommandRefusal::malformed));
  CHECK_FALSE(elsewhere.reader.is_cut());
}

TEST_CASE("resume goes on where the output was cut off, or changes nothing") {
  Reading reading;
  reading.served->accept();
  reading.served->write(kOutputFlow, "out");
  CHECK(as_text(reading.reader.next(Deadline::never()).value().bytes) == "out");
  reading.served->stream.reset(ResetCode::failed);
  CHECK(kind_of(reading.reader.next(Deadline::never())) == "reset");
  REQUIRE(reading.reader.is_cut());

  const auto unanswered = reading.opened();
  CHECK(kind_of(reading.reader.resume(unanswered, deadline_after(1ms))) == "timed_out");
  CHECK(reading.reader.is_cut());
  CHECK(kind_of(reading.reader.result()) == "reset");
  ServedCommand(reading.sessions.server).stream.reset(ResetCode::failed);

  const auto again = reading.opened();
  ServedCommand attached(reading.sessions.server);
  attached.note_before(kOutputFlow, "out");
  attached.accept({.job = test::sample_job(), .output_offset = 3});
  REQUIRE(reading.reader.resume(again, Deadline::never()));
  CHECK_FALSE(reading.reader.is_cut());
  attached.write(kOutputFlow, "put");
  attached.end_with();
  CHECK(as_text(reading.reader.next(Deadline::never()).value().bytes) == "put");
  CHECK(reading.reader.next(Deadline::never()).value().kind == CommandEvent::Kind::ended);
  CHECK(reading.reader.result());
}

}  // namespace
}  // namespace hotline::command_reader_test
