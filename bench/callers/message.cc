#include "message.h"

#include <cstdint>

namespace bench {
namespace {

constexpr std::size_t kSendBytes = 64 * 1024;

std::string length_prefix(std::size_t length) {
  std::string prefix;
  for (int shift = 24; shift >= 0; shift -= 8) {
    prefix += static_cast<char>(static_cast<std::uint8_t>(length >> shift));
  }
  return prefix;
}

std::string framed(Wire wire, std::string text) {
  switch (wire) {
    case Wire::kRaw: return text.empty() ? "\n" : text;
    case Wire::kLines: return text + '\n';
    case Wire::kU32be: return length_prefix(text.size()) + text;
  }
  return text;
}

}  // namespace

std::string message_of(Wire wire, std::size_t bytes) {
  return framed(wire, std::string(bytes, 'a'));
}

std::string reply_of(Wire wire, std::size_t bytes) { return framed(wire, std::string(bytes, 'A')); }

std::string many_messages(Wire wire, std::size_t bytes) {
  const std::string message = message_of(wire, bytes);
  std::string many = message;
  while (many.size() + message.size() <= kSendBytes) many += message;
  return many;
}

std::string begun_message(Wire wire, std::size_t bytes) {
  const std::string text(bytes, 'a');
  return wire == Wire::kU32be ? length_prefix(bytes + 1) + text : text;
}

}  // namespace bench
