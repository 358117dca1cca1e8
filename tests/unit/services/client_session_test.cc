#include "services/client_session.h"

#include <doctest/doctest.h>

namespace hotline::client_session_test {
namespace {

using services::critical_message;
using services::opened_by_clients;

TEST_CASE("only a client may open streams, and only a server may accept them") {
  const SessionOptions common;
  const SessionOptions client = opened_by_clients(common, SessionRole::client);
  CHECK(client.streams_max == 0);
  CHECK(client.opened_max == common.opened_max);
  const SessionOptions server = opened_by_clients(common, SessionRole::server);
  CHECK(server.streams_max == common.streams_max);
  CHECK(server.opened_max == 0);
}

TEST_CASE("a critical message has its type and its payload") {
  const SessionMessage message = critical_message(17, "text");
  CHECK(message.type == 17);
  CHECK(message.is_critical);
  CHECK(as_text(message.payload) == "text");
}

}  // namespace
}  // namespace hotline::client_session_test
