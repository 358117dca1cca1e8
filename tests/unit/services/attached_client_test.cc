#include "services/attached_client.h"

#include <new>
#include <string>

#include <doctest/doctest.h>

#include "hotline/services/command_refusal.h"
#include "support/loops.h"
#include "support/remote_client.h"
#include "support/session_pair.h"

namespace hotline::services::attached_client_test {
namespace {

using test::kind_of;

/// A client's stream, and the server's end of it.
struct Attached {
  explicit Attached(const ClientRules::Command& rules = {.input = CommandInput::stream,
                                                         .input_before = {}})
      : sessions(command_session_options(SessionRole::client),
                 command_session_options(SessionRole::server)),
        stream(sessions.client.open(flows_of(RequestKind::run), {}).value()),
        offered(sessions.server.accept().value()),
        client(offered, rules) {
    REQUIRE(client.accept({}));
    REQUIRE(stream.answer());
  }

  void send(const ClientMessage& message) {
    REQUIRE(stream.send(command_message(type_of(message), encode_client_message(message))));
  }
  void end_input(std::string_view input) {
    OutputDigest digest;
    digest.add(as_bytes(input));
    const InputTrailer trailer{digest.value(), digest.value()};
    REQUIRE(stream.end(kInputFlow, as_bytes(encode_trailer(trailer))));
  }
  CommandRefusal refusal() {
    CHECK(kind_of(stream.receive()) == "reset");
    return command_refusal(stream.reset_by_peer().value().code).value();
  }

  test::SessionPair sessions;
  SessionStream stream;
  SessionStream offered;
  AttachedClient client;
};

void on_each_loop(const std::function<void()>& body) {
  test::on_each_loop([&](engine::EventLoop&) { body(); });
}

TEST_CASE("messages are passed on up to their end") {
  on_each_loop([] {
    Attached attached;
    attached.send(SignalMessage{15});
    attached.send(CancelMessage{});
    attached.end_input("");
    REQUIRE(attached.stream.end_messages());
    std::vector<ClientMessage> taken;
    CHECK(attached.client.take_messages([&](const ClientMessage& each) { taken.push_back(each); }));
    CHECK(taken == std::vector<ClientMessage>{SignalMessage{15}, CancelMessage{}});
  });
}

TEST_CASE("a message that is not allowed resets the stream") {
  on_each_loop([] {
    Attached attached;
    attached.send(ResizeMessage{{10, 10}});
    CHECK_FALSE(attached.client.take_messages([](const ClientMessage&) { FAIL("passed on"); }));
    CHECK(attached.refusal() == CommandRefusal::malformed);
  });
}

TEST_CASE("a client that finds no memory is cut off") {
  on_each_loop([] {
    Attached attached;
    attached.send(SignalMessage{15});
    const auto no_memory = [](const auto&) { throw std::bad_alloc(); };
    CHECK_FALSE(attached.client.take_messages(no_memory));
    CHECK(kind_of(attached.stream.receive()) == "reset");
    CHECK(attached.stream.reset_by_peer().value().code == ResetCode::failed);
    Attached writing;
    REQUIRE(writing.stream.write(kInputFlow, as_bytes("input")));
    writing.client.take_input(no_memory, [] { FAIL("an end"); });
    CHECK(kind_of(writing.stream.receive()) == "reset");
  });
}

TEST_CASE("a stream that is cut ends the messages, and not in order") {
  on_each_loop([] {
    Attached attached;
    attached.stream.reset(ResetCode::cancelled);
    CHECK_FALSE(attached.client.take_messages([](const ClientMessage&) {}));
    attached.client.wait_cut();
  });
}

TEST_CASE("input is passed on with its end") {
  on_each_loop([] {
    Attached attached;
    REQUIRE(attached.stream.write(kInputFlow, as_bytes("input")));
    attached.end_input("input");
    std::string input;
    bool has_ended = false;
    attached.client.take_input([&](Bytes bytes) { input += as_text(bytes); },
                               [&] { has_ended = true; });
    CHECK(input == "input");
    CHECK(has_ended);
    CHECK(attached.client.input().size() == 5);
  });
}

TEST_CASE("input with a wrong digest, and input that was not announced, reset the stream") {
  on_each_loop([] {
    Attached wrong;
    REQUIRE(wrong.stream.write(kInputFlow, as_bytes("input")));
    wrong.end_input("other");
    wrong.client.take_input([](Bytes) {}, [] { FAIL("not its end"); });
    CHECK(wrong.refusal() == CommandRefusal::malformed);
    Attached unannounced({.input = CommandInput::none, .input_before = {}});
    REQUIRE(unannounced.stream.write(kInputFlow, as_bytes("x")));
    unannounced.client.take_input([](Bytes) { FAIL("passed on"); }, [] {});
    CHECK(unannounced.refusal() == CommandRefusal::malformed);
  });
}

TEST_CASE("outputs, their ends and EXIT arrive in the order of the wire") {
  on_each_loop([] {
    Attached attached;
    REQUIRE(attached.client.wait_room(OutputStream::standard_output));
    REQUIRE(attached.client.put(OutputStream::standard_output, as_bytes("out")));
    REQUIRE(attached.client.put(OutputStream::standard_error, as_bytes("err")));
    REQUIRE(attached.client.send_outputs_end({1, 2, 3}, {4, 5, 6}));
    REQUIRE(attached.client.send_exit({.kind = ExitKind::code, .value = 7}));
    attached.end_input("");
    REQUIRE(attached.stream.end_messages());
    attached.client.finish();
    CHECK(test::read_all(attached.stream, kOutputFlow) == "out");
    CHECK(test::read_all(attached.stream, kErrorFlow) == "err");
    CHECK(attached.stream.flow_end(kErrorFlow).value().trailer ==
          encode_trailer(OutputTrailer{4, 5, 6}));
    CHECK(attached.stream.receive().value().type == static_cast<int>(CommandMessage::exit));
    CHECK(kind_of(attached.stream.receive()) == "closed");
  });
}

}  // namespace
}  // namespace hotline::services::attached_client_test
