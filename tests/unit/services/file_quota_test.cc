#include "services/file_quota.h"

#include <string>

#include <doctest/doctest.h>

#include "support/file_samples.h"

namespace hotline::services::file_quota_test {
namespace {

std::string written(const FileQuota& quota) {
  std::string bytes;
  FilePayloadWriter writer(bytes);
  put_value(writer, quota);
  return bytes;
}

std::string fault_of(std::string_view bytes, FileQuota& quota) {
  FilePayloadReader reader("QUOTA", as_bytes(bytes));
  take_value(reader, quota);
  const auto finished = reader.finish();
  return finished ? std::string() : finished.error().text;
}

}  // namespace

TEST_CASE("a quota is read as it was written") {
  for (const FileQuota& quota :
       {FileQuota{},
        FileQuota{.rights = {.can_read = true, .can_write = true},
        .server = test::sample_bytes(3),
        .bytes_max = 10,
        .bytes_used = 11,
        .bytes_reserved = 12,
        .entries_max = 13,
        .entries_used = 14},
        FileQuota{.rights = {.can_overwrite = true}, .bytes_used = kFileSizeUnknown},
        FileQuota{.rights = {.can_read = true, .can_remove = true}, .entries_max = 0}}) {
    FileQuota taken;
    CHECK(fault_of(written(quota), taken).empty());
    CHECK(taken == quota);
  }
}

TEST_CASE("a quota that is cut off or too long is malformed, at every byte") {
  const std::string bytes = written(FileQuota{.server = test::sample_bytes(3)});
  CHECK(bytes.size() == 57);
  FileQuota taken;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(fault_of(bytes.substr(0, size), taken) == "QUOTA is cut off");
  }
  CHECK(fault_of(bytes + "x", taken) == "QUOTA has bytes after its end");
}

TEST_CASE("a right that is not known is malformed") {
  std::string bytes = written(FileQuota{});
  bytes[0] = 16;
  FileQuota taken;
  CHECK(fault_of(bytes, taken) == "QUOTA has an unknown flag");
}

}  // namespace hotline::services::file_quota_test
