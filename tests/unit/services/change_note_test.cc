#include "services/change_note.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::services::change_note_test {
namespace {

using namespace std::chrono_literals;
using test::ask_files;
using test::file_path;
using test::FileAsk;
using test::FileReceipt;
using test::sample_content;
using test::served_files;
using test::ServedFiles;

constexpr std::uint64_t kBlock = kFileBlockBytes;

PutSmallFile small_file(std::string_view path, std::string_view content) {
  return {.path = file_path(path),
          .modified = FileTime(std::chrono::seconds(1'000)),
          .root = root_of(as_bytes(content)),
          .content = std::string(content)};
}

PutFile upload_to(std::string_view path) { return {.path = file_path(path)}; }

}  // namespace

TEST_CASE("each change is recorded once, with its end") {
  std::vector<std::string> records;
  FilesOptions options;
  options.audit = [&](const FileRecord& record) {
    records.push_back(std::string(record.user) + ' ' + std::string(record.caller) + ' ' +
                      std::string(record.request) + ' ' + record.path.text() + ' ' +
                      std::to_string(record.bytes) + ' ' +
                      (record.is_cut  ? "cut"
                       : record.error ? std::string(name_of(record.error->code).value_or("?"))
                                      : "done"));
  };
  served_files(
      [&](ServedFiles& server) {
        records.clear();
        server.put(upload_to("a"), std::string(100'000, 'x'));
        server.put(upload_to("a"), std::string(100'000, 'x'));
        server.ask(small_file("b", "12345"));
        server.ask(MoveFile{.path = file_path("b"), .target = file_path("c")});
        server.ask(ListDirectory{});
        {
          FileAsk ask(*server.client, upload_to("d"));
          ask.wait_kept();
        }
        server.finish();
        server.start();
        const std::vector<std::string> expected = {
            "alice key:alice PUT a 100000 done", "alice key:alice PUT a 0 exists",
            "alice key:alice FILE b 5 done", "alice key:alice MOVE b 0 done",
            "alice key:alice PUT d 0 cut"};
        CHECK(records == expected);
      },
      options);
}

}  // namespace hotline::services::change_note_test
