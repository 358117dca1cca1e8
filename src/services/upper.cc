#include "hotline/services/upper.h"

#include <algorithm>
#include <string_view>

#include "hotline/engine/clock.h"
#include "services/reply_loops.h"

namespace hotline {
namespace {

bool has_lower_case(Bytes bytes) {
  return std::ranges::any_of(
      bytes, [](std::byte b) { return b >= std::byte{'a'} && b <= std::byte{'z'}; });
}

}  // namespace

MutableBytes to_upper(MutableBytes bytes) {
  // Without a branch and a table, so that compilers use vector instructions.
  for (std::byte& byte : bytes) {
    const auto value = std::to_integer<unsigned char>(byte);
    const auto is_lower = static_cast<unsigned char>(value - 'a') < 26;
    byte = static_cast<std::byte>(value ^ (is_lower ? 0x20 : 0));
  }
  return bytes;
}

void upper(Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(to_upper(*bytes))) return;
  }
}

void upper_once(Stream& call) {
  if (auto bytes = call.receive()) discard(call.write_all(to_upper(*bytes)));
}

Reply upper_message(const Message& message) {
  if (message.is_truncated()) return {};
  to_upper(message.bytes());
  return Reply::in_place(message);
}

UpperMessages::UpperMessages() : loops_(std::make_shared<services::ReplyLoops>()) {}

Reply UpperMessages::operator()(const Message& message) const {
  // A datagram in upper case may be the reply of another such server.
  const bool may_be_reply = message.is_datagram() && !has_lower_case(message.bytes());
  if (may_be_reply && loops_->is_due(services::ReplyLoops::key_of(message), now())) return {};
  return upper_message(message);
}

}  // namespace hotline
