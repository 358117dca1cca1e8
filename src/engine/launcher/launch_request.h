#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/engine/process.h"

namespace hotline::engine {

/// The longest request: room for the longest word that Linux lets a program have, and others.
inline constexpr std::size_t kRequestBytesMax = 256 * 1024;

/// What a keeper is asked to start, as the system calls want it: pointers into the bytes of the
/// request, each list with a null at its end.
struct LaunchRequest {
  const char* directory = nullptr;  ///< Null: where it is.
  std::vector<char*> arguments;
  std::vector<char*> environment;
};

/// `options` as one message: how many arguments and variables there are, the directory, the
/// arguments, the variables, each ending in a zero byte. Fails with `invalid_argument` and, over
/// kRequestBytesMax, with `too_large`.
Result<std::string> encode_request(const LaunchOptions& options);

/// The same read back; nothing if `message` is not one. Valid as long as the message.
std::optional<LaunchRequest> decode_request(MutableBytes message);

}  // namespace hotline::engine
