#include "services/staged_upload.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "services/block_hashes.h"
#include "support/file_homes.h"

namespace hotline::services::staged_upload_test {
namespace {

using test::code_of;
using test::file_path;

constexpr std::uint64_t kBlock = kFileBlockBytes;

struct Staging {
  test::TemporaryDirectory directory{};
  FileTree tree{test::open_test_directory(directory.file("home")), FileDurability::none};
  Directory staging = test::open_test_directory(directory.file("staging"));

  PutFile request{.path = file_path("a"), .size = 3 * kBlock, .key = test::sample_bytes(1)};

  std::unique_ptr<StagedUpload> make() {
    auto upload = std::make_unique<StagedUpload>(
        staging, UploadFacts{request.key, request.path, request.size},
        tree.account().reserve({request.size, 1}, request.size).value());
    REQUIRE(upload->make());
    return upload;
  }

  std::uint64_t hold(StagedUpload& upload) const {
    return upload.begin_hold(request, {.path = request.path}).value();
  }

  std::size_t files() const { return test::count_names(directory.file("staging")); }
};

TEST_CASE("a hold ends the one before it, and only the current one may write") {
  Staging test;
  const auto upload = test.make();
  const std::uint64_t first = test.hold(*upload);
  const std::uint64_t second = test.hold(*upload);
  CHECK(code_of(upload->write(first, 0, as_bytes("x"))) == FileErrorCode::taken_over);
  upload->end_hold(first);
  CHECK(upload->is_held_by(second));
  CHECK(upload->write(second, 0, as_bytes("x")));
  upload->end_hold(second);
  CHECK_FALSE(upload->is_held());
  CHECK(code_of(upload->confirm(second, {.hashes = {{}}})) == FileErrorCode::taken_over);
}

TEST_CASE("an upload that is dropped has no files, no reservation and no holds") {
  Staging test;
  const auto upload = test.make();
  const std::uint64_t hold = test.hold(*upload);
  CHECK(test.files() == 2);
  upload->drop();
  CHECK(test.files() == 0);
  CHECK(upload->is_gone());
  CHECK(test.tree.account().reserved() == FileUsage());
  CHECK(code_of(upload->write(hold, 0, as_bytes("x"))) == FileErrorCode::taken_over);
  CHECK(code_of(upload->begin_hold(test.request, {})) == FileErrorCode::taken_over);
  upload->drop();
}

TEST_CASE("an upload whose file was removed beside the service cannot go on") {
  Staging test;
  const auto upload = test.make();
  REQUIRE(upload->leave(test.hold(*upload)));
  std::filesystem::remove_all(test.directory.file("staging"));
  CHECK_FALSE(upload->begin_hold(test.request, {}));
  CHECK_FALSE(upload->is_held());
}

TEST_CASE("storage for a large file is there before its content, and its size is not") {
  Staging test;
  test.request.size = 2 * kBlock;
  const auto upload = test.make();
  const auto part = test.directory.file("staging/" + test::hex_of(test.request.key) + ".part");
  CHECK(std::filesystem::file_size(part) == 0);
}

TEST_CASE("the state file is written when enough blocks are confirmed") {
  Staging test;
  test.request.size = (StagedUpload::kCheckpointBlocks + 1) * kBlock;
  const auto upload = test.make();
  const std::uint64_t hold = test.hold(*upload);
  const auto state = test.directory.file("staging/" + test::hex_of(test.request.key) + ".state");
  const auto header = std::filesystem::file_size(state);
  REQUIRE(upload->write_hole(hold, 0, test.request.size));
  BlockList list;
  list.hashes.resize(StagedUpload::kCheckpointBlocks - 1);
  REQUIRE(upload->confirm(hold, list));
  list = {.first = StagedUpload::kCheckpointBlocks - 1, .hashes = {{}}};
  REQUIRE(upload->confirm(hold, list));
  CHECK(std::filesystem::file_size(state) >= header + StagedUpload::kCheckpointBlocks * 16);
}

}  // namespace
}  // namespace hotline::services::staged_upload_test
