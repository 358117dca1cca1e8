#pragma once

#include <cstddef>
#include <string_view>

// The numbers and bytes of docs/wire/challenge.md.

namespace hotline::auth {

// hmac-md5 and hmac-sha256: a nonce from the server, a tag from the caller.
inline constexpr std::size_t kNonceBytes = 32;
/// Precedes the nonce in the message of an hmac-sha256 tag; the last byte is a zero.
inline constexpr std::string_view kCallerLabel{"hotline hmac-sha256 caller", 27};

// mp: messages of multiprocessing.connection, each after its length.
inline constexpr std::size_t kMpLengthBytes = 4;
inline constexpr std::size_t kMpMessageBytesMax = 256;
inline constexpr std::string_view kMpChallenge = "#CHALLENGE#";
inline constexpr std::string_view kMpWelcome = "#WELCOME#";
inline constexpr std::string_view kMpFailure = "#FAILURE#";
inline constexpr std::size_t kMpNonceBytes = 40;
/// The shortest nonce of the peer that is answered.
inline constexpr std::size_t kMpNonceBytesMin = 32;
inline constexpr char kMpDigestBegin = '{';
inline constexpr char kMpDigestEnd = '}';
// The legacy forms, which Python up to 3.11 uses and which are refused.
inline constexpr std::size_t kMpLegacyNonceBytes = 20;
inline constexpr std::size_t kMpLegacyTagBytes = 16;

}  // namespace hotline::auth
