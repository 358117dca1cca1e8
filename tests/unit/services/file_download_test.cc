#include "hotline/services/file_download.h"

#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "support/download_target.h"
#include "support/loops.h"

namespace hotline::file_download_test {
namespace {

using test::download_from;
using test::file_path;
using test::FilePair;
using test::first_block_of;
using test::hashes_of;
using test::meta_of;
using test::rest_of;
using test::ServedFile;
using Serve = test::ServeFile;
using Target = test::DownloadTarget;

TEST_CASE("a file is published whole, with its time and its bit, and nothing else is left") {
  test::on_each_engine([] {
    for (const std::size_t size : {0UL, 4UL, 2'500'000UL}) {
      const std::string content = test::sample_content(size);
      Target target;
      FileDownload download = target.download();
      const auto got = download_from(
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
  const auto cut = download_from(download, {first_block_of(content)});
  REQUIRE_FALSE(cut);
  CHECK(cut.error().is_retryable);
  CHECK(target.read("a") == "absent");
  CHECK(download_from(download, {rest_of(content, kFileBlockBytes)}));
  CHECK((target.read("a") == content));
  CHECK(target.names() == std::vector<std::string>{"a"});
}

TEST_CASE("another process goes on after the blocks that are the same at the server") {
  const std::string content = test::sample_content(3 * kFileBlockBytes + 9);
  for (const bool is_damaged : {false, true}) {
    Target target;
    {
      FileDownload download = target.download();
      REQUIRE_FALSE(download_from(download, {first_block_of(content)}));
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
    std::vector<Serve> serves{rest_of(content, kFileBlockBytes), hashes_of(content)};
    if (is_damaged) serves.push_back(rest_of(content, 0));
    CHECK(download_from(again, serves));
    CHECK(begins.front() == kFileBlockBytes);
    CHECK(begins.back() == (is_damaged ? 0 : kFileBlockBytes));
    CHECK((target.read("a") == content));
    CHECK(target.names() == std::vector<std::string>{"a"});
  }
}

TEST_CASE("a file that has changed at the server is downloaded anew") {
  const std::string content = test::sample_content(2 * kFileBlockBytes);
  Target target;
  FileDownload download = target.download();
  REQUIRE_FALSE(download_from(download, {first_block_of(content)}));
  const Serve changed = [](ServedFile& served) {
    served.answer(FileError{.code = FileErrorCode::changed});
  };
  const Serve anew = [](ServedFile& served) {
    CHECK(served.get<GetFile>() == GetFile{.path = file_path("a")});
    served.send_file("other", meta_of("other"));
  };
  CHECK(download_from(download, {changed, anew}));
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
  CHECK(download_from(download,
                      {[](ServedFile& served) { served.send_file("new", meta_of("new")); }}));
  CHECK(target.read("a") == "new");
}

TEST_CASE("a pipe that has the name is not replaced, and the file is not asked for") {
  Target target;
  REQUIRE(mkfifo((target.place.path() + "/a").c_str(), 0600) == 0);
  FileDownloadOptions options = target.options();
  options.existing = Directory::Existing::replace;
  FilePair pair;
  FileDownload download(target.directory, "a", options);
  const auto got = download.run(pair.client);
  REQUIRE_FALSE(got);
  CHECK(got.error().native_code == EEXIST);
  CHECK(pair.client.session().stream_count() == 0);
  CHECK(target.directory.status("a")->kind == EntryKind::other);
}

TEST_CASE("a pipe that gets the name during the download is not replaced") {
  for (const std::size_t size : {3UL, 2'500'000UL}) {
    const std::string content = test::sample_content(size);
    Target target;
    FileDownloadOptions options = target.options();
    options.existing = Directory::Existing::replace;
    FileDownload download(target.directory, "a", options);
    const auto got =
        download_from(download, {[&](ServedFile& served) {
                        REQUIRE(mkfifo((target.place.path() + "/a").c_str(), 0600) == 0);
                        served.send_file(content, meta_of(content));
                      }});
    REQUIRE_FALSE(got);
    CHECK(got.error().native_code == EEXIST);
    CHECK(target.directory.status("a")->kind == EntryKind::other);
  }
}

TEST_CASE("a name that is in use is found when the file has arrived, if that is wanted") {
  Target target;
  REQUIRE(target.directory.create("a", 0600));
  FileDownloadOptions options = target.options();
  options.name_check = FileDownloadOptions::NameCheck::after;
  FileDownload download(target.directory, "a", options);
  const auto got = download_from(
      download, {[](ServedFile& served) { served.send_file("new", meta_of("new")); }});
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
  const auto got = download_from(
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
    CHECK(download_from(download,
                        {[](ServedFile& served) { served.send_file("new", meta_of("new")); }}));
    CHECK(target.read("a") == "new");
    CHECK(target.names() == std::vector<std::string>{"a"});
  });
}

TEST_CASE("a name that comes into use during the download is left as it is") {
  Target target;
  FileDownload download = target.download();
  const auto got = download_from(download, {[&](ServedFile& served) {
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
  const auto got = download_from(download, {[](ServedFile& served) {
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
  REQUIRE_FALSE(download_from(download, {first_block_of(content)}));
  CHECK(target.names().size() == 1);
  download.discard();
  CHECK(target.names().empty());
}

}  // namespace
}  // namespace hotline::file_download_test
