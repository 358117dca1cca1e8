#include "server/framed_talk.h"

#include <sys/socket.h>

#include <stdexcept>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/channel.h"
#include "hotline/engine/clock.h"
#include "net/stream_access.h"
#include "server/call.h"
#include "support/frame_feed.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/sockets.h"

namespace hotline::server::framed_talk_test {
namespace {

Reply echo(const Message& message) { return Reply::in_place(message); }

Reply throws(const Message&) { throw std::runtime_error("no"); }

/// One framed call over TCP, run to its end on a fiber or thread of its own.
class OneTalk {
 public:
  explicit OneTalk(std::string_view framing, MessageHandler handler, ServerOptions options = {})
      : shared_(with_log(std::move(options))) {
    service_.name = "test";
    service_.framing = *Framing::parse(framing);
    service_.handler = std::move(handler);
    const auto [listener, port] = test::tcp_listener();
    caller_ = test::connect_tcp(port);
    test::wait_readable(listener.get());
    UniqueFd ours(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    call_.emplace(net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(ours)),
                                          *Endpoint::parse("unix:@peer"),
                                          {.timeouts = shared_.options.timeouts, .receive_max = 3}),
                  CallSlot());
  }

  /// The caller sends `text` and no more.
  void run(std::string_view text) {
    test::send_text(caller(), text);
    ::shutdown(caller(), SHUT_WR);
    run();
  }
  void run() {
    handle(shared_, service_, *call_);
    CHECK_FALSE(call_->stream.is_open());
    if (engine::EventLoop* loop = engine::EventLoop::running()) loop->yield();
  }
  /// Returns everything that the caller has received, followed by "<reset>" if the call ended so.
  std::string heard() const {
    std::string text;
    for (char byte = 0;;) {
      const ssize_t count = ::recv(caller(), &byte, 1, 0);
      if (count <= 0) return text + (count < 0 ? "<reset>" : "");
      text += byte;
    }
  }

  int caller() const { return caller_.get(); }
  Framing& framing() { return service_.framing; }
  Counters counters() const { return service_.tally->read(); }
  const test::CollectingLog& log() const { return log_; }

 private:
  ServerOptions with_log(ServerOptions options) {
    options.log = &log_;
    options.linger = std::chrono::milliseconds(10);
    return options;
  }

  test::CollectingLog log_;
  ServerState shared_;
  Service service_;
  UniqueFd caller_;
  std::optional<AdmittedCall> call_;
};

}  // namespace

TEST_CASE("a whole call is answered in order, however its messages are cut") {
  test::on_each_engine([] {
    for (const char* name : {"lines", "u32be", "netstring", "varint", "delimiter=--", "fixed=5"}) {
      CAPTURE(name);
      OneTalk one(name, echo);
      std::string text;
      for (const char* payload : {"hello", "world", "12345"}) {
        text += test::wire(one.framing(), payload);
      }
      one.run(text);
      CHECK(one.heard() == text);
      CHECK(one.log().count(LogLevel::info) == 0);
    }
  });
}

TEST_CASE(
    "bytes that are not a message end the call after the replies before them, with a warning") {
  test::on_each_engine([] {
    for (const char* text : {"1:a,x", "1:a,99:"}) {
      CAPTURE(text);
      OneTalk one("netstring", echo);
      one.framing().frame_max = 98;
      one.run(text);
      CHECK(one.heard() == "1:a,");
      CHECK(one.log().count(LogLevel::warning) == 1);
      CHECK(one.counters().handler_failures == 0);
    }
  });
}

TEST_CASE("an end within a message is truncated, and one between two is not") {
  test::on_each_engine([] {
    OneTalk amid("lines", echo);
    amid.run("one\ntw");
    CHECK(amid.heard() == "one\n");
    CHECK(amid.log().has_detail("closed in the middle of a message"));
    OneTalk between("lines", echo);
    between.run("one\n");
    CHECK(between.heard() == "one\n");
    CHECK_FALSE(between.log().has_detail("closed in the middle of a message"));
  });
}

TEST_CASE("a handler that throws breaks off its call, and is counted, in turns too") {
  test::on_each_engine([] {
    for (const bool is_in_turns : {false, true}) {
      CAPTURE(is_in_turns);
      OneTalk one(is_in_turns ? "ready" : "lines", throws);
      const std::jthread caller([&] {
        test::send_text(one.caller(), is_in_turns ? "1" : "x\n");
        if (!is_in_turns) return;
        CHECK(test::receive_text(one.caller(), 5) == "ready");
        test::send_text(one.caller(), "x");
      });
      one.run();
      CHECK(one.heard() == "<reset>");
      CHECK(one.counters().handler_failures == 1);
      CHECK(one.log().has("the handler failed; its call ends"));
    }
  });
}

TEST_CASE("a reply that cannot be framed is a failure of its handler, in turns too") {
  test::on_each_engine([] {
    for (const bool is_in_turns : {false, true}) {
      CAPTURE(is_in_turns);
      OneTalk one(is_in_turns ? "ready" : "lines",
                  [](const Message&) { return Reply("much\nmore than one byte"); });
      one.framing().frame_max = is_in_turns ? 9 : 99;
      const std::jthread caller([&] {
        test::send_text(one.caller(), is_in_turns ? "1" : "x\n");
        if (!is_in_turns) return;
        CHECK(test::receive_text(one.caller(), 5) == "ready");
        test::send_text(one.caller(), "x");
      });
      one.run();
      CHECK(one.heard() == "<reset>");
      CHECK(one.counters().handler_failures == 1);
    }
  });
}

TEST_CASE("messages in turns are answered in turns, or not at all") {
  test::on_each_engine([] {
    OneTalk one("ready", [](const Message& message) {
      return message.bytes().empty() ? Reply() : Reply::in_place(message);
    });
    const std::jthread caller([&] {
      for (int i = 0; i < 3; ++i) {
        test::send_text(one.caller(), "0");
        CHECK(test::receive_text(one.caller(), 5) == "ready");
        test::send_text(one.caller(), "5");
        CHECK(test::receive_text(one.caller(), 5) == "ready");
        test::send_text(one.caller(), "hello");
        CHECK(test::receive_text(one.caller(), 1) == "5");
        test::send_text(one.caller(), "ready");
        CHECK(test::receive_text(one.caller(), 5) == "hello");
      }
      ::shutdown(one.caller(), SHUT_WR);
    });
    one.run();
    CHECK(one.heard().empty());
    CHECK(one.log().count(LogLevel::info) == 0);
  });
}

TEST_CASE("if one message is wanted, the second is not answered") {
  test::on_each_engine([] {
    ServerOptions options;
    options.calls = CallCount::one;
    OneTalk one("lines", echo, options);
    one.run("a\nb\n");
    CHECK(one.heard() == "a\n");
  });
}

TEST_CASE("a silent caller times out") {
  test::on_each_engine([] {
    for (const char* name : {"lines", "ready"}) {
      ServerOptions options;
      options.timeouts.first_byte = std::chrono::milliseconds(2);
      OneTalk one(name, echo, options);
      one.run();
      CHECK(one.heard().empty());
      CHECK(one.log().has_detail("timed out"));
    }
  });
}

}  // namespace hotline::server::framed_talk_test
