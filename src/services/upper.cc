#include "hotline/services/upper.h"

namespace hotline {

MutableBytes to_upper(MutableBytes bytes) {
  // No branch and no table: compilers turn this into vector instructions.
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
  if (auto bytes = call.receive()) static_cast<void>(call.write_all(to_upper(*bytes)));
}

Reply upper_message(const Message& message) {
  to_upper(message.bytes());
  return Reply::in_place(message);
}

}  // namespace hotline
