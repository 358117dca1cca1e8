#pragma once

#include <cstdint>
#include <string>

namespace hotline::net {

/// What OpenSSL has noted on this thread about a call of it that failed.
struct TlsReason {
  /// What is to blame. A server penalises the peers that are.
  enum class Fault : std::uint8_t {
    other,     ///< The peer, or a file.
    internal,  ///< OpenSSL could not go on, mostly without memory, which it does not always say.
    memory,    ///< There was no memory.
  };

  unsigned long code = 0;  ///< The first error: the later ones only pass it on.
  Fault fault = Fault::other;

  /// Takes the notes of this thread, which OpenSSL then forgets.
  static TlsReason take();

  /// Returns OpenSSL's words for `code`. Some errors have none, such as an alert of the peer with a
  /// number that TLS does not define: then the text has the number.
  std::string text() const;
};

}  // namespace hotline::net
