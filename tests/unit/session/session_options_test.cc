#include "hotline/session/session_options.h"

#include <doctest/doctest.h>

namespace hotline::session_options_test {
namespace {

template <typename Member, typename Value>
bool is_allowed(Member SessionOptions::*member, Value value) {
  SessionOptions options;
  options.protocol = "test/1";
  options.*member = static_cast<Member>(value);
  const auto checked = options.check();
  if (!checked) CHECK(checked.error().kind == ErrorKind::invalid_argument);
  return checked.has_value();
}

}  // namespace

TEST_CASE("each option of a session has its limits") {
  using Options = SessionOptions;
  CHECK(is_allowed(&Options::frame_max, 1'024));
  CHECK(!is_allowed(&Options::frame_max, 1'023));
  CHECK(is_allowed(&Options::frame_max, 262'144 - kMessageCost));
  CHECK(!is_allowed(&Options::frame_max, 262'144 - kMessageCost + 1));
  CHECK(is_allowed(&Options::streams_max, 0));
  CHECK(is_allowed(&Options::streams_max, 65'536));
  CHECK(!is_allowed(&Options::streams_max, 65'537));
  CHECK(is_allowed(&Options::flows_max, 8));
  CHECK(!is_allowed(&Options::flows_max, 9));
  CHECK(is_allowed(&Options::flow_credit, kCreditMax));
  CHECK(!is_allowed(&Options::flow_credit, kCreditMax + 1));
  CHECK(is_allowed(&Options::message_credit, 131'072 + kMessageCost));
  CHECK(!is_allowed(&Options::message_credit, 131'072 + kMessageCost - 1));
  CHECK(!is_allowed(&Options::message_credit, kCreditMax + 1));
  CHECK(is_allowed(&Options::message_types, kMessageTypesMax));
  CHECK(!is_allowed(&Options::message_types, kMessageTypesMax + 1));
  CHECK(!is_allowed(&Options::data_max, 0));
  CHECK(!is_allowed(&Options::unsent_max, 0));
  CHECK(!is_allowed(&Options::hello_timeout, Duration::zero()));
  CHECK(!is_allowed(&Options::heartbeat, Duration(-1)));
  CHECK(!is_allowed(&Options::silence_max, Duration::zero()));
  CHECK(is_allowed(&Options::flow_credit_max, 0));
  CHECK(is_allowed(&Options::flow_credit_max, kCreditMax));
  CHECK(!is_allowed(&Options::flow_credit_max, kCreditMax + 1));
  CHECK(is_allowed(&Options::growth_max, 0));
  CHECK(is_allowed(&Options::write_timeout, kNoTimeout));
  CHECK(!is_allowed(&Options::write_timeout, Duration::zero()));
}

TEST_CASE("a session needs the name of its protocol") {
  CHECK(!SessionOptions{}.check());
  CHECK(!is_allowed(&SessionOptions::protocol, "Command"));
  CHECK(is_allowed(&SessionOptions::protocol, "command/1"));
}

}  // namespace hotline::session_options_test
