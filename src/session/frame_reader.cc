#include "session/frame_reader.h"

#include <algorithm>
#include <cstring>

namespace hotline::session {
namespace {

/// Larger buffers are freed after use: most frames arrive whole, and an idle session holds little.
constexpr std::size_t kKeptBytesMax = 4'096;

Bytes remove_first(Bytes& input, std::size_t size) {
  const Bytes first = input.first(size);
  input = input.subspan(size);
  return first;
}

}  // namespace

std::expected<std::optional<FrameHeader>, SessionFault> FrameReader::take_header(
    Bytes& input, std::uint32_t frame_max) {
  const Bytes part = remove_first(input, std::min(kHeaderBytes - header_bytes_, input.size()));
  if (!part.empty()) std::memcpy(header_.data() + header_bytes_, part.data(), part.size());
  header_bytes_ += part.size();
  if (header_bytes_ < kHeaderBytes) return std::nullopt;
  header_bytes_ = 0;
  const auto header = decode_header(header_, frame_max);
  if (!header) return std::unexpected(header.error());
  left_ = header->length;
  return *header;
}

std::optional<Bytes> FrameReader::take(Bytes& input, std::size_t size) {
  if (is_delivered_) {
    gathered_.clear();
    if (gathered_.capacity() > kKeptBytesMax) gathered_.shrink_to_fit();
    is_delivered_ = false;
  }
  if (gathered_.empty() && input.size() >= size) {
    left_ -= size;
    return remove_first(input, size);
  }
  const Bytes part = remove_first(input, std::min(size - gathered_.size(), input.size()));
  gathered_ += as_text(part);
  if (gathered_.size() < size) return std::nullopt;
  left_ -= size;
  is_delivered_ = true;
  return as_bytes(gathered_);
}

Bytes FrameReader::take_some(Bytes& input) {
  const Bytes part = remove_first(input, std::min(left_, input.size()));
  left_ -= part.size();
  return part;
}

}  // namespace hotline::session
