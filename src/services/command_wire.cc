#include "services/command_wire.h"

#include <algorithm>
#include <cassert>

namespace hotline::services {

std::string_view reply_of(const Completed& completed) {
  if (!completed.error.empty()) return completed.error;
  if (!completed.output.empty()) return completed.output;
  return kDoneReply;
}

std::string encode_length(CommandWire wire, std::size_t size) {
  assert(size <= kReplyMax);
  if (wire == CommandWire::plain) return {};
  if (wire == CommandWire::ready) return std::to_string(size);
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(size >> shift & 0xff);
  return bytes;
}

std::size_t LengthReader::take(Bytes input) {
  std::size_t taken = 0;
  while (taken < input.size() && (state_ == State::more || state_ == State::announced)) {
    const auto byte = std::to_integer<unsigned char>(input[taken++]);
    if (wire_ == CommandWire::ready) {
      take_digit(byte);
    } else {
      take_byte(byte);
    }
  }
  return taken;
}

void LengthReader::take_digit(unsigned char digit) {
  if (digit < '0' || digit > '9' || ++taken_ > kLengthDigitsMax) {
    state_ = State::malformed;
    return;
  }
  // The limit is checked at each digit, so that it cannot overflow.
  judge(length_ * 10 + (digit - '0'), State::announced);
}

void LengthReader::take_byte(unsigned char byte) {
  bits_ |= std::uint32_t{byte} << 8 * taken_;
  if (++taken_ < sizeof bits_) return;
  if (bits_ > kReplyMax) {
    state_ = State::malformed;
  } else {
    judge(bits_, State::whole);
  }
}

void LengthReader::judge(std::size_t length, State state) {
  length_ = length;
  state_ = length > std::min(reply_max_, kReplyMax) ? State::too_large : state;
}

std::size_t ReadyReader::take(Bytes input) {
  std::size_t taken = 0;
  while (taken < input.size() && state_ == State::more) {
    const auto byte = std::to_integer<char>(input[taken++]);
    if (byte != kReadyAnswer[taken_]) {
      state_ = State::malformed;
    } else if (++taken_ == kReadyAnswer.size()) {
      state_ = State::whole;
    }
  }
  return taken;
}

}  // namespace hotline::services
