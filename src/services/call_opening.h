#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Detects callers that use another protocol, without I/O: docs/wire/command.md.

namespace hotline::services {

/// The protocol that a caller appears to use.
enum class Spoken : std::uint8_t {
  commands,
  http,        ///< HTTP or a similar protocol: RTSP, SIP, ICAP.
  web_socket,  ///< A request of HTTP to become a WebSocket.
  tls,
  ssh,
  binary,  ///< It begins with a byte that cannot begin a text.
};

/// Returns its name for a message.
std::string_view name_of(Spoken spoken);

/// Returns the only protocol that `text`, which begins with a line, can be, or `commands` if it may
/// be a command.
Spoken spoken_in(std::string_view text);

/// The first bytes of a call, in any number of pieces. An incomplete first line may not yet show
/// which protocol it is.
class CallOpening {
 public:
  /// A longer first line that may still become an HTTP request counts as one, unless it is settled.
  static constexpr std::size_t kLineMax = 1024;

  /// Adds the result of a receive. Call it in order.
  void add(std::string_view received);

  /// States that the bytes so far arrived together. Later bytes may still complete the first line,
  /// but cannot make it too long, because they may be the next command.
  void settle() { is_settled_ = true; }

  bool is_settled() const { return is_settled_; }

  /// Returns true if more bytes may change spoken().
  bool is_open() const { return is_open_; }

  Spoken spoken() const { return spoken_; }

 private:
  std::string text_;  ///< The bytes so far, while is_open().
  Spoken spoken_ = Spoken::commands;
  bool is_open_ = true;
  bool is_settled_ = false;
};

}  // namespace hotline::services
