#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hotline {

/// A view of bytes that somebody else owns.
using Bytes = std::span<const std::byte>;

/// The same, writable. A lease (see Stream::receive) is one of these.
using MutableBytes = std::span<std::byte>;

/// The bytes of `text`, not copied: valid as long as what `text` points to.
inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// `bytes` seen as text, not copied and not checked to be any encoding.
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Returns whether `part` is a part of `whole`, in the same memory. An empty part always is.
inline bool lies_within(Bytes part, Bytes whole) {
  const auto address = [](const std::byte* byte) { return reinterpret_cast<std::uintptr_t>(byte); };
  const std::uintptr_t first = address(part.data());
  const std::uintptr_t begin = address(whole.data());
  return part.empty() || (begin <= first && first + part.size() <= begin + whole.size());
}

/// `bytes` as printable ASCII on one line: `\n`, `\t`, `\\`, `\"` and `\xNN` stand for the rest, so
/// that what a peer sends can never move a terminal's cursor. At most `input_bytes_max` bytes are
/// shown; a longer input ends in `...(N bytes)`.
std::string escape(Bytes bytes, std::size_t input_bytes_max = 256);

}  // namespace hotline
