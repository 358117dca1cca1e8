#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/services/file_content.h"
#include "hotline/services/file_failure.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/file_requests.h"
#include "services/block_hashes.h"
#include "services/content_digest.h"
#include "services/content_sender.h"
#include "services/file_call.h"
#include "services/file_reply.h"

namespace hotline::services {

/// What a client does to deliver the content of a PUT: finds out from where on its source differs
/// from what the server has kept, and sends that.
class FileDelivery {
 public:
  /// All must outlive it.
  FileDelivery(FileCall& call, const PutFile& request, const ContentSource& source);

  /// Sends what is lacking, and returns the version of the file once the server has it. Once.
  FileResult<FileVersion> run(Deadline deadline);

 private:
  FileResult<FileVersion> deliver(Deadline deadline);
  FileResult<void> find_begin(const KeptReply& kept, Deadline deadline);
  FileResult<void> compare(std::uint64_t first, std::size_t count, Deadline deadline);
  Result<void> hash_until(std::uint64_t end);
  Result<void> redo_digest();
  Result<bool> send_all(Deadline deadline);
  Result<bool> send(const std::string& records, Bytes bytes, Deadline deadline);
  Result<bool> send_piece(ContentSender& sender, const ContentPiece& piece, Deadline deadline);
  Result<bool> send_end(ContentSender& sender, Deadline deadline);
  void note_blocks(const ContentSender& sender);
  FileResult<FileVersion> finish(const FileReply& reply, Deadline deadline);
  Error other_size(std::uint64_t size) const;

  FileCall& call_;
  const PutFile& request_;
  const ContentSource& source_;
  ContentDigest digest_;
  BlockHashes hashes_{};             ///< What is read only to compare it.
  std::vector<BlockHash> before_{};  ///< The hashes before the first block that is sent.
  std::uint64_t noted_ = 0;          ///< The blocks that ContentSource::on_block has got.
};

}  // namespace hotline::services
