#include "services/command_sender.h"

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/served_command.h"

namespace hotline::command_sender_test {
namespace {

using namespace std::chrono_literals;
using services::CommandSender;
using services::DetachMessage;
using services::kInputFlow;
using services::SignalMessage;
using test::kind_of;
using test::ServedCommand;

/// A sender with a stream that a server has taken.
struct Sending {
  explicit Sending(CommandSender::Permissions permissions) : sender(permissions, "server") {
    begin();
  }

  /// Opens a further stream.
  void begin() {
    RemoteCommand command{.program = CommandWords{{"cat"}}};
    if (sender.permissions().has_input) command.input = CommandInput::stream;
    const std::string request = services::encode_request(command);
    stream = std::make_shared<SessionStream>(
        sessions.client.open(flows_of(services::RequestKind::run), as_bytes(request)).value());
    REQUIRE(sender.begin(stream, Deadline::never()));
    served.emplace(sessions.server);
  }

  test::SessionPair sessions{services::command_session_options(SessionRole::client),
                             services::command_session_options(SessionRole::server)};
  CommandSender sender;
  std::shared_ptr<SessionStream> stream;
  std::optional<ServedCommand> served;
};

constexpr CommandSender::Permissions kAll{.has_input = true, .is_kept = true, .has_terminal = true};

TEST_CASE("finish ends the flow and the messages in order, whatever was sent before") {
  const auto check_end = [](Sending& sending, std::string_view input) {
    sending.sender.finish();
    CHECK(test::read_all(sending.served->stream, kInputFlow) == input);
    CHECK(kind_of(sending.served->stream.receive()) == "closed");
    CHECK_FALSE(sending.served->stream.reset_by_peer());
    CHECK(kind_of(sending.sender.send(SignalMessage{15}, Deadline::never())) == "closed");
    CHECK(kind_of(sending.sender.cancel(Deadline::never())) == "closed");
  };
  Sending none{{}};
  none.served->accept();
  REQUIRE(none.stream->answer());
  check_end(none, "");

  Sending unused{kAll};
  unused.served->accept();
  REQUIRE(unused.stream->answer());
  check_end(unused, "");
  CHECK(kind_of(unused.sender.write(as_bytes("x"), Deadline::never())) == "closed");
  CHECK(unused.sender.end_input(Deadline::never()));

  Sending begun{kAll};
  begun.served->accept();
  REQUIRE(begun.sender.write(as_bytes("abc"), Deadline::never()));
  check_end(begun, "abc");

  Sending ended{kAll};
  ended.served->accept();
  REQUIRE(ended.sender.end_input(Deadline::never()));
  check_end(ended, "");
}

TEST_CASE("input that the server has is skipped, and one that is shorter than that cannot end") {
  Sending sending{kAll};
  sending.served->accept({.job = test::sample_job(), .input_offset = 4});
  REQUIRE(sending.sender.write(as_bytes("ab"), Deadline::never()));
  CHECK(kind_of(sending.sender.end_input(Deadline::never())) == "invalid_argument");

  Sending other{kAll};
  other.served->accept({.job = test::sample_job(), .input_offset = 4});
  REQUIRE(other.sender.write(as_bytes("abcdef"), Deadline::never()));
  CHECK(other.sender.input_size() == 6);
  REQUIRE(other.sender.end_input(Deadline::never()));
  CHECK(test::read_all(other.served->stream, kInputFlow) == "ef");
}

TEST_CASE("input that is not wanted is taken and dropped") {
  Sending sending{kAll};
  sending.served->accept({.job = test::sample_job()});
  REQUIRE(sending.sender.write(as_bytes("ab"), Deadline::never()));
  REQUIRE(sending.sender.end_input(Deadline::never()));
  CHECK(sending.sender.input_size() == 2);
  CHECK(test::read_all(sending.served->stream, kInputFlow).empty());
}

TEST_CASE("calls wait for the answer until their deadline") {
  Sending sending{kAll};
  const auto soon = [] { return deadline_after(1ms); };
  CHECK(kind_of(sending.sender.write(as_bytes("x"), soon())) == "timed_out");
  CHECK(kind_of(sending.sender.end_input(soon())) == "timed_out");
  CHECK(kind_of(sending.sender.send(SignalMessage{15}, soon())) == "timed_out");
  CHECK(kind_of(sending.sender.send(DetachMessage{}, soon())) == "timed_out");
  CHECK_FALSE(sending.sender.has_detached());
  CHECK_FALSE(sending.sender.is_aborted());
}

TEST_CASE("a reset by the server, or an answer that is malformed, looks like an end") {
  Sending sending{kAll};
  sending.served->stream.reset(ResetCode::failed);
  CHECK(kind_of(sending.sender.write(as_bytes("x"), Deadline::never())) == "closed");
  CHECK(kind_of(sending.sender.send(SignalMessage{15}, Deadline::never())) == "closed");

  Sending other{kAll};
  REQUIRE(other.served->stream.accept(as_bytes("?")));
  CHECK(kind_of(other.sender.write(as_bytes("x"), Deadline::never())) == "closed");
}

TEST_CASE("on a further stream messages are allowed again, and the input goes on") {
  Sending sending{kAll};
  sending.served->accept();
  REQUIRE(sending.sender.write(as_bytes("0123"), Deadline::never()));
  REQUIRE(sending.sender.send(DetachMessage{}, Deadline::never()));
  CHECK(sending.sender.has_detached());
  CHECK(kind_of(sending.sender.send(SignalMessage{15}, Deadline::never())) == "closed");
  sending.begin();
  CHECK_FALSE(sending.sender.has_detached());
  sending.served->accept({.job = test::sample_job(), .input_offset = 1});
  REQUIRE(sending.sender.send(SignalMessage{15}, Deadline::never()));
  REQUIRE(sending.sender.end_input(Deadline::never()));
  CHECK(test::read_all(sending.served->stream, kInputFlow) == "123");
}

}  // namespace
}  // namespace hotline::command_sender_test
