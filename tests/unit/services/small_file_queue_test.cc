#include "services/small_file_queue.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::services::small_file_queue_test {
namespace {

using test::file_path;
using test::FileAsk;
using test::FileReceipt;
using test::served_files;
using test::ServedFiles;

}  // namespace

TEST_CASE("many small files at once are stored in groups, each with its own answer") {
  served_files([](ServedFiles& server) {
    std::vector<FileAsk> asks;
    for (int i = 0; i < 150; ++i) {
      const std::string content = std::to_string(i);
      PutSmallFile request{.path = file_path("f" + std::to_string(i % 140)),
                           .root = root_of(as_bytes(content)),
                           .content = content};
      if (i % 10 == 9) request.root = test::sample_hash();
      asks.emplace_back(*server.client, request);
    }
    for (std::size_t i = 0; i < asks.size(); ++i) {
      CAPTURE(i);
      const FileReceipt receipt = asks[i].finish();
      const bool is_second = i >= 140 && i % 10 != 9;
      CHECK(receipt.has_failed(FileErrorCode::integrity) == (i % 10 == 9));
      CHECK(receipt.has_failed(FileErrorCode::exists) == is_second);
    }
    CHECK(server.root.entry_count("alice") == 126);
    CHECK(server.root.content("alice", "f8") == "8");
  });
}

}  // namespace hotline::services::small_file_queue_test
