#pragma once

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/services/file_content.h"
#include "hotline/services/file_failure.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/file_requests.h"
#include "services/content_digest.h"
#include "services/content_reader.h"
#include "services/file_call.h"

namespace hotline::services {

/// What a client does with the content of a GET: passes it to a sink, and checks it.
class FileFetch {
 public:
  /// All must outlive it.
  FileFetch(FileCall& call, const GetFile& request, const ContentSink& sink);

  /// Takes all that arrives. Succeeds only if all of it has arrived as it was sent. Once.
  FileResult<FileMeta> run(Deadline deadline);

 private:
  FileResult<void> take_next(Deadline deadline);
  FileResult<void> take_message(Deadline deadline);
  FileResult<void> take_content(Deadline deadline);
  FileResult<void> end_content();
  Result<void> pass(const ContentEvent& event);
  Result<void> pass_data(std::uint64_t offset, Bytes bytes);
  Result<void> pass_zeros(std::uint64_t offset, std::uint64_t length);

  FileCall& call_;
  const ContentSink& sink_;
  ContentDigest digest_;
  FileMeta meta_{};
};

}  // namespace hotline::services
