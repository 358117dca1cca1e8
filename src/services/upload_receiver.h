#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "services/change_note.h"
#include "services/content_digest.h"
#include "services/file_caller.h"
#include "services/file_outcome.h"
#include "services/file_stream.h"
#include "services/upload_hold.h"

namespace hotline::services {

/// Answers PUT. One fiber.
class UploadReceiver {
 public:
  /// All must outlive this object.
  UploadReceiver(FileCaller& call, FileStream& stream, const PutFile& request)
      : call_(call),
        stream_(stream),
        request_(request),
        note_(call, FileRequestKind::put, request.path) {}

  /// Returns when the stream has ended.
  void answer();

 private:
  template <typename Value>
  using Received = std::expected<Value, FileStream::Stop>;

  Received<FileVersion> store();
  Received<FileVersion> receive(UploadHold& upload);
  Received<void> receive_content(UploadHold& upload);
  Received<void> take(UploadHold& upload, FileStream::Silence);
  Received<void> take(UploadHold& upload, const BlockRange& asked);
  Received<void> take(UploadHold& upload, const ContentData& data);
  Received<void> take(UploadHold& upload, const ContentHole& hole);
  Received<void> take(UploadHold& upload, const BlockList& blocks);
  Received<void> take(UploadHold& upload, FileStream::ContentFlowEnd);
  void note_content(std::uint64_t offset, std::uint64_t length);

  FileCaller& call_;
  FileStream& stream_;
  const PutFile& request_;
  ChangeNote note_;
  std::optional<ContentDigest> digest_{};  ///< If all content passes by.
  bool has_ended_ = false;                 ///< All content has arrived.
};

}  // namespace hotline::services
