#include "hotline/services/file_upload.h"

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/event.h"
#include "support/loops.h"
#include "support/served_file.h"
#include "support/temporary_directory.h"

namespace hotline::file_upload_test {
namespace {

using services::DoneReply;
using test::file_path;
using test::FilePair;
using test::kind_of;
using test::ServedFile;
using test::together;

const DoneReply kDone{test::sample_version()};

/// A directory with a file `a`.
struct Source {
  explicit Source(std::string_view content) : file(directory.create("a", 0700).value()) {
    REQUIRE(file.write_at(0, as_bytes(content)));
    REQUIRE(file.set_modified(DiskTime(std::chrono::seconds(77))));
  }

  FileUpload open(FileUploadOptions options = {.path = file_path("up/a")}) const {
    return FileUpload::open(directory, "a", std::move(options)).value();
  }

  test::TemporaryDirectory place{};
  Directory directory = Directory::open(place.path()).value();
  DiskFile file;
};

/// Runs the upload to a server that does what `serve` does.
FileResult<FileVersion> run_to(FileUpload& upload, const std::function<void(ServedFile&)>& serve) {
  FilePair pair;
  FileResult<FileVersion> done;
  Event has_come;
  together(
      [&] {
        done = upload.run(pair.client);
        has_come.set();
      },
      [&] {
        ServedFile served(pair.server);
        serve(served);
        discard(has_come.wait());
      });
  return done;
}

TEST_CASE("a small file goes in one message, with its time, its bit and a key") {
  for (const std::string_view content : {"milk", ""}) {
    Source source(content);
    FileUpload upload = source.open();
    const auto done = run_to(upload, [&](ServedFile& served) {
      const auto& request = served.get<PutSmallFile>();
      CHECK(request.path == file_path("up/a"));
      CHECK(request.content == content);
      CHECK(request.is_executable);
      CHECK(request.modified == FileTime(std::chrono::seconds(77)));
      CHECK(request.key == upload.key());
      served.answer(kDone);
    });
    CHECK(done.value() == test::sample_version());
    CHECK(upload.size() == content.size());
  }
}

TEST_CASE("a long file goes as content, and again after what was kept") {
  test::on_each_engine([] {
    const std::string content = test::sample_content(2 * kFileBlockBytes + 5);
    Source source(content);
    std::uint64_t last = 0;
    std::vector<std::uint64_t> begins;
    FileUpload upload =
        source.open({.path = file_path("a"),
                     .on_begin = [&](std::uint64_t offset) { begins.push_back(offset); },
                     .on_progress =
                         [&](std::uint64_t done, std::uint64_t size) {
                           CHECK(done >= last);
                           CHECK(size == content.size());
                           last = done;
                         }});
    const auto cut = run_to(upload, [&](ServedFile& served) {
      served.keep("");
      CHECK(served.stream.read(services::kContentFlow));
      served.stream.reset(ResetCode::failed);
    });
    REQUIRE_FALSE(cut);
    CHECK(cut.error().is_retryable);
    last = 0;
    const auto done = run_to(upload, [&](ServedFile& served) {
      CHECK(served.get<PutFile>().key == upload.key());
      CHECK(served.get<PutFile>().size == content.size());
      served.keep(std::string_view(content).substr(0, kFileBlockBytes));
      served.answer_hashes();
      CHECK(served.take_content());
      CHECK(served.first_offset == kFileBlockBytes);
      CHECK((served.content == content));
      served.answer(kDone);
    });
    CHECK(done);
    CHECK(last == content.size());
    CHECK(begins == std::vector<std::uint64_t>{0, kFileBlockBytes});
  });
}

TEST_CASE("a long file that the server has kept otherwise is sent anew from there on") {
  test::on_each_engine([] {
    const std::string content = test::sample_content(12 * kFileBlockBytes + 5);
    std::string kept = content.substr(0, 11 * kFileBlockBytes);
    kept[9 * kFileBlockBytes + 1] ^= 1;
    Source source(content);
    FileUpload upload = source.open();
    FilePair pair;
    FileResult<FileVersion> done;
    together([&] { done = upload.run(pair.client); },
             [&] {
               ServedFile first(pair.server);
               first.keep(kept);
               first.answer_hashes();
               CHECK_FALSE(first.take_content());
               ServedFile second(pair.server);
               CHECK(second.get<PutFile>().key == upload.key());
               second.keep(kept);
               second.answer_hashes();
               CHECK(second.take_content());
               CHECK(second.first_offset == 9 * kFileBlockBytes);
               CHECK((second.content == content));
               second.answer(kDone);
             });
    CHECK(done);
  });
}

TEST_CASE("a file that changes in what was kept is not put") {
  const std::string content = test::sample_content(3 * kFileBlockBytes);
  Source source(content);
  FileUpload upload = source.open();
  REQUIRE(source.file.write_at(7, as_bytes("change")));
  FilePair pair;
  FileResult<FileVersion> done;
  together(
      [&] {
        done = upload.run(pair.client);
        pair.server.break_off(SessionCode::internal, "the test has seen it");
      },
      [&] {
        const auto keep_two = [&](ServedFile& served) {
          served.keep(std::string_view(content).substr(0, 2 * kFileBlockBytes));
          served.answer_hashes();
          CHECK_FALSE(served.take_content());
        };
        ServedFile first(pair.server);
        keep_two(first);
        ServedFile second(pair.server);
        keep_two(second);
        ServedFile dropped(pair.server);
        CHECK(dropped.get<DropUpload>().key == upload.key());
        dropped.answer(DoneReply{});
      });
  REQUIRE_FALSE(done);
  CHECK(done.error().is(FileErrorCode::changed));
}

TEST_CASE("a file whose size is 0 although it has content goes as content without a key") {
  const Directory proc = Directory::open("/proc").value();
  FileUpload upload = FileUpload::open(proc, "version", {.path = file_path("a")}).value();
  std::string content;
  const auto done = run_to(upload, [&](ServedFile& served) {
    CHECK(served.get<PutFile>().size == kFileSizeUnknown);
    CHECK(served.get<PutFile>().key == UploadKey());
    served.keep("");
    CHECK(served.take_content());
    content = served.content;
    served.answer(kDone);
  });
  CHECK(done);
  CHECK(content.starts_with("Linux version "));
}

TEST_CASE("a file that changes while it is read is not put") {
  for (const std::size_t size : {std::size_t{4}, std::size_t{kFileBlockBytes}}) {
    Source source(std::string(size, 'x'));
    FileUpload upload = source.open();
    REQUIRE(source.file.write_at(size, as_bytes("y")));
    FilePair pair;
    FileResult<FileVersion> done;
    together(
        [&] {
          done = upload.run(pair.client);
          pair.server.break_off(SessionCode::internal, "the test has seen it");
        },
        [&] {
          auto opened = pair.server.accept();
          if (!opened) return;
          ServedFile served(std::move(*opened));
          served.keep("");
          CHECK_FALSE(served.take_content());
          ServedFile dropped(pair.server);
          CHECK(dropped.get<DropUpload>().key == upload.key());
          dropped.answer(DoneReply{});
        });
    REQUIRE_FALSE(done);
    CHECK(done.error().is(FileErrorCode::changed));
    CHECK_FALSE(done.error().is_retryable);
    CHECK(done.error().message() == "cannot put a file 'up/a': it has changed while it was read");
  }
}

TEST_CASE("an upload whose name was taken before it began drops nothing") {
  Source source(std::string(kFileBlockBytes, 'x'));
  FileUpload upload = source.open();
  FilePair pair;
  const UploadKey other = {std::byte{1}};
  FileResult<FileVersion> done;
  together(
      [&] {
        done = upload.run(pair.client);
        CHECK(pair.client.drop(other));
      },
      [&] {
        ServedFile(pair.server).answer(FileError{.code = FileErrorCode::exists});
        ServedFile dropped(pair.server);
        CHECK(dropped.get<DropUpload>().key == other);
        dropped.answer(DoneReply{});
      });
  REQUIRE_FALSE(done);
  CHECK(done.error().is(FileErrorCode::exists));
}

TEST_CASE("what a server keeps of a file whose name is taken by its end is dropped") {
  Source source(std::string(kFileBlockBytes, 'x'));
  FileUpload upload = source.open();
  FilePair pair;
  FileResult<FileVersion> done;
  together([&] { done = upload.run(pair.client); },
           [&] {
             {
               ServedFile served(pair.server);
               served.keep("");
               CHECK(served.take_content());
               served.answer(FileError{.code = FileErrorCode::exists});
             }
             ServedFile dropped(pair.server);
             CHECK(dropped.get<DropUpload>().key == upload.key());
             dropped.answer(DoneReply{});
           });
  REQUIRE_FALSE(done);
  CHECK(done.error().is(FileErrorCode::exists));
}

TEST_CASE("the same file is the same upload; another one, user, server or name is not") {
  Source source("milk");
  const FileUploadOptions base{.path = file_path("a")};
  FileUploadOptions other_user = base;
  other_user.user = "bob";
  FileUploadOptions other_server = base;
  other_server.server[0] = std::byte{1};
  std::set<UploadKey> keys{source.open(base).key(), source.open(other_user).key(),
                           source.open(other_server).key(),
                           source.open({.path = file_path("b")}).key()};
  CHECK(keys.size() == 4);
  CHECK(keys.contains(source.open(base).key()));
  REQUIRE(source.file.set_modified(DiskTime(std::chrono::seconds(78))));
  CHECK_FALSE(keys.contains(source.open(base).key()));
}

TEST_CASE("a file with other content is another upload, although its size and time are the same") {
  Source source("milk");
  const UploadKey before = source.open().key();
  const DiskTime changed = source.file.status().value().changed;
  // The clock of the file system may not advance for some milliseconds.
  while (source.file.status().value().changed == changed) {
    REQUIRE(source.file.write_at(0, as_bytes("salt")));
    REQUIRE(source.file.set_modified(DiskTime(std::chrono::seconds(77))));
  }
  CHECK(source.open().key() != before);
}

TEST_CASE("only a regular file can be put") {
  Source source("milk");
  REQUIRE(source.directory.make_directory("d", 0700));
  for (const std::string_view name : {"d", "absent", "..", "a/b"}) {
    CHECK_FALSE(FileUpload::open(source.directory, name, {.path = file_path("a")}));
  }
}

}  // namespace
}  // namespace hotline::file_upload_test
