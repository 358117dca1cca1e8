#include "services/upload_hold.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/file_homes.h"
#include "support/loops.h"

namespace hotline::services::upload_hold_test {
namespace {

using test::code_of;
using test::file_path;
using test::sample_content;
using test::send_content;
using test::TestHome;

constexpr std::uint64_t kBlock = kFileBlockBytes;

PutFile put_file(std::uint64_t size, unsigned key = 1) {
  return {.path = file_path("a"), .size = size, .key = test::sample_bytes(key)};
}

UploadHold begin(TestHome& home, const PutFile& request) {
  auto begun = home->put(request);
  REQUIRE(begun);
  return std::get<UploadHold>(std::move(*begun));
}

TEST_CASE("an upload is in no home until it is published, whole, and then durable") {
  TestHome home;
  home.options.durability = FileDurability::full;
  home.restart();
  const std::string content = sample_content(kBlock + 5);
  PutFile request = put_file(content.size());
  request.modified = FileTime(std::chrono::nanoseconds(77));
  UploadHold upload = begin(home, request);
  CHECK(upload.kept() == 0);
  CHECK(home->quota().bytes_reserved == content.size());
  REQUIRE(send_content(upload, content));
  CHECK(upload.confirmed() == kBlock);
  CHECK(test::count_names(home.path()) == 0);
  const auto version = upload.publish(content.size());
  REQUIRE(version);
  CHECK(test::read_test_file(home.path("a")) == content);
  const auto reply = home->stat({.path = file_path("a"), .wants_root = true});
  CHECK(reply->meta.version == *version);
  CHECK(reply->meta.modified == request.modified);
  CHECK(reply->root == root_of(as_bytes(content)));
  CHECK(home->used() == FileUsage{content.size(), 1});
  CHECK(home->quota().bytes_reserved == 0);
  CHECK(std::filesystem::status(home.path("a")).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("an upload that was left goes on with the blocks that were confirmed") {
  TestHome home;
  const std::string content = sample_content(3 * kBlock + 5);
  {
    UploadHold upload = begin(home, put_file(content.size()));
    REQUIRE(send_content(upload, content.substr(0, 2 * kBlock)));
    REQUIRE(upload.write(2 * kBlock, as_bytes("not confirmed")));
    upload.leave();
  }
  CHECK(home->quota().bytes_reserved == content.size());
  UploadHold upload = begin(home, put_file(content.size()));
  CHECK(upload.kept() == 2 * kBlock);
  CHECK(root_of(upload.kept_hashes(), upload.kept()) ==
        root_of(as_bytes(content).first(2 * kBlock)));
  REQUIRE(send_content(upload, content, 2 * kBlock));
  CHECK(upload.publish(content.size()));
  CHECK(test::read_test_file(home.path("a")) == content);
}

TEST_CASE("an upload goes on after the server was killed") {
  TestHome home;
  const std::string content = sample_content(3 * kBlock);
  {
    UploadHold upload = begin(home, put_file(content.size()));
    REQUIRE(send_content(upload, content.substr(0, 2 * kBlock)));
    upload.leave();
  }
  home.restart();
  CHECK(home->quota().bytes_reserved == content.size());
  const auto uploads = home->uploads();
  REQUIRE(uploads->size() == 1);
  CHECK(uploads->front().kept == 2 * kBlock);
  CHECK(uploads->front().size == content.size());
  UploadHold upload = begin(home, put_file(content.size()));
  CHECK(upload.kept() == 2 * kBlock);
  REQUIRE(send_content(upload, content, 2 * kBlock));
  CHECK(upload.publish(content.size()));
  CHECK(test::read_test_file(home.path("a")) == content);
}

TEST_CASE("an upload may go back to a block that is kept, also before a restart") {
  TestHome home;
  const std::string old_content = sample_content(3 * kBlock);
  std::string content = old_content;
  content[kBlock] = static_cast<char>(content[kBlock] ^ 1);
  {
    UploadHold upload = begin(home, put_file(content.size()));
    REQUIRE(send_content(upload, old_content.substr(0, 2 * kBlock)));
    upload.leave();
  }
  {
    UploadHold upload = begin(home, put_file(content.size()));
    REQUIRE(upload.write(kBlock, as_bytes(content).subspan(kBlock, 1)));
    CHECK(upload.confirmed() == kBlock);
  }
  home.restart();
  UploadHold upload = begin(home, put_file(content.size()));
  CHECK(upload.kept() == kBlock);
  REQUIRE(send_content(upload, content, kBlock));
  CHECK(upload.publish(content.size()));
  CHECK(test::read_test_file(home.path("a")) == content);
}

TEST_CASE("what the disk has changed since a server was killed is not published (I5)") {
  TestHome home;
  const std::string content = sample_content(3 * kBlock);
  {
    UploadHold upload = begin(home, put_file(content.size()));
    REQUIRE(send_content(upload, content.substr(0, 2 * kBlock)));
    upload.leave();
  }
  home.restart();
  const std::string part =
      home.staging() + "/" + test::hex_of(put_file(0).key) + std::string(StagedUpload::kPartSuffix);
  std::string changed = test::read_test_file(part);
  changed[kBlock + 5] = static_cast<char>(changed[kBlock + 5] ^ 1);
  test::write_test_file(part, changed);
  {
    UploadHold upload = begin(home, put_file(content.size()));
    CHECK(upload.kept() == 2 * kBlock);
    REQUIRE(send_content(upload, content, 2 * kBlock));
    const auto published = upload.publish(content.size());
    CHECK(test::code_of(published) == FileErrorCode::integrity);
    CHECK(published.error().is_retryable);
    upload.leave();
  }
  UploadHold upload = begin(home, put_file(content.size()));
  CHECK(upload.kept() == kBlock);
  REQUIRE(send_content(upload, content, kBlock));
  CHECK(upload.publish(content.size()));
  CHECK(test::read_test_file(home.path("a")) == content);
}

TEST_CASE("content with a gap, back within a block, or beyond the size is refused (T16, T20)") {
  TestHome home;
  UploadHold upload = begin(home, put_file(kBlock));
  CHECK(code_of(upload.write(1, as_bytes("x"))) == FileErrorCode::integrity);
  CHECK(code_of(upload.write(kBlock, as_bytes("x"))) == FileErrorCode::integrity);
  REQUIRE(upload.write(0, as_bytes("xy")));
  CHECK(code_of(upload.write(1, as_bytes("x"))) == FileErrorCode::integrity);
  CHECK(code_of(upload.write_hole(2, kBlock - 1)) == FileErrorCode::integrity);
  CHECK(code_of(upload.write_hole(2, ~std::uint64_t{0})) == FileErrorCode::too_large);
  CHECK(upload.write_hole(2, kBlock - 2));
}

TEST_CASE("an upload that is not whole or confirmed is not published (T21)") {
  TestHome home;
  UploadHold upload = begin(home, put_file(5));
  REQUIRE(upload.write(0, as_bytes("1234")));
  CHECK(code_of(upload.publish(4)) == FileErrorCode::integrity);
  REQUIRE(upload.write(4, as_bytes("5")));
  CHECK(code_of(upload.publish(5)) == FileErrorCode::integrity);
  CHECK(code_of(upload.confirm({.first = 1, .hashes = {{}}})) == FileErrorCode::integrity);
  CHECK(code_of(upload.confirm({.first = 0, .hashes = {{}, {}}})) == FileErrorCode::integrity);
  REQUIRE(upload.confirm({.first = 0, .hashes = {hash_of(as_bytes("12345"))}}));
  CHECK(upload.publish(5));
  CHECK(code_of(upload.write(5, as_bytes("6"))) == FileErrorCode::taken_over);
}

TEST_CASE("a hole is zeros, is not written, and counts in full (T19)") {
  TestHome home({.bytes = 8 * kBlock, .entries = kNoQuota});
  CHECK(code_of(home->put(put_file(8 * kBlock + 1))) == FileErrorCode::quota_bytes);
  UploadHold upload = begin(home, put_file(kFileSizeUnknown));
  REQUIRE(upload.write_hole(0, 4 * kBlock));
  REQUIRE(upload.write_hole(4 * kBlock, 3 * kBlock + 1));
  CHECK(code_of(upload.write_hole(7 * kBlock + 1, kBlock)) == FileErrorCode::quota_bytes);
  const std::string zeros(8 * kBlock, '\0');
  for (std::uint64_t block = 0; block < 7; ++block) {
    const Bytes bytes = as_bytes(zeros).first(kBlock);
    REQUIRE(upload.confirm({.first = block, .hashes = {hash_of(bytes)}}));
  }
  REQUIRE(upload.confirm({.first = 7, .hashes = {hash_of(as_bytes(zeros).first(1))}}));
  CHECK(upload.digest(FileDigestKind::md5, 7 * kBlock + 1)->kind == FileDigestKind::md5);
  CHECK(upload.publish(7 * kBlock + 1));
  CHECK(std::filesystem::file_size(home.path("a")) == 7 * kBlock + 1);
  CHECK(home->used() == FileUsage{7 * kBlock + 1, 1});
}

TEST_CASE("what a stream has written before it was taken over does not show in a hole") {
  TestHome home;
  UploadHold first = begin(home, put_file(kBlock));
  REQUIRE(first.write(0, as_bytes("secret")));
  UploadHold second = begin(home, put_file(kBlock));
  REQUIRE(second.write_hole(0, kBlock));
  const std::string zeros(kBlock, '\0');
  REQUIRE(second.confirm({.first = 0, .hashes = {hash_of(as_bytes(zeros))}}));
  CHECK(second.publish(kBlock));
  CHECK(test::read_test_file(home.path("a")) == zeros);
}

TEST_CASE("a second stream takes an upload over, and the first one is cut (T23)") {
  TestHome home;
  const std::string content = sample_content(2 * kBlock);
  UploadHold first = begin(home, put_file(content.size()));
  REQUIRE(send_content(first, content.substr(0, kBlock)));
  UploadHold second = begin(home, put_file(content.size()));
  CHECK(first.is_taken_over());
  CHECK(second.kept() == kBlock);
  CHECK(code_of(first.write(kBlock, as_bytes("x"))) == FileErrorCode::taken_over);
  CHECK(code_of(first.publish(kBlock)) == FileErrorCode::taken_over);
  first.leave();
  CHECK_FALSE(second.is_taken_over());
  REQUIRE(send_content(second, content, kBlock));
  CHECK(second.publish(content.size()));
  CHECK(test::read_test_file(home.path("a")) == content);
}

TEST_CASE("an upload of which nothing is kept, or that has no key, ends with its stream") {
  TestHome home;
  {
    UploadHold upload = begin(home, put_file(2 * kBlock));
    REQUIRE(upload.write(0, as_bytes("x")));
    upload.leave();
  }
  PutFile request = put_file(2 * kBlock);
  request.key = {};
  {
    UploadHold upload = begin(home, request);
    REQUIRE(send_content(upload, sample_content(kBlock)));
    CHECK(upload.confirmed() == 0);
    upload.leave();
  }
  CHECK(home->uploads()->empty());
  CHECK(home->quota().bytes_reserved == 0);
  CHECK(test::count_names(home.staging()) == 0);
}

TEST_CASE("an upload that finds its name taken is kept, and published when it may replace") {
  TestHome home;
  const std::string content = sample_content(kBlock);
  {
    UploadHold upload = begin(home, put_file(content.size()));
    REQUIRE(send_content(upload, content));
    REQUIRE(test::store_content(*home.home, "a", "first"));
    CHECK(code_of(upload.publish(content.size())) == FileErrorCode::exists);
    upload.leave();
  }
  CHECK(test::read_test_file(home.path("a")) == "first");
  PutFile request = put_file(content.size());
  CHECK(code_of(home->put(request)) == FileErrorCode::exists);
  request.replacement.on_exist = OnExist::replace;
  UploadHold upload = begin(home, request);
  CHECK(upload.kept() == kBlock);
  REQUIRE(upload.publish(content.size()));
  CHECK(test::read_test_file(home.path("a")) == content);
  CHECK(home->used() == FileUsage{kBlock, 1});
}

TEST_CASE("an upload that is dropped keeps its key until no other one can begin with it") {
  test::on_each_loop([](engine::EventLoop&) {
    const test::TemporaryDirectory directory;
    FileTree tree(test::open_test_directory(directory.file("home")), FileDurability::none);
    UploadTable table(test::open_test_directory(directory.file("staging")), tree.account(), {});
    const PutFile request = put_file(kBlock);
    auto staged = table.begin({.key = request.key, .path = request.path, .size = kBlock},
                              *tree.account().reserve({kBlock, 1}, kBlock));
    REQUIRE(staged);
    const FileView view(tree, table);
    UploadHold upload(*staged, *(*staged)->begin_hold(request, {.path = request.path}), {}, view);
    TaskGroup group;
    {
      const auto beginning = table.beginning().lock();
      REQUIRE(group.spawn("leave", [&] { upload.leave(); }));
      for (int i = 0; i < 5; ++i) yield();
      CHECK(table.find(request.key) == *staged);
    }
    CHECK(group.join());
    CHECK(table.find(request.key) == nullptr);
    CHECK(test::count_names(directory.file("staging")) == 0);
  });
}

TEST_CASE("an empty file is uploaded") {
  TestHome home;
  UploadHold upload = begin(home, put_file(0));
  CHECK(upload.publish(0));
  CHECK(std::filesystem::file_size(home.path("a")) == 0);
}

TEST_CASE("the digest of an upload is that of all of it, also of what was kept before") {
  TestHome home;
  const std::string content = sample_content(kBlock + 100);
  {
    UploadHold upload = begin(home, put_file(content.size()));
    REQUIRE(send_content(upload, content.substr(0, kBlock)));
    upload.leave();
  }
  UploadHold upload = begin(home, put_file(content.size()));
  REQUIRE(send_content(upload, content, kBlock));
  const auto digest = upload.digest(FileDigestKind::sha256, content.size());
  REQUIRE(upload.publish(content.size()));
  CHECK(home->stat({.path = file_path("a"), .digest = FileDigestKind::sha256})->digest == *digest);
}

}  // namespace
}  // namespace hotline::services::upload_hold_test
