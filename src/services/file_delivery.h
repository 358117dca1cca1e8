#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/engine/event.h"
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

  /// Compares what is kept before anything is sent, without ContentSource::hashes. `known` are the
  /// hashes of the first blocks. Before run().
  void compare_first(std::vector<BlockHash> known);

  /// Sends what is lacking, and returns the version of the file once the server has it. Once.
  FileResult<FileVersion> run(Deadline deadline);

  /// Returns true if run() has failed because a block that is kept differs, which was found after
  /// content had been sent. Another call with the same key goes on, with compare_first().
  bool has_found_difference() const { return has_found_difference_; }

  /// Returns the hashes of the blocks that were found to be the same, up to that one.
  std::vector<BlockHash> same_blocks() const;

 private:
  struct Course;

  FileResult<FileVersion> deliver(Deadline deadline);
  FileResult<FileVersion> outcome(Course& course, Deadline deadline);
  FileResult<void> find_begin(const KeptReply& kept, Deadline deadline);
  FileResult<void> compare_all(const KeptReply& kept, Deadline deadline);
  FileResult<void> compare(std::uint64_t first, std::size_t count, Deadline deadline);
  FileResult<void> begin_after_kept(std::size_t blocks, Deadline deadline);
  FileResult<std::vector<BlockHash>> ask(std::uint64_t first, std::size_t count, Deadline deadline);
  bool may_compare_beside(std::size_t blocks) const;
  bool is_compared() const { return compared_ == before_.size(); }
  Result<bool> compare_beside();
  Result<void> wait_compared(Deadline deadline);
  Result<void> hash_until(std::uint64_t end);
  Result<void> redo_digest();
  Result<bool> send_all(Deadline deadline);
  Result<bool> send(const std::string& records, Bytes bytes, Deadline deadline);
  Result<bool> send_piece(ContentSender& sender, const ContentPiece& piece, Deadline deadline);
  Result<bool> send_end(ContentSender& sender, Deadline deadline);
  void note_blocks(const ContentSender& sender);
  void pass_blocks();
  FileResult<FileVersion> finish(const FileReply& reply, Deadline deadline);
  Error other_size(std::uint64_t size) const;

  FileCall& call_;
  const PutFile& request_;
  const ContentSource& source_;
  ContentDigest digest_;
  std::vector<BlockHash> known_;
  bool compares_first_ = false;
  BlockHashes hashes_{};             ///< What is read only to compare it.
  std::vector<BlockHash> before_{};  ///< The hashes before the first block that is sent.
  std::size_t compared_ = 0;         ///< So many of them are those of the source.
  Event all_compared_{};
  bool has_found_difference_ = false;
  std::vector<BlockHash> sent_{};  ///< The hashes after before_, for ContentSource::on_block.
  std::uint64_t noted_ = 0;        ///< The blocks that it has got.
};

}  // namespace hotline::services
