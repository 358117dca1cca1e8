#include "hotline/session/session.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/session_pair.h"

namespace hotline::session_test {
namespace {

using namespace std::chrono_literals;
using test::kind_of;
using test::on_each_engine;
using test::pair_options;
using test::SessionPair;

TEST_CASE("a stream carries a request, an answer, bytes both ways and their ends") {
  on_each_engine([] {
    SessionPair pair;
    auto asked = pair.client.open({.from_opener = 1, .from_accepter = 2}, as_bytes("what"));
    REQUIRE(asked);
    REQUIRE(asked->write(0, as_bytes("in")));
    REQUIRE(asked->end(0, as_bytes("trailer")));
    auto offered = pair.server.accept();
    REQUIRE(offered);
    CHECK(as_text(offered->request()) == "what");
    CHECK(offered->flows() == SessionFlows{1, 2});
    REQUIRE(offered->accept(as_bytes("yes")));
    CHECK(as_text(asked->answer().value()) == "yes");
    CHECK(test::read_all(*offered, 0) == "in");
    const auto end = offered->flow_end(0);
    REQUIRE(end);
    CHECK(end->total == 2);
    CHECK(end->trailer == "trailer");
    REQUIRE(offered->write(1, as_bytes("out")));
    REQUIRE(offered->write(2, as_bytes("err")));
    REQUIRE(offered->end(2));
    REQUIRE(offered->end(1));
    CHECK(test::read_all(*asked, 1) == "out");
    CHECK(test::read_all(*asked, 2) == "err");
  });
}

TEST_CASE("a session that both ends finish has no failure, and no stream is left") {
  on_each_engine([] {
    SessionPair pair;
    auto asked = pair.client.open({}, {});
    auto offered = pair.server.accept();
    REQUIRE(asked);
    REQUIRE(offered);
    REQUIRE(offered->accept());
    REQUIRE(asked->answer());
    REQUIRE(asked->end_messages());
    REQUIRE(offered->end_messages());
    CHECK(kind_of(asked->receive()) == "closed");
    CHECK(kind_of(offered->receive()) == "closed");
    CHECK(asked->is_closed());
    pair.client.drain();
    CHECK(kind_of(pair.server.accept()) == "closed");
    CHECK(pair.server.finish());
    CHECK(pair.client.finish());
    CHECK(pair.client.stream_count() == 0);
    CHECK_FALSE(pair.client.failure());
    CHECK_FALSE(pair.server.failure());
  });
}

TEST_CASE("no stream is opened after a GOODBYE of either end") {
  on_each_engine([] {
    SessionPair pair;
    REQUIRE(pair.client.wait_ready());
    pair.server.drain();
    CHECK(kind_of(pair.server.open({}, {})) == "draining");
    CHECK(kind_of(pair.client.accept()) == "closed");
    CHECK(kind_of(pair.client.open({}, {})) == "draining");
  });
}

TEST_CASE("a further stream waits until the peer has a place for it") {
  on_each_engine([] {
    SessionOptions few = pair_options();
    few.streams_max = 1;
    SessionPair pair(pair_options(), few);
    auto first = pair.client.open({}, as_bytes("first"));
    REQUIRE(first);
    CHECK(kind_of(pair.client.open({}, {}, deadline_after(1ms))) == "timed_out");
    auto offered = pair.server.accept();
    REQUIRE(offered);
    first->reset(ResetCode::cancelled);
    CHECK(kind_of(offered->receive()) == "reset");
    offered->reset(ResetCode::cancelled);
    auto second = pair.client.open({}, as_bytes("second"));
    REQUIRE(second);
    auto accepted = pair.server.accept();
    REQUIRE(accepted);
    CHECK(as_text(accepted->request()) == "second");
  });
}

TEST_CASE("a wait that times out leaves the session as it was") {
  on_each_engine([] {
    SessionPair pair;
    CHECK(kind_of(pair.server.accept(deadline_after(1ms))) == "timed_out");
    auto asked = pair.client.open({0, 1}, {});
    auto offered = pair.server.accept();
    REQUIRE(asked);
    REQUIRE(offered);
    CHECK(kind_of(asked->answer(deadline_after(1ms))) == "timed_out");
    CHECK(kind_of(asked->read(0, deadline_after(1ms))) == "timed_out");
    CHECK(kind_of(asked->receive(deadline_after(1ms))) == "timed_out");
    CHECK(kind_of(asked->wait_any(deadline_after(1ms))) == "timed_out");
    REQUIRE(offered->accept());
    REQUIRE(offered->write(0, as_bytes("late")));
    CHECK(as_text(asked->read(0).value()) == "late");
  });
}

TEST_CASE("the end of a connection ends the session, after what has arrived was read") {
  on_each_engine([] {
    auto [near, far] = test::connected_streams();
    auto client = Session::start(std::move(near), SessionRole::client, pair_options());
    REQUIRE(client);
    {
      auto server = Session::start(std::move(far), SessionRole::server, pair_options());
      REQUIRE(server);
      auto asked = client->open({0, 1}, {});
      auto offered = server->accept();
      REQUIRE(asked);
      REQUIRE(offered);
      REQUIRE(offered->accept());
      REQUIRE(offered->write(0, as_bytes("part")));
      REQUIRE(asked->answer());
      CHECK(as_text(asked->read(0).value()) == "part");
      { const Session dropped = std::move(*server); }
      const auto after = asked->read(0);
      CHECK(kind_of(after) == "reset");
      CHECK(after.error().message().find("it was not finished") != std::string::npos);
      CHECK(kind_of(offered->write(0, as_bytes("x"))) == "cancelled");
    }
    CHECK(kind_of(client->open({}, {})) == "reset");
    CHECK(kind_of(client->finish()) == "reset");
    REQUIRE(client->failure());
  });
}

TEST_CASE("bytes that are not a session end it, and the peer gets the reason") {
  on_each_engine([] {
    auto [near, far] = test::stream_pair();
    auto stream = Stream::adopt(std::move(near));
    REQUIRE(stream);
    auto server = Session::start(std::move(*stream), SessionRole::server, pair_options());
    REQUIRE(server);
    test::send_text(far.get(), "GET / HTTP/1.1\r\n\r\n");
    const auto offered = server->accept();
    CHECK(kind_of(offered) == "protocol_violation");
    CHECK(kind_of(server->finish()) == "protocol_violation");
    const std::string received = test::receive_until_end(far.get());
    CHECK(received.find("HELLO of a session") != std::string::npos);
  });
}

TEST_CASE("a session that is broken off shows its peer the code and the text") {
  on_each_engine([] {
    SessionPair pair;
    REQUIRE(pair.client.wait_ready());
    pair.server.break_off(SessionCode::internal, "the disk is gone");
    CHECK(kind_of(pair.client.accept()) == "reset");
    REQUIRE(pair.client.failure());
    CHECK(pair.client.failure()->message().find("the disk is gone") != std::string::npos);
    CHECK(kind_of(pair.server.finish()) == "cancelled");
  });
}

TEST_CASE("wrong options are an error") {
  auto [near, far] = test::connected_streams();
  SessionOptions wrong = pair_options();
  wrong.protocol.clear();
  CHECK(kind_of(Session::start(std::move(near), SessionRole::client, wrong)) == "invalid_argument");
  CHECK(kind_of(Session::start(far, SessionRole::client, wrong)) == "invalid_argument");
  SessionOptions without_credit = pair_options();
  without_credit.flow_credit = 0;
  CHECK(kind_of(Session::start(far, SessionRole::client, without_credit)) == "invalid_argument");
}

TEST_CASE("a session over a stream of the caller leaves it to the caller") {
  on_each_engine([] {
    auto [near, far] = test::connected_streams();
    auto server = Session::start(std::move(far), SessionRole::server, pair_options());
    {
      auto client = Session::start(near, SessionRole::client, pair_options());
      REQUIRE(client);
      REQUIRE(client->wait_ready());
      server->drain();
      CHECK(client->finish());
    }
    CHECK(near.is_open());
    near.abort();
  });
}

TEST_CASE("a session started within a deadline goes on after it") {
  on_each_engine([] {
    auto streams = test::connected_streams();
    const auto start = [&](Stream stream, SessionRole role) {
      const DeadlineScope scope(deadline_after(20ms));
      return Session::start(std::move(stream), role, pair_options());
    };
    auto client = start(std::move(streams.first), SessionRole::client);
    auto server = start(std::move(streams.second), SessionRole::server);
    REQUIRE(client->wait_ready());
    REQUIRE(sleep_for(40ms));
    REQUIRE(client->open({}, as_bytes("still here")));
    CHECK(server->accept());
  });
}

}  // namespace
}  // namespace hotline::session_test
