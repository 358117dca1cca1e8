#include "services/content_sender.h"

#include <algorithm>

namespace hotline::services {
namespace {

BlockHashes hashes_from(const ContentSender::Begin& begin) {
  const std::uint64_t blocks = begin.begin / kFileBlockBytes;
  return begin.before.size() == blocks ? BlockHashes(begin.before)
                                       : BlockHashes::from_block(blocks);
}

}  // namespace

ContentSender::ContentSender(Begin begin)
    : knows_before_(begin.before.size() == begin.begin / kFileBlockBytes),
      hashes_(hashes_from(begin)) {}

std::string ContentSender::begin_data(Bytes bytes) {
  std::string records = ready_blocks();
  records += encode_data_header(position(), bytes.size());
  hashes_.add(bytes);
  return records;
}

std::string ContentSender::hole(std::uint64_t length) {
  std::string records;
  while (length > 0) {
    const std::uint64_t piece = std::min(length, kContentHoleMax);
    records += ready_blocks();
    records += encode_record(ContentHole{position(), piece});
    hashes_.add_zeros(piece);
    length -= piece;
  }
  return records;
}

std::string ContentSender::end(const End& end) {
  const BlockHash root = hashes_.finish();
  std::string records = ready_blocks();
  ContentEnd last{.size = end.size, .digest = end.digest};
  if (knows_before_ && position() == end.size) last.root = root;
  return records + encode_record(last);
}

/// Returns the hashes of the blocks that have ended. A HOLE can end 1,024 of them at once.
std::string ContentSender::ready_blocks() {
  const std::span<const BlockHash> ready = hashes_.ready();
  if (ready.empty()) return {};
  std::string record = encode_record(
      BlockList{.first = hashes_.first_ready(), .hashes = {ready.begin(), ready.end()}});
  hashes_.drop_ready(ready.size());
  return record;
}

}  // namespace hotline::services
