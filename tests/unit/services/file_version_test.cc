#include "services/file_version.h"

#include <doctest/doctest.h>

namespace hotline::services::file_version_test {
namespace {

const FileStatus kStatus{.kind = EntryKind::file,
                         .inode = 1,
                         .size = 2,
                         .mode = 0600,
                         .modified = DiskTime(std::chrono::nanoseconds(3)),
                         .changed = DiskTime(std::chrono::nanoseconds(4)),
                         .born = DiskTime(std::chrono::nanoseconds(5))};

TEST_CASE("a version changes with the inode, the size and each of the three times") {
  const FileVersion version = version_of(kStatus);
  CHECK_FALSE(version.is_none());
  FileStatus other = kStatus;
  other.inode = 2;
  CHECK(version_of(other) != version);
  other = kStatus;
  other.size = 1;
  CHECK(version_of(other) != version);
  for (DiskTime FileStatus::*time :
       {&FileStatus::modified, &FileStatus::changed, &FileStatus::born}) {
    other = kStatus;
    other.*time += std::chrono::nanoseconds(1);
    CHECK(version_of(other) != version);
  }
  other = kStatus;
  other.mode = 0644;
  CHECK(version_of(other) == version);
}

TEST_CASE("only a file has a size, counts bytes and is executable") {
  FileStatus status = kStatus;
  status.mode = 0755;
  CHECK(meta_of(status).is_executable);
  CHECK(meta_of(status).size == 2);
  CHECK(usage_of(status) == FileUsage{2, 1});
  for (const EntryKind kind : {EntryKind::directory, EntryKind::link, EntryKind::other}) {
    status.kind = kind;
    CHECK_FALSE(meta_of(status).is_executable);
    CHECK(meta_of(status).size == 0);
    CHECK(usage_of(status) == FileUsage{0, 1});
  }
}

TEST_CASE("only the right of the owner makes a file executable") {
  FileStatus status = kStatus;
  status.mode = 0677;
  CHECK_FALSE(meta_of(status).is_executable);
  CHECK(file_mode(true) == 0700);
  CHECK(file_mode(false) == 0600);
}

}  // namespace
}  // namespace hotline::services::file_version_test
