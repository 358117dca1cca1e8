#include "services/file_changes.h"

#include <string>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::services::file_changes_test {
namespace {

using test::file_path;
using test::served_files;
using test::ServedFiles;
using test::small_file;

constexpr std::uint64_t kBlock = kFileBlockBytes;

}  // namespace

TEST_CASE("directories are made, moved, copied and removed") {
  served_files([](ServedFiles& server) {
    CHECK(server.ask(MakeDirectory{.path = file_path("d")}).is_proven());
    CHECK(server.ask(MakeDirectory{.path = file_path("d")}).has_failed(FileErrorCode::exists));
    CHECK(server.ask(small_file("d/a", "x")).is_proven());
    CHECK(server.ask(MoveFile{.path = file_path("d"), .target = file_path("e")}).is_proven());
    CHECK(server
              .ask(CopyFile{
                  .path = file_path("e"), .target = file_path("c"), .depth = FileDepth::tree})
              .is_proven());
    CHECK(server.root.content("alice", "c/a") == "x");
    CHECK(server.ask(RemoveFile{.path = file_path("e")}).has_failed(FileErrorCode::not_empty));
    CHECK(server.ask(RemoveFile{.path = file_path("e"), .depth = FileDepth::tree}).is_proven());
    CHECK(server.root.entry_count("alice") == 1);
    CHECK(server.ask(SetFileMeta{.path = file_path("c/a"), .is_executable = true}).is_proven());
    CHECK(server.ask(StatFile{.path = file_path("c/a")}).last<MetaReply>().meta.is_executable);
    CHECK(server.ask(ListDirectory{.depth = FileDepth::tree}).last<FilePage>().entries.size() == 2);
  });
}

TEST_CASE("a stale version is refused (T25)") {
  served_files([](ServedFiles& server) {
    const FileVersion first = server.ask(small_file("a", "1")).last<DoneReply>().version;
    PutSmallFile second = small_file("a", "2");
    CHECK(server.ask(second).has_failed(FileErrorCode::exists));
    second.replacement = {OnExist::replace_if, first};
    CHECK(server.ask(second).is_proven());
    CHECK(server.ask(second).has_failed(FileErrorCode::changed));
    CHECK(server.ask(GetFile{.path = second.path, .version = first})
              .has_failed(FileErrorCode::changed));
    CHECK(server.ask(RemoveFile{.path = second.path, .version = first})
              .has_failed(FileErrorCode::changed));
    CHECK(server.ask(GetFile{.path = second.path, .offset = kBlock})
              .has_failed(FileErrorCode::changed));
    CHECK(server.root.content("alice", "a") == "2");
  });
}

}  // namespace hotline::services::file_changes_test
