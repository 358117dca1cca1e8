#include "hotline/services/file_download.h"

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/event.h"
#include "support/loops.h"
#include "support/served_file.h"
#include "support/temporary_directory.h"

namespace hotline::file_download_test {
namespace {

using test::file_path;
using test::FilePair;
using test::meta_of;
using test::ServedFile;
using test::together;
using Serve = std::function<void(ServedFile&)>;

/// A directory into which a file `a` is downloaded.
struct Target {
  FileDownloadOptions options() const {
    return {.path = file_path("a"),
            .durability = FileDownloadOptions::Durability::none,
            .notes = place.path() + "/notes"};
  }
  FileDownload download() const { return {directory, "a", options()}; }

  std::string read(std::string_view name) const {
    auto file = directory.open_file(name);
    if (!file) return "absent";
    std::string content(static_cast<std::size_t>(file->status()->size), '\0');
    REQUIRE(file->read_at(0, as_writable_bytes(content)).value() == content.size());
    return content;
  }

  /// Returns the names in the directory, without the one of the notes.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    auto entries = directory.entries();
    REQUIRE(entries);
    const auto listed = entries->next(100);
    REQUIRE(listed);
    for (const DirectoryEntry& each : *listed) {
      if (each.name != "notes") all.push_back(each.name);
    }
    return all;
  }

