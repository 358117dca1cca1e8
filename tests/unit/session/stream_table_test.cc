#include "session/stream_table.h"

#include <vector>

#include <doctest/doctest.h>

namespace hotline::session::stream_table_test {
namespace {

StreamState stream_in(StreamPhase phase) {
  StreamState made{phase, {}, {}, {}};
  made.phase = phase;
  return made;
}

}  // namespace

TEST_CASE("the client has odd ids and the server even ones, which rise") {
  StreamTable client(SessionRole::client);
  StreamTable server(SessionRole::server);
  CHECK(client.is_own(1));
  CHECK(!client.is_own(2));
  CHECK(server.is_own(2));
  CHECK(!server.is_own(1));
  CHECK(client.next_own() == 1);
  CHECK(server.next_own() == 2);
  client.add(1, stream_in(StreamPhase::opening));
  server.add(2, stream_in(StreamPhase::opening));
  CHECK(client.next_own() == 3);
  CHECK(server.next_own() == 4);
}

TEST_CASE("the last id is used, and none after it") {
  StreamTable client(SessionRole::client);
  client.add(0xfffffffd, stream_in(StreamPhase::opening));
  CHECK(client.next_own() == 0xffffffff);
  client.add(0xffffffff, stream_in(StreamPhase::opening));
  CHECK(!client.next_own());
  StreamTable server(SessionRole::server);
  server.add(0xfffffffc, stream_in(StreamPhase::opening));
  CHECK(server.next_own() == 0xfffffffe);
  server.add(0xfffffffe, stream_in(StreamPhase::opening));
  CHECK(!server.next_own());
}

TEST_CASE(
    "an id is unused, then in the phase of its stream, then closed; left out ids are closed") {
  StreamTable table(SessionRole::client);
  CHECK(table.phase_of(4) == StreamPhase::unused);
  table.add(4, stream_in(StreamPhase::offered));
  CHECK(table.phase_of(4) == StreamPhase::offered);
  CHECK(table.phase_of(2) == StreamPhase::closed);
  CHECK(table.phase_of(6) == StreamPhase::unused);
  CHECK(table.phase_of(1) == StreamPhase::unused);
  table.remove(4);
  CHECK(table.phase_of(4) == StreamPhase::closed);
  CHECK(table.find(4) == nullptr);
  CHECK(table.highest_peer() == 4);
}

TEST_CASE("the peer opens ids of its own, as many as allowed") {
  StreamTable table(SessionRole::client);
  CHECK(table.fault_of_open(1, 9)->code == SessionCode::streams);
  CHECK(!table.fault_of_open(2, 2));
  table.add(2, stream_in(StreamPhase::offered));
  table.add(1, stream_in(StreamPhase::opening));  // Does not count.
  CHECK(!table.fault_of_open(4, 2));
  table.add(4, stream_in(StreamPhase::offered));
  CHECK(table.fault_of_open(6, 2)->code == SessionCode::streams);
  CHECK(table.peer_count() == 2);
  CHECK(table.own_count() == 1);
  table.remove(2);
  table.remove(2);
  CHECK(!table.fault_of_open(6, 2));
  CHECK(table.fault_of_open(6, 0)->code == SessionCode::streams);
}

TEST_CASE("own streams above the last one that the peer serves are removed") {
  StreamTable table(SessionRole::client);
  table.add(1, stream_in(StreamPhase::open));
  table.add(3, stream_in(StreamPhase::opening));
  table.add(5, stream_in(StreamPhase::opening_reset));
  table.add(7, stream_in(StreamPhase::opening));
  table.add(8, stream_in(StreamPhase::open));
  CHECK(table.remove_own_above(1) == std::vector<SessionStreamId>{3, 7});
  CHECK(table.size() == 2);
  CHECK(table.own_count() == 1);
  CHECK(table.remove_own_above(1)->empty());
}

TEST_CASE("the last stream that the peer serves must be one of ours that was opened, or 0") {
  StreamTable table(SessionRole::client);
  table.add(1, stream_in(StreamPhase::opening));
  table.add(2, stream_in(StreamPhase::open));
  CHECK(table.remove_own_above(2).error().code == SessionCode::malformed);
  CHECK(table.remove_own_above(3).error().code == SessionCode::malformed);
  CHECK(table.remove_own_above(0) == std::vector<SessionStreamId>{1});
}

TEST_CASE("a stream that the peer has answered cannot be taken back") {
  for (const StreamPhase each :
       {StreamPhase::open, StreamPhase::open_reset, StreamPhase::reset_by_peer}) {
    StreamTable table(SessionRole::client);
    table.add(1, stream_in(each));
    CHECK(table.remove_own_above(0).error().code == SessionCode::protocol);
  }
}

TEST_CASE("all streams can be removed at once") {
  StreamTable table(SessionRole::client);
  table.add(1, stream_in(StreamPhase::open));
  table.add(2, stream_in(StreamPhase::open));
  table.clear();
  CHECK(table.size() == 0);
  CHECK(table.own_count() == 0);
  CHECK(table.phase_of(1) == StreamPhase::closed);
}

}  // namespace hotline::session::stream_table_test
