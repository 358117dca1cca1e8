#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hotline/core/bytes.h"

namespace hotline::net {

/// Collects the first message of a TLS caller, its ClientHello, so that OpenSSL sees it only when
/// it is complete: OpenSSL reserves some 40 KB for the first byte, and the announced length of the
/// message, up to 131 KB, for the first nine. Anything else is complete at once: OpenSSL refuses
/// it. One thread. RFC 8446, sections 4, 4.1.2 and 5.1.
///
/// Also for the second ClientHello, which a caller sends when the server has asked for another one;
/// a change_cipher_spec record may precede it (appendix D.4).
class ClientHello {
 public:
  /// The longest message. Known clients send less than 2 KiB, also with post-quantum keys.
  static constexpr std::size_t kMessageMax = 8 * 1024;

  /// The longest message with the heads of its records: it may be cut into some of them.
  static constexpr std::size_t kBytesMax = kMessageMax + 1024;

  enum class Verdict : std::uint8_t {
    incomplete,
    complete,
    too_long,
    empty_record,  ///< TLS allows none here, and OpenSSL reserves memory for it.
  };

  /// Moves bytes from the front of `wire` to bytes(): all of them while the message is incomplete.
  Verdict take(Bytes& wire);

  Bytes bytes() const { return collected_; }

 private:
  Verdict scan();
  Verdict judge_message(std::size_t size) const;
  std::size_t byte(std::size_t at) const { return std::to_integer<std::size_t>(collected_[at]); }

  std::vector<std::byte> collected_;
  std::size_t record_ = 0;       ///< Where the first record begins that is not complete.
  std::size_t message_ = 0;      ///< How many bytes of the message the records before it have.
  std::vector<std::byte> head_;  ///< Type and length of the message, as far as they have come.
};

}  // namespace hotline::net