  test::TemporaryDirectory place{};
  Directory directory = Directory::open(place.path()).value();
};

/// Runs the download from a server that serves one request after another.
FileResult<FileMeta> run_from(FileDownload& download, const std::vector<Serve>& serves) {
  FilePair pair;
  FileResult<FileMeta> got;
  Event has_come;
  together(
      [&] {
        got = download.run(pair.client);
        has_come.set();
      },
      [&] {
        std::vector<ServedFile> all;
        for (const Serve& serve : serves) serve(all.emplace_back(pair.server));
        discard(has_come.wait());
      });
  return got;
}

/// Sends the first block, and then nothing more.
Serve first_block_of(std::string_view content) {
  return [content](ServedFile& served) {
    served.send(services::MetaReply{.meta = meta_of(content)});
    services::ContentSender sender({.begin = 0});
    const std::size_t step = services::kContentDataMax;
    for (std::size_t from = 0; from <= kFileBlockBytes; from += step) {
      const std::string_view piece = content.substr(from, step);
      served.write(sender.begin_data(as_bytes(piece)));
      served.write(piece);
    }
    served.answer(FileError{.code = FileErrorCode::draining, .is_retryable = true});
  };
}

Serve rest_of(std::string_view content, std::uint64_t offset) {
  return [content, offset](ServedFile& served) {
    CHECK(served.get<GetFile>().offset == offset);
    CHECK(served.get<GetFile>().version == test::sample_version());
    served.send_file(content, meta_of(content));
  };
}

Serve hashes_of(std::string_view content) {
  return [content](ServedFile& served) {
    const auto& asked = served.get<GetHashes>();
    CHECK(asked.version == test::sample_version());
    services::BlockList list{.first = asked.first};
    for (std::size_t i = 0; i < asked.count; ++i) {
      const auto block = content.substr((asked.first + i) * kFileBlockBytes, kFileBlockBytes);
      list.hashes.push_back(services::hash_of(as_bytes(block)));
    }
    served.answer(list);
  };
}

TEST_CASE("a file is published whole, with its time and its bit, and nothing else is left") {
  test::on_each_engine([] {
    for (const std::size_t size : {0UL, 4UL, 2'500'000UL}) {
      const std::string content = test::sample_content(size);
      Target target;
      FileDownload download = target.download();
      const auto got = run_from(
          download, {[&](ServedFile& served) { served.send_file(content, meta_of(content)); }});
      REQUIRE(got);
      CHECK(*got == meta_of(content));
      CHECK((target.read("a") == content));
      CHECK(target.names() == std::vector<std::string>{"a"});
      const FileStatus status = target.directory.status("a").value();
      CHECK(status.modified == test::sample_meta().modified);
      CHECK((status.mode & 0100) != 0);
    }
  });
}

TEST_CASE("a download that was cut off goes on after the blocks that have arrived") {
  const std::string content = test::sample_content(3 * kFileBlockBytes + 9);
  Target target;
  FileDownload download = target.download();
  const auto cut = run_from(download, {first_block_of(content)});
  REQUIRE_FALSE(cut);
  CHECK(cut.error().is_retryable);
  CHECK(target.read("a") == "absent");
  CHECK(run_from(download, {rest_of(content, kFileBlockBytes)}));
  CHECK((target.read("a") == content));
  CHECK(target.names() == std::vector<std::string>{"a"});
}

TEST_CASE("another process goes on after the blocks that are the same at the server") {
  const std::string content = test::sample_content(3 * kFileBlockBytes + 9);
  for (const bool is_damaged : {false, true}) {
    Target target;
    {
      FileDownload download = target.download();
      REQUIRE_FALSE(run_from(download, {first_block_of(content)}));
    }
    REQUIRE(target.names().size() == 1);
    if (is_damaged) {
      auto part = target.directory.open_for_writing(target.names().front());
      REQUIRE(part->write_at(5, as_bytes("damage")));
    }
    FileDownloadOptions options = target.options();
    std::vector<std::uint64_t> begins;
    options.on_begin = [&](std::uint64_t begin) { begins.push_back(begin); };
    FileDownload again(target.directory, "a", options);
    const std::uint64_t offset = is_damaged ? 0 : kFileBlockBytes;
    CHECK(run_from(again, {hashes_of(content), rest_of(content, offset)}));
    CHECK(begins == std::vector{offset});
    CHECK((target.read("a") == content));
    CHECK(target.names() == std::vector<std::string>{"a"});
  }
}

TEST_CASE("a file that has changed at the server is downloaded anew") {
  const std::string content = test::sample_content(2 * kFileBlockBytes);
  Target target;
  FileDownload download = target.download();
  REQUIRE_FALSE(run_from(download, {first_block_of(content)}));
  const Serve changed = [](ServedFile& served) {
    served.answer(FileError{.code = FileErrorCode::changed});
  };
  const Serve anew = [](ServedFile& served) {
    CHECK(served.get<GetFile>() == GetFile{.path = file_path("a")});
    served.send_file("other", meta_of("other"));
  };
  CHECK(run_from(download, {changed, anew}));
  CHECK(target.read("a") == "other");
  CHECK(target.names() == std::vector<std::string>{"a"});
}

TEST_CASE("a name that is in use is not asked for, unless it is to be replaced") {
  Target target;
  REQUIRE(target.directory.create("a", 0600));
  FilePair pair;
  FileDownload refused = target.download();
  const auto got = refused.run(pair.client);
  REQUIRE_FALSE(got);
  CHECK(got.error().native_code == EEXIST);
  CHECK(pair.client.session().stream_count() == 0);
  FileDownloadOptions options = target.options();
  options.existing = Directory::Existing::replace;
  FileDownload download(target.directory, "a", options);
  CHECK(run_from(download, {[](ServedFile& served) { served.send_file("new", meta_of("new")); }}));
  CHECK(target.read("a") == "new");
}

TEST_CASE("a name that is in use is found when the file has arrived, if that is wanted") {
  Target target;
  REQUIRE(target.directory.create("a", 0600));
  FileDownloadOptions options = target.options();
  options.name_check = FileDownloadOptions::NameCheck::after;
  FileDownload download(target.directory, "a", options);
  const auto got =
      run_from(download, {[](ServedFile& served) { served.send_file("new", meta_of("new")); }});
  REQUIRE_FALSE(got);
  CHECK(got.error().native_code == EEXIST);
  CHECK(target.read("a").empty());
  CHECK(target.names() == std::vector<std::string>{"a"});
}

TEST_CASE("a large file whose name is found in use when it has arrived is not kept") {
  const std::string content = test::sample_content(2 * kFileBlockBytes);
  Target target;
  REQUIRE(target.directory.create("a", 0600));
  FileDownloadOptions options = target.options();
  options.name_check = FileDownloadOptions::NameCheck::after;
  FileDownload download(target.directory, "a", options);
  const auto got = run_from(
      download, {[&](ServedFile& served) { served.send_file(content, meta_of(content)); }});
  REQUIRE_FALSE(got);
  CHECK(got.error().native_code == EEXIST);
  CHECK(target.names() == std::vector<std::string>{"a"});
  auto notes = Directory::open(options.notes)->entries();
  REQUIRE(notes);
  CHECK(notes->next(1)->empty());
}

TEST_CASE("a small file is published also if it is to survive a power cut") {
  test::on_each_engine([] {
    Target target;
    FileDownloadOptions options = target.options();
    options.durability = FileDownloadOptions::Durability::full;
    FileDownload download(target.directory, "a", options);
    CHECK(
        run_from(download, {[](ServedFile& served) { served.send_file("new", meta_of("new")); }}));
    CHECK(target.read("a") == "new");
    CHECK(target.names() == std::vector<std::string>{"a"});
  });
}

TEST_CASE("a name that comes into use during the download is left as it is") {
  Target target;
  FileDownload download = target.download();
  const auto got = run_from(download, {[&](ServedFile& served) {
                              REQUIRE(target.directory.create("a", 0600));
                              served.send_file("new", meta_of("new"));
                            }});
  REQUIRE_FALSE(got);
  CHECK(got.error().native_code == EEXIST);
  CHECK(target.read("a").empty());
  CHECK(target.names() == std::vector<std::string>{"a"});
}

TEST_CASE("a lie of the server leaves nothing of a small file") {
  Target target;
  FileDownload download = target.download();
  const auto got = run_from(download, {[](ServedFile& served) {
                              served.send(services::MetaReply{.meta = meta_of("milk")});
                              served.write(services::encode_data_header(0, 4) + "milk");
                              discard(served.stream.end(services::kContentFlow));
                              served.finish();
                            }});
  CHECK(test::kind_of(got) == "protocol_violation");
  CHECK(target.names().empty());
}

TEST_CASE("a download that is given up leaves nothing") {
  const std::string content = test::sample_content(2 * kFileBlockBytes);
  Target target;
  FileDownload download = target.download();
  REQUIRE_FALSE(run_from(download, {first_block_of(content)}));
  CHECK(target.names().size() == 1);
  download.discard();
  CHECK(target.names().empty());
}

}  // namespace
}  // namespace hotline::file_download_test
