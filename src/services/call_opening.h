#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Which callers speak another protocol, without I/O: docs/wire/command.md.

namespace hotline::services {

/// What a caller can be taken to speak.
enum class Spoken : std::uint8_t {
  commands,
  http,        ///< Or what is written like it: RTSP, SIP, ICAP.
  web_socket,  ///< A request of HTTP to become one.
  tls,
  ssh,
  binary,  ///< It begins with a byte that begins no text.
};

/// The name of it in a message.
std::string_view name_of(Spoken spoken);

/// What `text`, which begins with a line, can only be. `commands` if it may be one.
Spoken spoken_in(std::string_view text);

/// The first bytes of a call, in however many pieces they come. A first line that is cut may not
/// tell yet what it is.
class CallOpening {
 public:
  /// The longest beginning of a line of HTTP that is taken for a command.
  static constexpr std::size_t kLineMax = 1024;

  /// Takes what a receive gave. In order.
  void add(std::string_view received);

  /// Says that what was added until now came together. What comes later may still complete the
  /// first line, but cannot make it too long: it may be the next command.
  void settle() { is_settled_ = true; }

  bool is_settled() const { return is_settled_; }

  /// Whether more bytes may change spoken().
  bool is_open() const { return is_open_; }

  Spoken spoken() const { return spoken_; }

 private:
  std::string text_;  ///< While it is open.
  Spoken spoken_ = Spoken::commands;
  bool is_open_ = true;
  bool is_settled_ = false;
};

}  // namespace hotline::services
