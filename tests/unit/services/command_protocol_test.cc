#include "services/command_protocol.h"

#include <csignal>
#include <string>

#include <doctest/doctest.h>

namespace hotline::services::command_protocol_test {

TEST_CASE("requests for commands have three flows, the others none") {
  for (const RequestKind kind :
       {RequestKind::run, RequestKind::shell, RequestKind::login, RequestKind::attach}) {
    CHECK(flows_of(kind) == SessionFlows{1, 2});
  }
  for (const RequestKind kind : {RequestKind::list, RequestKind::signal, RequestKind::forget}) {
    CHECK(flows_of(kind) == SessionFlows{0, 0});
  }
}

TEST_CASE("the options of both ends are valid, and fit the longest request and answer") {
  for (const SessionRole role : {SessionRole::client, SessionRole::server}) {
    const SessionOptions options = command_session_options(role);
    CHECK(options.check());
    CHECK(options.protocol == "command/1");
    CHECK(options.frame_max == kCommandRequestMax + 2);
    CHECK(options.flows_max == 3);
    CHECK(options.message_types == 6);
  }
  CHECK(command_session_options(SessionRole::client).streams_max == 0);
  CHECK(command_session_options(SessionRole::server).streams_max > 0);
}

TEST_CASE("messages are critical and have no other flags") {
  const std::string payload = "TERM";
  const SessionMessage message = command_message(CommandMessage::signal, payload);
  CHECK(message.type == 0x40);
  CHECK(message.is_critical);
  CHECK(message.flags == 0);
  CHECK(as_text(message.payload) == "TERM");
  CHECK(command_message(CommandMessage::job, {}).type == 0x45);
}

TEST_CASE("on the wire a signal has one name only") {
  CHECK(signal_on_wire("TERM") == SIGTERM);
  for (const std::string_view name : {"SIGTERM", "term", "", "15", "IOT", "TERM\n"}) {
    CHECK_FALSE(signal_on_wire(name));
  }
}

TEST_CASE("the size of a terminal is two numbers") {
  CHECK(encode_terminal_size({.columns = 0x0304, .rows = 0x0102}) == "\x01\x02\x03\x04");
  CHECK(decode_terminal_size(as_bytes("\x01\x02\x03\x04")) ==
        TerminalSize{.columns = 0x0304, .rows = 0x0102});
}

}  // namespace hotline::services::command_protocol_test
