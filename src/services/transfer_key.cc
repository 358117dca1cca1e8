#include "services/transfer_key.h"

#include <algorithm>
#include <string>

#include "hotline/core/bytes.h"
#include "services/content_digest.h"
#include "services/file_payload.h"

namespace hotline::services {

UploadKey transfer_key(std::span<const std::string_view> texts,
                       std::span<const std::uint64_t> numbers) {
  std::string all;
  FilePayloadWriter writer(all);
  for (const std::string_view text : texts) {
    writer.put_number(std::uint64_t{text.size()});
    writer.put(as_bytes(text));
  }
  for (const std::uint64_t number : numbers) writer.put_number(number);
  ContentDigest digest(FileDigestKind::sha256);
  digest.add(as_bytes(all));
  UploadKey key;
  std::copy_n(digest.finish().bytes.begin(), key.size(), key.begin());
  return key;
}

}  // namespace hotline::services
