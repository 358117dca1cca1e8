#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/event.h"
#include "hotline/engine/yield.h"
#include "hotline/services/file_download.h"
#include "services/block_hash.h"
#include "support/download_target.h"
#include "support/loops.h"

// Downloads that go on after what an earlier process has left.

namespace hotline::checked_downloads_test {
namespace {

using test::download_from;
using test::file_path;
using test::FilePair;
using test::first_block_of;
using test::hashes_of;
using test::meta_of;
using test::rest_of;
using test::ServedFile;
using test::together;
using Serve = test::ServeFile;
using Target = test::DownloadTarget;

/// What a process that was killed has left of a download: whole blocks, and a part of one.
struct Left {
  explicit Left(std::size_t blocks) : content(test::sample_content((blocks + 2) * kBlock + 9)) {
    {
      FileDownload download = target.download();
      REQUIRE_FALSE(download_from(download, {first_block_of(content)}));
    }
    const std::string_view part = std::string_view(content).substr(0, blocks * kBlock + 77);
    REQUIRE(open().write_at(0, as_bytes(part)));
  }

  DiskFile open() const {
    return target.directory.open_for_writing(target.names().front()).value();
  }
  void damage(std::size_t block) const {
    REQUIRE(open().write_at(block * kBlock + 5, as_bytes("damage")));
  }

  static constexpr std::size_t kBlock = static_cast<std::size_t>(kFileBlockBytes);

  std::string content;
  Target target{};
};

TEST_CASE("what follows arrives before what was there has been checked, and is published after") {
  test::on_each_engine([] {
    Left left(70);
    FileDownloadOptions options = left.target.options();
    std::uint64_t done = 0;
    options.on_progress = [&](std::uint64_t now_done, std::uint64_t size) {
      CHECK(now_done > done);
      CHECK(size == left.content.size());
      done = now_done;
    };
    FileDownload again(left.target.directory, "a", options);
    const auto not_before_content = [&](ServedFile& served) {
      while (done < left.content.size()) yield();
      CHECK(left.target.read("a") == "absent");
      hashes_of(left.content)(served);
    };
    CHECK(download_from(
        again, {rest_of(left.content, 70 * Left::kBlock), not_before_content, not_before_content}));
    CHECK((left.target.read("a") == left.content));
    CHECK(left.target.names() == std::vector<std::string>{"a"});
  });
}

TEST_CASE("what was there is taken again from the block on that differs") {
  test::on_each_engine([] {
    for (const std::size_t wrong : {0UL, 3UL, 9UL}) {
      Left left(10);
      left.damage(wrong);
      FileDownload again = left.target.download();
      CHECK(download_from(again, {rest_of(left.content, 10 * Left::kBlock), hashes_of(left.content),
                                  rest_of(left.content, wrong * Left::kBlock)}));
      CHECK((left.target.read("a") == left.content));
      CHECK(left.target.names() == std::vector<std::string>{"a"});
    }
  });
}

TEST_CASE("a connection that breaks during the check is a failure, and the check goes on later") {
  Left left(70);
  left.damage(66);
  FileDownload again = left.target.download();
  FilePair pair;
  FileResult<FileMeta> got;
  together([&] { got = again.run(pair.client); },
           [&] {
             ServedFile content(pair.server);
             rest_of(left.content, 70 * Left::kBlock)(content);
             ServedFile first(pair.server);
             hashes_of(left.content)(first);
             ServedFile second(pair.server);
             CHECK(second.get<GetHashes>().first == 64);
             pair.server.break_off(SessionCode::internal, "the test has seen it");
           });
  REQUIRE_FALSE(got);
  CHECK(got.error().is_retryable);
  CHECK(left.target.read("a") == "absent");
  const Serve rest_of_check = [&](ServedFile& served) {
    CHECK(served.get<GetHashes>().first == 64);
    hashes_of(left.content)(served);
  };
  CHECK(download_from(again, {rest_of(left.content, 72 * Left::kBlock), rest_of_check,
                              rest_of(left.content, 66 * Left::kBlock)}));
  CHECK((left.target.read("a") == left.content));
}

TEST_CASE("an error of the server about the check ends the download, which can go on") {
  Left left(3);
  FileDownload again = left.target.download();
  const Serve busy = [](ServedFile& served) {
    served.answer(FileError{.code = FileErrorCode::busy, .is_retryable = true});
  };
  const auto got = download_from(again, {[](ServedFile&) {}, busy});
  REQUIRE_FALSE(got);
  CHECK(got.error().is(FileErrorCode::busy));
  CHECK(left.target.read("a") == "absent");
  CHECK(download_from(again, {rest_of(left.content, 3 * Left::kBlock), hashes_of(left.content)}));
  CHECK((left.target.read("a") == left.content));
}

TEST_CASE("a file that is found to have changed during the check is downloaded anew") {
  Left left(3);
  FileDownload again = left.target.download();
  const Serve changed = [](ServedFile& served) {
    served.answer(FileError{.code = FileErrorCode::changed});
  };
  const Serve anew = [](ServedFile& served) {
    CHECK(served.get<GetFile>() == GetFile{.path = file_path("a")});
    served.send_file("other", meta_of("other"));
  };
  CHECK(download_from(again, {[](ServedFile&) {}, changed, anew}));
  CHECK(left.target.read("a") == "other");
  CHECK(left.target.names() == std::vector<std::string>{"a"});
}

TEST_CASE("a server that has fewer blocks than were there has another file") {
  Left left(3);
  FileDownload again = left.target.download();
  const Serve fewer = [&](ServedFile& served) {
    served.answer(services::BlockList{
        .hashes = {services::hash_of(as_bytes(left.content).first(Left::kBlock))}});
  };
  CHECK(download_from(again, {[](ServedFile&) {}, fewer, rest_of(left.content, Left::kBlock)}));
  CHECK((left.target.read("a") == left.content));
}

TEST_CASE("a deadline ends a download whose check is not over, and publishes nothing") {
  Left left(3);
  FileDownload again = left.target.download();
  FilePair pair;
  Event has_come;
  FileResult<FileMeta> got;
  together(
      [&] {
        got = again.run(pair.client, Deadline::after(now(), std::chrono::seconds(1)));
        has_come.set();
      },
      [&] {
        ServedFile content(pair.server);
        rest_of(left.content, 3 * Left::kBlock)(content);
        ServedFile unanswered(pair.server);
        discard(has_come.wait());
      });
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == ErrorKind::timed_out);
  CHECK(left.target.read("a") == "absent");
}

}  // namespace
}  // namespace hotline::checked_downloads_test
