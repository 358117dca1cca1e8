#include "server/call_messages.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/framing/frame_stream.h"
#include "hotline/net/connect.h"
#include "support/on_each_word.h"
#include "support/sockets.h"

// Message handlers that are made for each call, and replies that end a call.

namespace hotline::call_messages_test {
namespace {

constexpr const char* kLines = "tcp://127.0.0.1:0?framing=lines";
constexpr std::initializer_list<const char*> kOneProcess = {"serial", "threads:4", "loops:1",
                                                            "loops:2"};

/// Answers with the number of the message in its call.
MessageHandler count_messages(const CallInfo&) {
  return [count = 0](const Message&) mutable { return Reply(std::to_string(++count)); };
}

test::AddedServer server_of(const ServerOptions& options, const char* uri, Handler handler) {
  return {options, [&](Server& server) { REQUIRE(server.add(uri, std::move(handler))); }};
}

UniqueFd call(const test::AddedServer& running) {
  return test::connect_tcp(running.endpoint().port());
}

std::string ask(const UniqueFd& caller, std::string_view text, std::size_t reply_bytes) {
  test::send_text(caller.get(), text);
  return test::receive_text(caller.get(), reply_bytes);
}

}  // namespace

TEST_CASE("a handler that is made for each call has a state of its own in each") {
  test::on_each_word([](const ServerOptions& options) {
    auto running = server_of(options, kLines, count_messages);
    for (int i = 0; i < 3; ++i) {
      const UniqueFd caller = call(running);
      CHECK(ask(caller, "a\nb\n", 4) == "1\n2\n");
      CHECK(ask(caller, "c\n", 2) == "3\n");
    }
    CHECK(running.drain().handler_failures == 0);
  });
}

TEST_CASE("calls at the same time have handlers of their own") {
  test::on_each_word(
      [](const ServerOptions& options) {
        auto running = server_of(options, kLines, count_messages);
        const UniqueFd one = call(running);
        const UniqueFd other = call(running);
        CHECK(ask(one, "a\n", 2) == "1\n");
        CHECK(ask(other, "a\n", 2) == "1\n");
        CHECK(ask(one, "a\n", 2) == "2\n");
        CHECK(ask(other, "a\n", 2) == "2\n");
      },
      {"threads:4", "processes:4", "loops:1", "loops:2"});
}

TEST_CASE("a framing that waits for its receiver has a handler for each call too") {
  test::on_each_word([](const ServerOptions& options) {
    auto running = server_of(options, "tcp://127.0.0.1:0?framing=ready", count_messages);
    auto endpoint = running.endpoint();
    for (int i = 0; i < 2; ++i) {
      auto stream = connect(endpoint);
      REQUIRE(stream);
      FrameStream frames(std::move(*stream), *Framing::parse("ready"));
      for (const char* expected : {"1", "2"}) {
        REQUIRE(frames.write_frame(as_bytes("x")));
        const auto reply = frames.read_frame();
        REQUIRE(reply);
        CHECK(as_text(*reply) == expected);
      }
    }
  });
}

TEST_CASE("the maker receives both addresses, and the identity if there is one") {
  test::on_each_word([](const ServerOptions& options) {
    const auto introduce = [](const CallInfo& info) -> MessageHandler {
      std::string text = std::to_string(info.peer().port()) + ' ' +
                         std::to_string(info.local().port()) + ' ' +
                         (info.identity() == nullptr ? "anonymous" : info.identity()->name) +
                         (info.is_datagram_socket() ? " socket" : "");
      return [text](const Message&) { return Reply(text); };
    };
    const auto anybody = [](Stream&) -> Result<Identity> { return Identity{"mary"}; };
    for (const bool is_known : {false, true}) {
      Handler handler(introduce);
      if (is_known) handler.authenticate(anybody);
      auto running = server_of(options, kLines, handler);
      auto stream = connect(running.endpoint().to_string());
      REQUIRE(stream);
      const std::string expected = std::to_string(stream->local().port()) + ' ' +
                                   std::to_string(running.endpoint().port()) +
                                   (is_known ? " mary\n" : " anonymous\n");
      REQUIRE(stream->write_all(as_bytes("who\n")));
      std::string reply(expected.size(), '\0');
      REQUIRE(stream->read_exact(std::as_writable_bytes(std::span(reply))));
      CHECK(reply == expected);
    }
  });
}

TEST_CASE("the handler of a call goes with its end") {
  test::on_each_word(
      [](const ServerOptions& options) {
        const auto token = std::make_shared<int>();
        const auto hold = [&](const CallInfo&) -> MessageHandler {
          return [token](const Message& message) { return Reply::in_place(message); };
        };
        auto running = server_of(options, kLines, hold);
        {
          const UniqueFd caller = call(running);
          CHECK(ask(caller, "a\n", 2) == "a\n");
        }
        running.drain();
        // What is left is this test's, and the maker's in the server.
        CHECK(token.use_count() == 1);
      },
      kOneProcess);
}

TEST_CASE("no handler is made for a call that sends nothing") {
  test::on_each_word(
      [](const ServerOptions& options) {
        std::atomic<int> made = 0;
        auto running = server_of(options, kLines, [&](const CallInfo& info) {
          ++made;
          return count_messages(info);
        });
        call(running).reset();
        const UniqueFd caller = call(running);
        CHECK(ask(caller, "a\n", 2) == "1\n");
        running.drain();
        CHECK(made == 1);
      },
      kOneProcess);
}

TEST_CASE("a maker that throws or makes nothing ends its call with a reset") {
  test::on_each_word([](const ServerOptions& options) {
    const MessageHandlerMaker bad[] = {
        [](const CallInfo&) -> MessageHandler { throw std::runtime_error("no"); },
        [](const CallInfo&) -> MessageHandler { throw std::bad_alloc(); },
        [](const CallInfo&) { return MessageHandler(); }};
    for (const MessageHandlerMaker& maker : bad) {
      auto running = server_of(options, kLines, maker);
      const UniqueFd caller = call(running);
      test::send_text(caller.get(), "a\n");
      CHECK(test::is_reset(caller.get()));
      CHECK(running.drain().handler_failures == 1);
    }
  });
}

TEST_CASE("a reply may end its call, and later messages are not answered") {
  test::on_each_word([](const ServerOptions& options) {
    const auto part = [](const Message& message) {
      if (as_text(message.bytes()) == "quit") return Reply("bye").then_close();
      if (as_text(message.bytes()) == "hang up") return Reply::close();
      return Reply::in_place(message);
    };
    for (const auto& [said, heard] :
         {std::pair("a\nb\nquit\nc\n", "a\nb\nbye\n"), std::pair("a\nhang up\nc\n", "a\n"),
          std::pair("quit\n", "bye\n"), std::pair("hang up\n", "")}) {
      CAPTURE(said);
      auto running = server_of(options, kLines, part);
      const UniqueFd caller = call(running);
      test::send_text(caller.get(), said);
      CHECK(test::receive_until_end(caller.get()) == heard);
      CHECK(running.drain().handler_failures == 0);
    }
  });
}

TEST_CASE("a reply may end a call whose framing waits for its receiver") {
  test::on_each_word([](const ServerOptions& options) {
    auto running = server_of(options, "tcp://127.0.0.1:0?framing=ready",
                             [](const Message&) { return Reply("bye").then_close(); });
    auto stream = connect(running.endpoint());
    REQUIRE(stream);
    FrameStream frames(std::move(*stream), *Framing::parse("ready"));
    REQUIRE(frames.write_frame(as_bytes("x")));
    const auto reply = frames.read_frame();
    REQUIRE(reply);
    CHECK(as_text(*reply) == "bye");
    CHECK(test::kind_of(frames.read_frame()) == "closed");
  });
}

TEST_CASE("a datagram socket has one handler, and a reply cannot end it") {
  test::on_each_word(
      [](const ServerOptions& options) {
        const auto count = [](const CallInfo& info) -> MessageHandler {
          CHECK(info.is_datagram_socket());
          CHECK(info.local().port() != 0);
          return [seen = 0](const Message&) mutable {
            return Reply(std::to_string(++seen)).then_close();
          };
        };
        auto running = server_of(options, "udp://127.0.0.1:0", count);
        auto client = connect_datagrams(running.endpoint());
        REQUIRE(client);
        for (const char* expected : {"1", "2", "3"}) {
          REQUIRE(client->send({as_bytes("x"), nullptr}));
          const auto reply = client->receive(deadline_after(std::chrono::seconds(10)));
          REQUIRE(reply);
          CHECK(as_text(reply->bytes) == expected);
        }
      },
      {"serial", "threads:1", "processes:1", "loops:1"});
}

TEST_CASE("the maker of a datagram socket's handler that throws is called again") {
  test::on_each_word(
      [](ServerOptions options) {
        test::CollectingLog log;
        options.log = &log;
        auto running = server_of(options, "udp://127.0.0.1:0",
                                 [tries = 0](const CallInfo& info) mutable -> MessageHandler {
                                   if (++tries < 3) throw std::runtime_error("not yet");
                                   return count_messages(info);
                                 });
        auto client = connect_datagrams(running.endpoint());
        REQUIRE(client);
        REQUIRE(client->send({as_bytes("x"), nullptr}));
        CHECK(client->receive(deadline_after(std::chrono::seconds(10))));
        CHECK(running.drain().handler_failures == 2);
        CHECK(log.has_detail("not yet"));
      },
      {"serial", "threads:1", "loops:1"});
}

}  // namespace hotline::call_messages_test
