#include "services/file_fetch.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "hotline/engine/event.h"
#include "support/loops.h"
#include "support/served_file.h"

namespace hotline::file_fetch_test {
namespace {

using services::MetaReply;
using services::SmallFileReply;
using test::CutLayer;
using test::file_path;
using test::FilePair;
using test::kind_of;
using test::meta_of;
using test::on_each_engine;
using test::ServedFile;
using test::together;

/// Keeps what arrives.
struct Kept {
  ContentSink sink() {
    return {.on_begin = [this](const FileMeta& meta) -> Result<void> {
              begun = meta;
              return {};
            },
            .on_data = [this](std::uint64_t offset, Bytes bytes) -> Result<void> {
              content.resize(static_cast<std::size_t>(offset));
              content += as_text(bytes);
              return {};
            },
            .on_hole = {},
            .on_blocks = [this](std::uint64_t first,
                                std::span<const BlockHash> hashes) -> Result<void> {
              CHECK(first == blocks);
              blocks += hashes.size();
              return {};
            }};
  }

  std::optional<FileMeta> begun{};
  std::string content{};
  std::uint64_t blocks = 0;
};

/// Gets a file of which the server sends what `serve` does, and returns what came of it.
FileResult<FileMeta> get_from(const std::function<void(ServedFile&)>& serve, Kept& kept,
                              const GetFile& request = {.path = file_path("a")}) {
  FilePair pair;
  FileResult<FileMeta> got;
  Event has_come;
  together(
      [&] {
        got = pair.client.get(request, kept.sink());
        has_come.set();
      },
      [&] {
        ServedFile served(pair.server);
        serve(served);
        discard(has_come.wait());
      });
  return got;
}

TEST_CASE("a file of several blocks arrives whole, with the hash of each") {
  on_each_engine([] {
    const std::string content = test::sample_content(2 * kFileBlockBytes + 12'345);
    Kept kept;
    const auto got =
        get_from([&](ServedFile& served) { served.send_file(content, meta_of(content)); }, kept);
    REQUIRE(got);
    CHECK(*got == meta_of(content));
    CHECK(kept.begun == meta_of(content));
    CHECK(kept.blocks == 3);
    CHECK((kept.content == content));
  });
}

TEST_CASE("a file goes on from a block, in the version that is expected") {
  const std::string content = test::sample_content(kFileBlockBytes + 77);
  Kept kept;
  kept.content = content.substr(0, kFileBlockBytes);
  kept.blocks = 1;
  const GetFile rest{
      .path = file_path("a"), .offset = kFileBlockBytes, .version = test::sample_version()};
  CHECK(get_from([&](ServedFile& served) { served.send_file(content, meta_of(content)); }, kept,
                 rest));
  CHECK((kept.content == content));
}

TEST_CASE("a server that sends another version than the expected one is not believed") {
  Kept kept;
  const auto got = get_from(
      [](ServedFile& served) {
        FileMeta meta = meta_of("milk");
        meta.version.bytes[0] ^= std::byte{1};
        served.send_file("milk", meta);
      },
      kept, {.path = file_path("a"), .version = test::sample_version()});
  CHECK(kind_of(got) == "protocol_violation");
  CHECK_FALSE(kept.begun);
}

TEST_CASE("zeros that are not sent arrive all the same, and count for the digest") {
  std::string content = "milk" + std::string(200'000, '\0');
  services::ContentDigest digest(FileDigestKind::sha256);
  digest.add(as_bytes(content));
  const FileDigest right = digest.finish();
  FileDigest wrong = right;
  wrong.bytes[31] ^= std::byte{1};
  for (const FileDigest& each : {right, wrong}) {
    Kept kept;
    const auto got = get_from(
        [&](ServedFile& served) {
          served.send(MetaReply{.meta = meta_of(content)});
          services::ContentSender sender({.begin = 0});
          served.write(sender.begin_data(as_bytes("milk")));
          served.write("milk");
          served.write(sender.hole(200'000));
          served.write(sender.end({.size = content.size(), .digest = each}));
          discard(served.stream.end(services::kContentFlow));
          served.finish();
        },
        kept, {.path = file_path("a"), .digest = FileDigestKind::sha256});
    CHECK((kept.content == content));
    CHECK(got.has_value() == (each == right));
    if (!got) CHECK(kind_of(got) == "protocol_violation");
  }
}

TEST_CASE("a digest of a small file is checked as that of a long one") {
  Kept kept;
  const auto got = get_from(
      [](ServedFile& served) {
        served.answer(SmallFileReply{.meta = meta_of("milk"),
                                     .root = services::root_of(as_bytes("milk")),
                                     .digest = test::sample_digest(FileDigestKind::md5),
                                     .content = "milk"});
      },
      kept, {.path = file_path("a"), .digest = FileDigestKind::md5});
  CHECK(kind_of(got) == "protocol_violation");
}

TEST_CASE("an error of the server in the middle of content is what get() fails with") {
  Kept kept;
  const auto got = get_from(
      [](ServedFile& served) {
        served.send(MetaReply{.meta = meta_of("milk")});
        services::ContentSender sender({.begin = 0});
        served.write(sender.begin_data(as_bytes("mi")));
        served.write("mi");
        served.answer(FileError{.code = FileErrorCode::changed, .text = "it grows"});
      },
      kept);
  REQUIRE_FALSE(got);
  CHECK(got.error().is(FileErrorCode::changed));
  CHECK(got.error().message().find("'a': the file is not the version") != std::string::npos);
}

TEST_CASE("a failure of the sink ends the transfer at both ends") {
  FilePair pair;
  together(
      [&] {
        const ContentSink full{.on_data = [](std::uint64_t, Bytes) -> Result<void> {
          return fail(make_error(ErrorKind::resource_exhausted, "write", "a.part", "it is full"));
        }};
        const auto got = pair.client.get({.path = file_path("a")}, full);
        CHECK(kind_of(got) == "resource_exhausted");
        CHECK(got.error().endpoint == "a.part");
        CHECK_FALSE(got.error().is_retryable);
      },
      [&] {
        ServedFile served(pair.server);
        const std::string content = test::sample_content(kFileBlockBytes);
        served.send_file(content, meta_of(content));
        discard(served.stream.wait_cut());
        CHECK(served.stream.reset_by_peer()->code == ResetCode::cancelled);
      });
}

/// A way in which a server can lie.
struct Lie {
  std::string_view name;
  std::function<void(ServedFile&)> tell;
};

void begin(ServedFile& served, std::uint64_t size) {
  FileMeta meta = test::sample_meta();
  meta.size = size;
  served.send(MetaReply{.meta = meta});
}

void end(ServedFile& served, std::string_view trailer = {}) {
  discard(served.stream.end(services::kContentFlow, as_bytes(trailer)));
  served.finish();
}

/// Sends "milk" as a file of `size` bytes, and END with the size `end_size`.
void send_milk(ServedFile& served, std::uint64_t size, std::uint64_t end_size,
               std::string_view sent = "milk") {
  begin(served, size);
  services::ContentSender sender({.begin = 0});
  served.write(sender.begin_data(as_bytes("milk")));
  served.write(sent);
  served.write(sender.end({.size = end_size}));
}

void expect_refuted(std::span<const Lie> lies) {
  for (const Lie& lie : lies) {
    CAPTURE(lie.name);
    Kept kept;
    const auto got = get_from(lie.tell, kept);
    CHECK(kind_of(got) == "protocol_violation");
    if (!got) CHECK_FALSE(got.error().is_retryable);
  }
}

TEST_CASE("a server that lies about content is not believed") {
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 60;
  const Lie lies[] = {
      {"bytes beyond the size",
       [](ServedFile& served) {
         send_milk(served, 3, 3);
         end(served);
       }},
      {"bytes after END",
       [](ServedFile& served) {
         send_milk(served, 4, 4);
         served.write("x");
         end(served);
       }},
      {"a size of 2^60 without the content",
       [](ServedFile& served) {
         send_milk(served, kHuge, kHuge);
         end(served);
       }},
      {"less than the size",
       [](ServedFile& served) {
         send_milk(served, 5, 4);
         end(served);
       }},
      {"a wrong hash of a block",
       [](ServedFile& served) {
         send_milk(served, 4, 4, "silk");
         end(served);
       }},
      {"no END",
       [](ServedFile& served) {
         begin(served, 4);
         served.write(services::encode_data_header(0, 4) + "milk");
         end(served);
       }},
      {"a gap",
       [](ServedFile& served) {
         begin(served, 8);
         served.write(services::encode_data_header(4, 4) + "milk");
         end(served);
       }},
      {"a trailer",
       [](ServedFile& served) {
         send_milk(served, 4, 4);
         end(served, "trailer");
       }},
  };
  expect_refuted(lies);
}

TEST_CASE("a server that sends other messages than a file is not believed") {
  const Lie lies[] = {
      {"content before META",
       [](ServedFile& served) {
         served.write(services::encode_data_header(0, 4) + "milk");
         end(served);
       }},
      {"META of a directory",
       [](ServedFile& served) { served.answer(MetaReply{.meta = {.kind = FileKind::directory}}); }},
      {"META twice",
       [](ServedFile& served) {
         begin(served, 4);
         begin(served, 4);
         end(served);
       }},
      {"a small file with another root",
       [](ServedFile& served) {
         served.answer(SmallFileReply{.meta = meta_of("milk"),
                                      .root = services::root_of(as_bytes("silk")),
                                      .content = "milk"});
       }},
      {"a page", [](ServedFile& served) { served.answer(services::FilePage{.is_last = true}); }},
      {"DONE",
       [](ServedFile& served) { served.answer(services::DoneReply{test::sample_version()}); }},
      {"nothing at all", [](ServedFile& served) { end(served); }},
      {"a message after the file",
       [](ServedFile& served) {
         send_milk(served, 4, 4);
         discard(served.stream.end(services::kContentFlow));
         begin(served, 4);
         served.finish();
       }},
  };
  expect_refuted(lies);
}

TEST_CASE("a connection that breaks after any number of bytes is never a success") {
  test::on_loop(EngineKind::epoll, [](engine::EventLoop&) {
    const std::string content = "milk";
    bool has_arrived = false;
    std::size_t cut_short = 0;
    for (std::size_t bytes = 0; !has_arrived; bytes += test::next_break(bytes)) {
      CAPTURE(bytes);
      REQUIRE(bytes < 1'000);
      FilePair pair(std::make_unique<CutLayer>(bytes));
      Kept kept;
      FileResult<FileMeta> got;
      together(
          [&] {
            got = pair.client.get({.path = file_path("a")}, kept.sink());
            if (!got) pair.server.break_off(SessionCode::internal, "the test has seen it");
          },
          [&] {
            auto opened = pair.server.accept();
            if (!opened) return;
            ServedFile served(std::move(*opened));
            served.send_file(content, meta_of(content));
          });
      has_arrived = got.has_value();
      if (has_arrived) {
        CHECK((kept.content == content));
      } else {
        CHECK(got.error().is_retryable);
        ++cut_short;
      }
    }
    CHECK(cut_short > 100);
  });
}

}  // namespace
}  // namespace hotline::file_fetch_test
