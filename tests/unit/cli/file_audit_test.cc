#include "cli/file_audit.h"

#include <doctest/doctest.h>

namespace hotline::cli::file_audit_test {

TEST_CASE("the record of an upload is one line") {
  const FilePath path = FilePath::parse("docs/a\nb").value();
  const FileRecord record{
      .user = "alice",
      .caller = "key:alice",
      .endpoint = "tls://192.0.2.1:4711",
      .request = "PUT",
      .path = path,
      .bytes = 5,
      .time = std::chrono::milliseconds(7),
      .ended = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000))};
  CHECK(file_audit_line(record) ==
        R"({"v":1,"ended":"2023-11-14T22:13:20.000000Z","user":"alice","caller":"key:alice",)"
        R"("endpoint":"tls://192.0.2.1:4711",)"
        R"("request":"PUT","path":"docs/a\nb","bytes":5,"ms":7,"result":"done"})");
}

TEST_CASE("a record says why a change was not made") {
  const FilePath path = FilePath::parse("a").value();
  const FilePath target = FilePath::parse("b").value();
  const FileError error{.code = FileErrorCode::quota_bytes, .text = "too much"};
  FileRecord record{.user = "alice",
                    .endpoint = "unix:/s",
                    .request = "COPY",
                    .path = path,
                    .target = &target,
                    .error = &error};
  CHECK(file_audit_line(record) ==
        R"({"v":1,"ended":"1970-01-01T00:00:00.000000Z","user":"alice","endpoint":"unix:/s",)"
        R"("request":"COPY","path":"a","target":"b",)"
        R"("bytes":0,"ms":0,"result":"quota_bytes","text":"too much"})");
  record.error = nullptr;
  record.is_cut = true;
  CHECK(file_audit_line(record).find(R"("result":"cut")") != std::string::npos);
}

}  // namespace hotline::cli::file_audit_test
