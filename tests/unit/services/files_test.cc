#include "hotline/services/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::files_test {
namespace {

using services::DoneReply;
using services::FilePage;
using services::FileRequest;
using services::KeptReply;
using services::MetaReply;
using services::SmallFileReply;
using services::UploadList;
using test::file_path;
using test::FileAsk;
using test::sample_content;
using test::served_files;
using test::ServedFiles;
using test::small_file;
using test::upload_to;

constexpr std::uint64_t kBlock = kFileBlockBytes;

}  // namespace

TEST_CASE("an empty file and one of exactly one block are uploaded") {
  served_files([](ServedFiles& server) {
    for (const std::size_t size : {std::size_t{0}, static_cast<std::size_t>(kBlock)}) {
      const std::string content = sample_content(size);
      PutFile request = upload_to("f" + std::to_string(size));
      request.digest = FileDigestKind::sha256;
      CHECK(server.put(request, content).is_proven());
      CHECK(server.ask(GetFile{.path = request.path}).content == content);
    }
    FileAsk ask(*server.client, upload_to("unknown"));
    CHECK(ask.wait_kept() == 0);
    CHECK(ask.send_content("of unknown size"));
    CHECK(ask.finish().is_proven());
    CHECK(server.root.content("alice", "unknown") == "of unknown size");
  });
}

TEST_CASE("users do not reach each other's homes, nor anything through a link (T10)") {
  served_files([](ServedFiles& server) {
    CHECK(server.ask(small_file("a", "of alice")).is_proven());
    Session bob = server.connect("bob");
    CHECK(
        test::ask_files(bob, GetFile{.path = file_path("a")}).has_failed(FileErrorCode::not_found));
    REQUIRE(::symlink("/", server.root.home("alice", "l").c_str()) == 0);
    CHECK(server.ask(GetFile{.path = file_path("l/etc/passwd")}).error);
    CHECK(server.ask(small_file("l/tmp/x", "1")).error);
    CHECK(server.ask(StatFile{.path = file_path("l")}).last<MetaReply>().meta.kind ==
          FileKind::link);
    REQUIRE(bob.finish());
  });
}

TEST_CASE("a FIFO is not opened (T12)") {
  served_files([](ServedFiles& server) {
    CHECK(server.ask(ListDirectory{}).is_proven());
    REQUIRE(::mkfifo(server.root.home("alice", "fifo").c_str(), 0600) == 0);
    CHECK(server.ask(GetFile{.path = file_path("fifo")}).has_failed(FileErrorCode::not_a_file));
  });
}

}  // namespace hotline::files_test
