#include "services/block_hashes.h"

#include <algorithm>
#include <array>
#include <bit>

#include "hotline/core/byte_order.h"

namespace hotline::services {
namespace {

constexpr std::array<std::byte, 4'096> kZeros{};

std::array<std::byte, sizeof(std::uint64_t)> number_bytes(std::uint64_t number) {
  std::array<std::byte, sizeof number> bytes;
  store_number<std::endian::big>(number, bytes.data());
  return bytes;
}

void add_zeros_to(BlockHasher& hasher, std::uint64_t count) {
  while (count > 0) {
    const std::uint64_t piece = std::min<std::uint64_t>(count, kZeros.size());
    hasher.add(Bytes(kZeros).first(static_cast<std::size_t>(piece)));
    count -= piece;
  }
}

const BlockHash& hash_of_zero_block() {
  static const BlockHash kHash = [] {
    BlockHasher hasher;
    add_zeros_to(hasher, kFileBlockBytes);
    return hasher.value();
  }();
  return kHash;
}

}  // namespace

BlockHashes::BlockHashes(std::span<const BlockHash> before)
    : size_(before.size() * kFileBlockBytes), first_ready_(before.size()) {
  for (const BlockHash& each : before) blocks_.add(each.bytes);
}

BlockHashes BlockHashes::from_block(std::uint64_t first) {
  BlockHashes hashes;
  hashes.size_ = first * kFileBlockBytes;
  hashes.first_ready_ = first;
  return hashes;
}

void BlockHashes::add(Bytes bytes) {
  while (!bytes.empty()) {
    const std::size_t room = kFileBlockBytes - in_block();
    const Bytes piece = bytes.first(std::min(room, bytes.size()));
    bytes = bytes.subspan(piece.size());
    block_.add(piece);
    size_ += piece.size();
    if (in_block() == 0) end_block(block_.value());
  }
}

void BlockHashes::add_zeros(std::uint64_t count) {
  while (count > 0) {
    const bool is_whole_block = in_block() == 0 && count >= kFileBlockBytes;
    const std::uint64_t piece = std::min(count, kFileBlockBytes - in_block());
    count -= piece;
    size_ += piece;
    if (is_whole_block) {
      end_block(hash_of_zero_block());
      continue;
    }
    add_zeros_to(block_, piece);
    if (in_block() == 0) end_block(block_.value());
  }
}

BlockHash BlockHashes::finish() {
  if (in_block() != 0) end_block(block_.value());
  blocks_.add(number_bytes(size_));
  return blocks_.value();
}

void BlockHashes::end_block(BlockHash hash) {
  blocks_.add(hash.bytes);
  ready_.push_back(hash);
  block_.reset();
}

void BlockHashes::drop_ready(std::size_t count) {
  first_ready_ += count;
  ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(count));
}

BlockHash root_of(std::span<const BlockHash> blocks, std::uint64_t size) {
  BlockHasher hasher;
  for (const BlockHash& each : blocks) hasher.add(each.bytes);
  hasher.add(number_bytes(size));
  return hasher.value();
}

BlockHash root_of(Bytes content) {
  BlockHashes hashes;
  hashes.add(content);
  return hashes.finish();
}

}  // namespace hotline::services
