#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "hotline/core/bytes.h"
#include "services/content_digest.h"
#include "services/content_sender.h"
#include "services/file_caller.h"
#include "services/file_outcome.h"
#include "services/file_stream.h"
#include "services/opened_file.h"

namespace hotline::services {

/// Answers GET. One fiber.
class DownloadSender {
 public:
  /// All must outlive this object.
  DownloadSender(FileCaller& call, FileStream& stream, const GetFile& request)
      : call_(call), stream_(stream), request_(request) {}

  /// Returns when the stream has ended.
  void answer();

 private:
  using Sent = std::expected<void, FileStream::Stop>;

  Sent send();
  Sent send_small(OpenedFile& file);
  Sent send_large(OpenedFile& file);
  Sent send_pieces(OpenedFile& file, std::uint64_t stop);
  Sent send_piece(OpenedFile& file, MutableBytes room);
  Sent send_hole(OpenedFile& file, std::uint64_t stop);
  Sent send_records(std::string_view records, Bytes data = {});

  FileCaller& call_;
  FileStream& stream_;
  const GetFile& request_;
  ContentDigest digest_{request_.digest};
  std::optional<ContentSender> sender_{};
  bool is_in_hole_ = false;  ///< The last piece was zeros.
};

}  // namespace hotline::services
