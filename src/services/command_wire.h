#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/engine/process.h"
#include "hotline/services/command.h"

// The course's wires, without I/O: docs/wire/command.md.

namespace hotline::services {

/// What answers a command that wrote nothing.
inline constexpr std::string_view kDoneReply = "操作成功";

/// What the caller answers to a length on the wire `ready`.
inline constexpr std::string_view kReadyAnswer = "ready";

/// The longest reply that every wire can tell the length of.
inline constexpr std::size_t kReplyMax = INT32_MAX;

/// The longest request that one receive of our servers takes whole, on every engine. A part of it
/// would be run as a command of its own.
inline constexpr std::size_t kRequestMax = 16 * 1024;

/// How many digits a length may have, with zeros before it.
inline constexpr std::size_t kLengthDigitsMax = 20;

/// What a finished command is answered with; never empty. A view of `completed`.
std::string_view reply_of(const Completed& completed);

/// What stands before a reply of `size` bytes, at most kReplyMax: nothing, digits, 4 bytes.
std::string encode_length(CommandWire wire, std::size_t size);

/// The length of one reply as it comes in, on a wire that has one.
class LengthReader {
 public:
  enum class State : std::uint8_t {
    more,       ///< Not whole yet.
    announced,  ///< CommandWire::ready: whole, unless more digits follow.
    whole,      ///< CommandWire::i32.
    malformed,
    too_large,  ///< Over the limit.
  };

  LengthReader(CommandWire wire, std::size_t reply_max) : wire_(wire), reply_max_(reply_max) {}

  /// Takes what belongs to the length from the beginning of `input`: how many bytes.
  std::size_t take(Bytes input);

  State state() const { return state_; }

  /// Once it is announced or whole.
  std::size_t length() const { return length_; }

 private:
  void take_digit(unsigned char digit);
  void take_byte(unsigned char byte);
  void judge(std::size_t length, State state);

  CommandWire wire_;
  std::size_t reply_max_;
  std::size_t length_ = 0;
  std::size_t taken_ = 0;
  std::uint32_t bits_ = 0;
  State state_ = State::more;
};

/// The caller's `ready` as it comes in.
class ReadyReader {
 public:
  enum class State : std::uint8_t { more, whole, malformed };

  /// Takes what belongs to it from the beginning of `input`: how many bytes.
  std::size_t take(Bytes input);

  State state() const { return state_; }

 private:
  std::size_t taken_ = 0;
  State state_ = State::more;
};

}  // namespace hotline::services
