#pragma once

#include "services/file_caller.h"
#include "services/file_request.h"
#include "services/file_stream.h"

namespace hotline::services {

/// Answers the requests that look something up, except GET. One fiber.
class FileLookup {
 public:
  /// Both must outlive this object.
  FileLookup(FileCaller& call, FileStream& stream) : call_(call), stream_(stream) {}

  // Each returns when the stream has ended.

  void answer(const ListDirectory& request);
  void answer(const StatFile& request);
  void answer(const GetHashes& request);
  void answer(const GetQuota& request);
  void answer(const ListUploads& request);

 private:
  FileCaller& call_;
  FileStream& stream_;
};

}  // namespace hotline::services
