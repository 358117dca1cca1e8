#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// A view of bytes; it does not own them.
using Bytes = std::span<const std::byte>;

/// A writable view of bytes. A lease (see Stream::receive) is one of these.
using MutableBytes = std::span<std::byte>;

/// Returns the bytes of `text` without a copy. They are valid as long as what `text` points to.
inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Returns the bytes of `text` to be written to, such as by Stream::read_exact(). They are valid
/// until the string changes its size or ends.
inline MutableBytes as_writable_bytes(std::string& text) {
  return std::as_writable_bytes(std::span(text));
}

/// Returns `bytes` as text without a copy. The encoding is not checked.
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Returns true if `part` lies within the memory of `whole`. An empty part always does.
inline bool lies_within(Bytes part, Bytes whole) {
  const auto address = [](const std::byte* byte) { return reinterpret_cast<std::uintptr_t>(byte); };
  const std::uintptr_t first = address(part.data());
  const std::uintptr_t begin = address(whole.data());
  return part.empty() || (begin <= first && first + part.size() <= begin + whole.size());
}

/// Returns `bytes` as printable ASCII on one line. Other characters are written as `\n`, `\t`,
/// `\\`, `\"` or `\xNN`, so that text from a peer can never move a terminal's cursor. At most
/// `input_bytes_max` bytes are shown; a longer input ends in `...(N bytes)`.
std::string escape(Bytes bytes, std::size_t input_bytes_max = 256);

}  // namespace hotline
