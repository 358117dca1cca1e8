#pragma once

#include <cstdint>

#include "hotline/core/deadline.h"
#include "hotline/services/file_path.h"
#include "services/file_caller.h"
#include "services/file_outcome.h"
#include "services/file_protocol.h"

namespace hotline::services {

/// What FilesOptions::audit and the counters get of one change. One of the three ends is called,
/// once.
class ChangeNote {
 public:
  /// All must outlive this object; `target` may be null.
  ChangeNote(FileCaller& call, FileRequestKind kind, const FilePath& path,
             const FilePath* target = nullptr);

  void add_bytes(std::uint64_t bytes) { bytes_ += bytes; }

  void done() { write(nullptr, false); }
  void failed(const FileError& error) { write(&error, false); }

  /// The caller has gone, or given it up.
  void cut() { write(nullptr, true); }

  /// done() or failed().
  template <typename Value>
  void end(const FileOutcome<Value>& outcome) {
    outcome ? done() : failed(outcome.error());
  }

 private:
  void write(const FileError* error, bool is_cut) const;

  FileCaller& call_;
  const FileRequestKind kind_;
  const FilePath& path_;
  const FilePath* target_;
  const Instant begun_;
  std::uint64_t bytes_ = 0;
};

}  // namespace hotline::services
