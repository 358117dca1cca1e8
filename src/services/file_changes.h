#pragma once

#include "services/change_note.h"
#include "services/file_caller.h"
#include "services/file_outcome.h"
#include "services/file_request.h"
#include "services/file_stream.h"

namespace hotline::services {

/// Answers the requests that change something, except PUT. One fiber.
class FileChanges {
 public:
  /// Both must outlive this object.
  FileChanges(FileCaller& call, FileStream& stream) : call_(call), stream_(stream) {}

  // Each returns when the stream has ended.

  void answer(const PutSmallFile& request);
  void answer(const MakeDirectory& request);
  void answer(const RemoveFile& request);
  void answer(const MoveFile& request);
  void answer(const CopyFile& request);
  void answer(const SetFileMeta& request);
  void answer(const DropUpload& request);

 private:
  FileOutcome<FileVersion> store(const PutSmallFile& request);

  template <typename Change>
  void carry_out(ChangeNote note, const Change& change);
  template <typename Change>
  void carry_out_long(const ChangeNote& note, const Change& change);

  FileCaller& call_;
  FileStream& stream_;
};

}  // namespace hotline::services
