#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/engine/process.h"

namespace hotline::engine {

/// The longest request. It has room for the longest word that Linux allows a program, and for
/// others.
inline constexpr std::size_t kRequestBytesMax = 256 * 1024;

/// A program to start, in the form that the system calls need: pointers into the bytes of the
/// request. Each list ends in a null.
struct LaunchRequest {
  const char* directory = nullptr;  ///< If null, the current directory.
  std::vector<char*> arguments;
  std::vector<char*> environment;
};

/// Returns `word` as errors show it: escaped, and shortened if it is long.
std::string escaped_word(const std::string& word);

/// Encodes `options` as one message: the numbers of arguments and variables, the directory, the
/// arguments, the variables, each ending in a zero byte. Only the descriptors that go with it say
/// what the program reads and writes. Fails with `invalid_argument`, and with
/// `too_large` beyond kRequestBytesMax.
Result<std::string> encode_request(const LaunchOptions& options);

/// Decodes `message`. Returns nullopt if it is not a request. The result is valid as long as the
/// message.
std::optional<LaunchRequest> decode_request(MutableBytes message);

}  // namespace hotline::engine
