#include "services/file_protocol.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::services::file_protocol_test {

TEST_CASE("only GET and PUT have a flow, from the end that has the content") {
  for (int i = 1; i <= static_cast<int>(FileRequestKind::drop); ++i) {
    const auto kind = static_cast<FileRequestKind>(i);
    const SessionFlows flows = flows_of(kind);
    CHECK(flows.from_accepter == (kind == FileRequestKind::get ? 1 : 0));
    CHECK(flows.from_opener == (kind == FileRequestKind::put ? 1 : 0));
  }
}

TEST_CASE("each kind of request has a name") {
  CHECK(name_of(FileRequestKind::list) == "LIST");
  CHECK(name_of(FileRequestKind::set_meta) == "SETMETA");
  CHECK(name_of(FileRequestKind::drop) == "DROP");
  CHECK(name_of(static_cast<FileRequestKind>(0)) == "request");
  CHECK(name_of(static_cast<FileRequestKind>(15)) == "request");
}

TEST_CASE("the options of a session pass their check, and only clients open streams") {
  const SessionOptions client = files_session_options(SessionRole::client);
  const SessionOptions server = files_session_options(SessionRole::server);
  CHECK(client.check());
  CHECK(server.check());
  CHECK(client.protocol == "files/1");
  CHECK(client.streams_max == 0);
  CHECK(server.opened_max == 0);
  CHECK(server.streams_max > 0);
  CHECK(server.frame_max == 73'728);
  CHECK(server.flows_max == 1);
}

TEST_CASE("messages are critical and have no other flag") {
  const std::string payload = "x";
  const SessionMessage message = file_message(FileMessageType::done, payload);
  CHECK(message.type == 0x46);
  CHECK(message.is_critical);
  CHECK(message.flags == 0);
  CHECK(as_text(message.payload) == "x");
  CHECK(static_cast<int>(FileMessageType::uploads) - kFirstMessageType + 1 == kFileMessageTypes);
}

}  // namespace hotline::services::file_protocol_test
