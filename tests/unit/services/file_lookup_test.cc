#include "services/file_lookup.h"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::services::file_lookup_test {
namespace {

using test::file_path;
using test::FileReceipt;
using test::served_files;
using test::ServedFiles;
using test::small_file;
using test::upload_to;

}  // namespace

TEST_CASE("a small file is stored, described, listed and returned") {
  served_files([](ServedFiles& server) {
    CHECK(server.ask(small_file("a", "hello")).is_proven());
    CHECK(server.root.content("alice", "a") == "hello");
    const FileReceipt got = server.ask(GetFile{.path = file_path("a")});
    CHECK(got.is_proven());
    CHECK(got.content == "hello");
    const FileMeta meta = got.last<SmallFileReply>().meta;
    CHECK(meta.modified == FileTime(std::chrono::seconds(1'000)));
    const FileReceipt described = server.ask(
        StatFile{.path = file_path("a"), .wants_root = true, .digest = FileDigestKind::sha256});
    CHECK(described.is_proven());
    CHECK(described.last<MetaReply>().meta == meta);
    const FileReceipt listed = server.ask(ListDirectory{});
    REQUIRE(listed.is_proven());
    REQUIRE(listed.last<FilePage>().entries.size() == 1);
    CHECK(listed.last<FilePage>().entries[0] == FileEntry{file_path("a"), meta});
  });
}

TEST_CASE("the quota is known, and what is over it is refused without being published") {
  served_files(
      [](ServedFiles& server) {
        CHECK(server.ask(small_file("a", std::string(600, 'x'))).is_proven());
        const FileReceipt refused = server.ask(small_file("b", std::string(600, 'x')));
        CHECK(refused.has_failed(FileErrorCode::quota_bytes));
        CHECK(refused.error->detail == 200);
        CHECK(server.put(upload_to("c"), std::string(5'000, 'x'))
                  .has_failed(FileErrorCode::quota_bytes));
        const FileReceipt known = server.ask(GetQuota{});
        CHECK(known.last<FileQuota>().bytes_max == 1'000);
        CHECK(known.last<FileQuota>().bytes_used == 600);
        CHECK(known.last<FileQuota>().bytes_reserved == 0);
        CHECK(known.last<FileQuota>().server != FileQuota::ServerId{});
        CHECK(server.root.entry_count("alice") == 1);
      },
      {}, "quota = 1000\n");
}

}  // namespace hotline::services::file_lookup_test
