#include "hotline/services/upper.h"

#include <algorithm>
#include <cstdint>

#include "hotline/engine/clock.h"

namespace hotline {
namespace {

bool has_lower_case(Bytes bytes) {
  return std::ranges::any_of(
      bytes, [](std::byte b) { return b >= std::byte{'a'} && b <= std::byte{'z'}; });
}

/// Chooses one moment in 8,192, by the low bits of the time.
bool is_chosen_moment() {
  constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
  return (static_cast<std::uint64_t>(now().time_since_epoch().count()) * kSpread) >> 51 == 0;
}

/// A datagram in upper case may be the reply of another such server, which a forged datagram made
/// call this one. Losing one ends their exchange; a real caller sends again.
bool is_left_unanswered(const Message& message) {
  return message.is_datagram() && !has_lower_case(message.bytes()) && is_chosen_moment();
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
  return is_left_unanswered(message) ? Reply() : upper_message_once(message);
}

Reply upper_message_once(const Message& message) {
  if (message.is_truncated()) return {};
  to_upper(message.bytes());
  return Reply::in_place(message);
}

}  // namespace hotline
