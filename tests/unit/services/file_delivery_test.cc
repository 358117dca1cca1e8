#include "services/file_delivery.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/event.h"
#include "support/loops.h"
#include "support/served_file.h"

namespace hotline::file_delivery_test {
namespace {

using services::DoneReply;
using test::CutLayer;
using test::file_path;
using test::FilePair;
using test::kind_of;
using test::on_each_engine;
using test::ServedFile;
using test::together;

const DoneReply kDone{test::sample_version()};

PutFile put_of(std::string_view content) {
  return {.path = file_path("a"), .size = content.size(), .key = test::sample_bytes(1)};
}

/// Puts a file to a server that does what `serve` does, and returns what came of it.
FileResult<FileVersion> put_to(const std::function<void(ServedFile&)>& serve,
                               const PutFile& request, const ContentSource& source) {
  FilePair pair;
  FileResult<FileVersion> put;
  Event has_come;
  together(
      [&] {
        put = pair.client.put(request, source);
        has_come.set();
      },
      [&] {
        ServedFile served(pair.server);
        serve(served);
        discard(has_come.wait());
      });
  return put;
}

TEST_CASE("a new file is sent from its first byte to its end") {
  on_each_engine([] {
    const std::string content = test::sample_content(2 * kFileBlockBytes + 999);
    const auto put = put_to(
        [&](ServedFile& served) {
          served.keep("");
          CHECK(served.take_content());
          CHECK(served.rules.is_proven());
          CHECK((served.content == content));
          served.answer(kDone);
        },
        put_of(content), content_of(as_bytes(content)));
    CHECK(put.value() == test::sample_version());
  });
}

TEST_CASE("an empty file, and content of a size that is not known before, are sent too") {
  for (const std::string_view content : {"", "milk"}) {
    const auto put = put_to(
        [&](ServedFile& served) {
          CHECK(served.get<PutFile>().size == kFileSizeUnknown);
          served.keep("");
          CHECK(served.take_content());
          CHECK(served.content == content);
          served.answer(kDone);
        },
        {.path = file_path("a")}, content_of(as_bytes(content)));
    CHECK(put);
  }
}

TEST_CASE("an upload goes on after what the server has kept") {
  const std::string content = test::sample_content(3 * kFileBlockBytes);
  std::optional<std::uint64_t> begin;
  ContentSource source = content_of(as_bytes(content));
  source.on_begin = [&](std::uint64_t offset) { begin = offset; };
  std::vector<BlockHash> hashes;
  source.on_block = [&](std::uint64_t block, const BlockHash& hash) {
    CHECK(block == hashes.size());
    hashes.push_back(hash);
  };
  const auto put = put_to(
      [&](ServedFile& served) {
        served.keep(std::string_view(content).substr(0, 2 * kFileBlockBytes));
        CHECK(served.take_content());
        CHECK(served.rules.is_proven());
        CHECK(served.first_offset == 2 * kFileBlockBytes);
        CHECK((served.content == content));
        served.answer(kDone);
      },
      put_of(content), source);
  CHECK(put);
  CHECK(begin == 2 * kFileBlockBytes);
  CHECK(hashes.size() == 2);
}

TEST_CASE("blocks whose hashes are known are not read again") {
  const std::string content = test::sample_content(2 * kFileBlockBytes);
  ContentSource source = content_of(as_bytes(content));
  source.known = {services::hash_of(as_bytes(content).first(kFileBlockBytes))};
  std::uint64_t first_read = content.size();
  source.next = [&, next = source.next](std::uint64_t offset) {
    first_read = std::min(first_read, offset);
    return next(offset);
  };
  const auto put = put_to(
      [&](ServedFile& served) {
        served.keep(std::string_view(content).substr(0, kFileBlockBytes));
        CHECK(served.take_content());
        served.answer(kDone);
      },
      put_of(content), source);
  CHECK(put);
  CHECK(first_read == kFileBlockBytes);
}

TEST_CASE("an upload begins at the first block that the server has otherwise") {
  const std::string content = test::sample_content(3 * kFileBlockBytes + 5);
  for (const std::size_t wrong : {0UL, 1UL, 2UL}) {
    for (const FileDigestKind digest : {FileDigestKind::none, FileDigestKind::sha256}) {
      PutFile request = put_of(content);
      request.digest = digest;
      const auto put = put_to(
          [&](ServedFile& served) {
            std::string kept = content.substr(0, 3 * kFileBlockBytes);
            kept[wrong * kFileBlockBytes + 17] ^= 1;
            served.keep(kept);
            served.answer_hashes();
            CHECK(served.take_content());
            CHECK(served.first_offset == wrong * kFileBlockBytes);
            services::ContentDigest whole(digest);
            whole.add(as_bytes(content));
            if (digest != FileDigestKind::none) CHECK(served.rules.take_digest(whole.finish()));
            CHECK(served.rules.is_proven());
            CHECK((served.content == content));
            served.answer(kDone);
          },
          request, content_of(as_bytes(content)));
      CHECK(put);
    }
  }
}

TEST_CASE("zeros of a source are sent as a hole") {
  ContentSource source{.next = [](std::uint64_t offset) -> Result<ContentPiece> {
    if (offset == 0) return ContentPiece{.zeros = 3 * kFileBlockBytes};
    if (offset == 3 * kFileBlockBytes) return ContentPiece{.bytes = as_bytes("milk")};
    return ContentPiece();
  }};
  const auto put = put_to(
      [&](ServedFile& served) {
        served.keep("");
        CHECK(served.take_content());
        CHECK((served.content == std::string(3 * kFileBlockBytes, '\0') + "milk"));
        CHECK(served.stream.flow_end(0)->total < 1'000);
        served.answer(kDone);
      },
      {.path = file_path("a"), .size = 3 * kFileBlockBytes + 4}, source);
  CHECK(put);
}

TEST_CASE("a file that was published already is done at once") {
  const auto put = put_to([](ServedFile& served) { served.answer(kDone); }, put_of("milk"),
                          content_of(as_bytes("milk")));
  CHECK(put.value() == test::sample_version());
}

TEST_CASE("an error of the server ends an upload that waits for credit") {
  on_each_engine([] {
    const std::string content = test::sample_content(4 * kFileBlockBytes);
    const auto put = put_to(
        [&](ServedFile& served) {
          served.keep("");
          CHECK(served.stream.read(services::kContentFlow));
          served.send(FileError{.code = FileErrorCode::quota_bytes, .detail = 9, .kept = 1});
          served.finish();
        },
        put_of(content), content_of(as_bytes(content)));
    REQUIRE_FALSE(put);
    CHECK(put.error().is(FileErrorCode::quota_bytes));
    CHECK(put.error().answer->kept == 1);
  });
}

TEST_CASE("an error instead of KEPT, and a reset, are failures") {
  CHECK(put_to([](ServedFile& served) { served.answer(FileError{.code = FileErrorCode::exists}); },
               put_of("milk"), content_of(as_bytes("milk")))
            .error()
            .is(FileErrorCode::exists));
  const auto reset = put_to(
      [](ServedFile& served) {
        served.keep("");
        served.stream.reset(ResetCode::failed, "no");
      },
      put_of("milk"), content_of(as_bytes("milk")));
  CHECK(kind_of(reset) == "reset");
  CHECK(reset.error().is_retryable);
}

TEST_CASE("a failure of the source ends the upload, which the server keeps") {
  const std::string content = test::sample_content(2 * kFileBlockBytes);
  ContentSource source = content_of(as_bytes(content));
  source.next = [next = source.next](std::uint64_t offset) -> Result<ContentPiece> {
    if (offset >= kFileBlockBytes) {
      return fail(make_error(ErrorKind::system, "read", "disk", "it fails"));
    }
    auto piece = next(offset);
    piece->bytes = piece->bytes.first(kFileBlockBytes);
    return piece;
  };
  const auto put = put_to(
      [&](ServedFile& served) {
        served.keep("");
        CHECK_FALSE(served.take_content());
        CHECK(served.stream.reset_by_peer()->code == ResetCode::cancelled);
      },
      put_of(content), source);
  CHECK(put.error().endpoint == "disk");
  CHECK_FALSE(put.error().is_retryable);
}

TEST_CASE("a source of another size than the request says is a failure") {
  for (const std::string_view content : {"mil", "milks"}) {
    const auto put = put_to(
        [&](ServedFile& served) {
          served.keep("");
          CHECK_FALSE(served.take_content());
        },
        put_of("milk"), content_of(as_bytes(content)));
    CHECK(kind_of(put) == "invalid_argument");
    CHECK(put.error().message().find("'a': the content has ") != std::string::npos);
  }
}

TEST_CASE("lies of a server about an upload are failures") {
  using Serve = std::function<void(ServedFile&)>;
  const Serve lies[] = {
      [](ServedFile& served) { served.send(services::KeptReply{.offset = 5 * kFileBlockBytes}); },
      [](ServedFile& served) {
        served.keep("");
        served.answer(kDone);
      },
      [](ServedFile& served) {
        served.keep("");
        served.keep("");
      },
      [](ServedFile& served) {
        served.keep("");
        static_cast<void>(served.take_content());
        served.answer(DoneReply{});
      },
      [](ServedFile& served) {
        served.keep("");
        static_cast<void>(served.take_content());
        served.finish();
      },
      [](ServedFile& served) {
        served.keep("");
        static_cast<void>(served.take_content());
        served.send(kDone);
        served.answer(kDone);
      },
      [](ServedFile& served) { served.send(services::MetaReply{.meta = test::sample_meta()}); },
  };
  const std::string content = test::sample_content(2 * kFileBlockBytes);
  for (const Serve& lie : lies) {
    CHECK(kind_of(put_to(lie, put_of(content), content_of(as_bytes(content)))) ==
          "protocol_violation");
  }
  CHECK(kind_of(put_to([](ServedFile& served) { served.answer(kDone); },
                       {.path = file_path("a"), .size = 4}, content_of(as_bytes("milk")))) ==
        "protocol_violation");
}

TEST_CASE("an upload whose connection breaks after any number of bytes is never a success") {
  test::on_loop(EngineKind::epoll, [](engine::EventLoop&) {
    const std::string content = test::sample_content(100);
    bool is_done = false;
    std::size_t cut_short = 0;
    for (std::size_t bytes = 0; !is_done; bytes += test::next_break(bytes)) {
      CAPTURE(bytes);
      REQUIRE(bytes < 1'000);
      FilePair pair(std::make_unique<CutLayer>(bytes));
      FileResult<FileVersion> put;
      bool has_server_done = false;
      together(
          [&] {
            put = pair.client.put(put_of(content), content_of(as_bytes(content)));
            if (!put) pair.server.break_off(SessionCode::internal, "the test has seen it");
          },
          [&] {
            auto opened = pair.server.accept();
            if (!opened) return;
            ServedFile served(std::move(*opened));
            served.keep("");
            if (!served.take_content()) return;
            has_server_done = true;
            served.answer(kDone);
          });
      is_done = put.has_value();
      if (is_done) CHECK(has_server_done);
      if (!is_done) CHECK(put.error().is_retryable);
      cut_short += is_done ? 0 : 1;
    }
    CHECK(cut_short > 50);
  });
}

}  // namespace
}  // namespace hotline::file_delivery_test
