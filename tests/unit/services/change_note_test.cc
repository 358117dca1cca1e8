#include "services/change_note.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/served_files.h"

namespace hotline::services::change_note_test {
namespace {

using test::file_path;
using test::FileAsk;
using test::served_files;
using test::ServedFiles;
using test::small_file;
using test::upload_to;

}  // namespace

TEST_CASE("each change is recorded once, with its end") {
  std::vector<std::string> records;
  FilesOptions options;
  const auto began = wall_clock_now();
  options.audit = [&](const FileRecord& record) {
    CHECK(record.ended >= began);
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
