#include "hotline/session/serve_streams.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/event.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/session_pair.h"

namespace hotline::serve_streams_test {
namespace {

using test::kind_of;
using test::on_each_engine;
using test::pair_options;

/// Sends the messages of the peer back until their end.
void echo(SessionStream& stream) {
  REQUIRE(stream.accept());
  for (;;) {
    const auto message = stream.receive();
    if (!message) break;
    REQUIRE(stream.send({.payload = as_bytes(message->payload)}));
  }
  REQUIRE(stream.end_messages());
}

/// Serves one end of a connection with `handler`, and calls `use` with a session at the other. Both
/// run on fibers of a TaskGroup.
struct ServedCall {
  SessionOptions options = pair_options();
  Result<void> served{};
  TaskGroup* serving = nullptr;  ///< While `use` runs.

  void run(const SessionStreamHandler& handler, const std::function<void(Session&)>& use) {
    TaskGroup both;
    REQUIRE(both.spawn("call", [&] {
      auto [near, far] = test::connected_streams();
      TaskGroup server;
      serving = &server;
      REQUIRE(server.spawn("serve", [&, call = std::move(far)]() mutable {
        served = serve_streams(call, options, handler);
      }));
      auto client = Session::start(std::move(near), SessionRole::client, pair_options());
      REQUIRE(client);
      use(*client);
      { const Session dropped = std::move(*client); }
      const auto ended = server.join();
      REQUIRE(ended);
    }));
    const auto ended = both.join();
    REQUIRE(ended);
  }
};

void close_in_order(SessionStream& stream) {
  REQUIRE(stream.end_messages());
  REQUIRE(kind_of(stream.receive()) == "closed");
}

TEST_CASE("the streams of a call are handled all at once") {
  on_each_engine([] {
    Event second_runs;
    const auto handler = [&](SessionStream& stream) {
      REQUIRE(stream.accept());
      if (as_text(stream.request()) == "first") {
        REQUIRE(second_runs.wait());
      } else {
        second_runs.set();
      }
      close_in_order(stream);
    };
    ServedCall call;
    call.run(handler, [](Session& client) {
      auto first = client.open({}, as_bytes("first"));
      auto second = client.open({}, as_bytes("second"));
      REQUIRE(first);
      REQUIRE(second);
      close_in_order(*first);
      close_in_order(*second);
      CHECK(client.finish());
    });
    CHECK(call.served);
  });
}

TEST_CASE("a drain of the call ends the session in order while a stream goes on") {
  on_each_engine([] {
    ServedCall call;
    call.run(echo, [&](Session& client) {
      auto stream = client.open({}, {});
      REQUIRE(stream);
      REQUIRE(stream->answer());
      call.serving->drain();
      CHECK(kind_of(client.accept()) == "closed");
      CHECK(kind_of(client.open({}, {})) == "draining");
      REQUIRE(stream->send({.payload = as_bytes("still here")}));
      CHECK(stream->receive().value().payload == "still here");
      close_in_order(*stream);
      CHECK(client.finish());
    });
    CHECK(call.served);
  });
}

TEST_CASE("an exception of a handler resets its stream, and is thrown when the session has ended") {
  on_each_engine([] {
    const auto handler = [](SessionStream& stream) {
      if (as_text(stream.request()) == "throw") throw std::runtime_error("of a handler");
      echo(stream);
    };
    const auto use = [](Session& client) {
      auto bad = client.open({}, as_bytes("throw"));
      REQUIRE(bad);
      CHECK(kind_of(bad->answer()) == "reset");
      CHECK(bad->reset_by_peer().value().code == ResetCode::failed);
      bad->reset(ResetCode::not_needed);
      auto good = client.open({}, {});
      REQUIRE(good);
      REQUIRE(good->send({.payload = as_bytes("goes on")}));
      CHECK(good->receive().value().payload == "goes on");
      close_in_order(*good);
      CHECK(client.finish());
    };
    ServedCall call;
    CHECK_THROWS_WITH(call.run(handler, use), "of a handler");
  });
}

TEST_CASE("a stream that its handler leaves open is reset") {
  on_each_engine([] {
    ServedCall call;
    call.run([](SessionStream&) {},
             [](Session& client) {
               auto stream = client.open({}, {});
               REQUIRE(stream);
               CHECK(kind_of(stream->answer()) == "reset");
               CHECK(stream->reset_by_peer().value().code == ResetCode::not_needed);
               stream->reset(ResetCode::not_needed);
               CHECK(client.finish());
             });
    CHECK(call.served);
  });
}

TEST_CASE("the handlers' waits fail when the peer is cut off, and so does the call") {
  on_each_engine([] {
    std::string failed;
    const auto handler = [&](SessionStream& stream) {
      REQUIRE(stream.accept());
      failed = kind_of(stream.receive());
    };
    ServedCall call;
    call.run(handler, [](Session& client) {
      auto stream = client.open({}, {});
      REQUIRE(stream);
      REQUIRE(stream->answer());
      { const Session cut = std::move(client); }
    });
    CHECK(failed == "reset");
    CHECK(kind_of(call.served) == "reset");
  });
}

TEST_CASE("a cancel of the call ends its handlers, and its peer gets a failure") {
  on_each_engine([] {
    std::string failed;
    const auto handler = [&](SessionStream& stream) {
      REQUIRE(stream.accept());
      failed = kind_of(stream.receive());
    };
    ServedCall call;
    call.run(handler, [&](Session& client) {
      auto stream = client.open({}, {});
      REQUIRE(stream);
      REQUIRE(stream->answer());
      call.serving->cancel();
      CHECK_FALSE(stream->receive());
      CHECK_FALSE(client.finish());
      CHECK(client.failure());
    });
    CHECK(failed == "cancelled");
    CHECK(kind_of(call.served) == "cancelled");
  });
}

TEST_CASE("a call is served on a thread without a loop") {
  auto [near, far] = test::connected_streams();
  Result<void> served;
  std::thread server([&] { served = serve_streams(far, pair_options(), echo); });
  auto client = Session::start(std::move(near), SessionRole::client, pair_options());
  REQUIRE(client);
  auto stream = client->open({}, {});
  REQUIRE(stream);
  REQUIRE(stream->send({.payload = as_bytes("hello")}));
  CHECK(stream->receive().value().payload == "hello");
  close_in_order(*stream);
  CHECK(client->finish());
  server.join();
  CHECK(served);
}

TEST_CASE("no more handlers run at once than streams are allowed") {
  on_each_engine([] {
    std::size_t running = 0;
    std::size_t most = 0;
    const auto handler = [&](SessionStream& stream) {
      most = std::max(most, ++running);
      REQUIRE(stream.accept());
      close_in_order(stream);
      // The peer may open the next stream now.
      REQUIRE(sleep_for(std::chrono::milliseconds(2)));
      --running;
    };
    ServedCall call;
    call.options.streams_max = 2;
    call.run(handler, [](Session& client) {
      for (int i = 0; i < 6; ++i) {
        auto stream = client.open({}, {});
        REQUIRE(stream);
        REQUIRE(stream->answer());
        close_in_order(*stream);
      }
      CHECK(client.finish());
    });
    CHECK(call.served);
    CHECK(most == 2);
  });
}

TEST_CASE("a call whose peer neither reads nor sends fails as unresponsive") {
  on_each_engine([] {
    auto [near, far] = test::connected_streams();
    SessionOptions options = pair_options();
    options.hello_timeout = std::chrono::milliseconds(10);
    CHECK(kind_of(serve_streams(far, options, echo)) == "unresponsive");
  });
}

TEST_CASE("wrong options are an error of the call") {
  auto [near, far] = test::connected_streams();
  CHECK(kind_of(serve_streams(far, SessionOptions(), echo)) == "invalid_argument");
}

}  // namespace
}  // namespace hotline::serve_streams_test
