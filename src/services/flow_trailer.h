#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "hotline/core/bytes.h"
#include "services/command_protocol.h"

// The trailers of END of docs/wire/remote.md. No I/O.

namespace hotline::services {

/// The trailer of standard output and standard error: 24 bytes.
struct OutputTrailer {
  static constexpr std::size_t kBytes = 24;

  std::uint64_t flow = 0;     ///< The digest of what this stream carried.
  std::uint64_t whole = 0;    ///< That of the output from the command's first byte to the last one
                              ///< that this stream carried.
  std::uint64_t dropped = 0;  ///< How many bytes the command wrote after those, which are not sent.

  bool operator==(const OutputTrailer&) const = default;
};

/// The trailer of standard input: 8 bytes, or 16.
struct InputTrailer {
  static constexpr std::size_t kBytesMin = 8;
  static constexpr std::size_t kBytesMax = 16;

  std::uint64_t flow = 0;                ///< The digest of what this stream carried.
  std::optional<std::uint64_t> whole{};  ///< That of the input from its first byte on, if the
                                         ///< client knows it.

  bool operator==(const InputTrailer&) const = default;
};

std::string encode_trailer(const OutputTrailer& trailer);
std::string encode_trailer(const InputTrailer& trailer);

std::expected<OutputTrailer, CommandFault> decode_output_trailer(Bytes trailer);
std::expected<InputTrailer, CommandFault> decode_input_trailer(Bytes trailer);

}  // namespace hotline::services
