#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/event.h"
#include "hotline/engine/yield.h"
#include "services/file_delivery.h"
#include "support/loops.h"
#include "support/served_file.h"

// Uploads of a source with ContentSource::hashes.

namespace hotline::compared_uploads_test {
namespace {

using services::DoneReply;
using test::file_path;
using test::FilePair;
using test::on_each_engine;
using test::ServedFile;
using test::together;

const DoneReply kDone{test::sample_version()};

PutFile put_of(std::string_view content) {
  return {.path = file_path("a"), .size = content.size(), .key = test::sample_bytes(1)};
}

/// A source that can be read at two places at the same time. `gate` lets a comparison go on.
struct Beside {
  explicit Beside(std::string whole) : content(std::move(whole)) {
    source.next = [this](std::uint64_t offset) -> Result<ContentPiece> {
      first_read = std::min(first_read, offset);
      const Bytes rest = as_bytes(content).subspan(static_cast<std::size_t>(offset));
      return ContentPiece{.bytes = rest.first(std::min<std::size_t>(rest.size(), 1U << 18))};
    };
    source.hashes = [this](std::uint64_t first, std::size_t count) { return hashes(first, count); };
    source.on_begin = [this](std::uint64_t offset) { begins.push_back(offset); };
    source.on_block = [this](std::uint64_t block, const BlockHash& hash) {
      CHECK(hash == hash_at(block));
      noted.push_back(block);
    };
  }

  BlockHash hash_at(std::uint64_t block) const {
    return services::hash_of(as_bytes(content).subspan(block * kFileBlockBytes, kFileBlockBytes));
  }

  Result<std::vector<BlockHash>> hashes(std::uint64_t first, std::size_t count) {
    if (is_gated) {
      if (auto waited = gate.wait(); !waited) return fail(std::move(waited.error()));
    }
    std::vector<BlockHash> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(hash_at(first + i));
    return all;
  }

  std::string content;
  ContentSource source{};
  std::uint64_t first_read = ~std::uint64_t{0};
  std::vector<std::uint64_t> begins{};
  std::vector<std::uint64_t> noted{};
  bool is_gated = false;
  Event gate{};
};

/// Serves PUT after PUT, each by one of `serves`.
FileResult<FileVersion> put_to_each(const std::vector<std::function<void(ServedFile&)>>& serves,
                                    const PutFile& request, const ContentSource& source,
                                    Deadline deadline = Deadline::never()) {
  FilePair pair;
  FileResult<FileVersion> put;
  Event has_come;
  together(
      [&] {
        put = pair.client.put(request, source, deadline);
        has_come.set();
      },
      [&] {
        std::vector<std::unique_ptr<ServedFile>> all;
        for (const auto& serve : serves) {
          serve(*all.emplace_back(std::make_unique<ServedFile>(pair.server)));
        }
        discard(has_come.wait());
      });
  return put;
}

std::vector<std::uint64_t> numbers_until(std::uint64_t end) {
  std::vector<std::uint64_t> all(static_cast<std::size_t>(end));
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  return all;
}

TEST_CASE("what follows is sent before what is kept has been compared, but not the end") {
  on_each_engine([] {
    Beside beside(test::sample_content(11 * kFileBlockBytes));
    beside.is_gated = true;
    const auto put =
        put_to_each({[&](ServedFile& served) {
                      served.keep(std::string_view(beside.content).substr(0, 9 * kFileBlockBytes));
                      served.answer_hashes();
                      REQUIRE(served.take_content_until(beside.content.size()));
                      CHECK(served.first_offset == 9 * kFileBlockBytes);
                      CHECK(beside.noted.empty());
                      beside.gate.set();
                      while (beside.noted.size() < 8) yield();
                      beside.gate.set();
                      CHECK(served.take_content());
                      CHECK(served.rules.is_proven());
                      CHECK((served.content == beside.content));
                      served.answer(kDone);
                    }},
                    put_of(beside.content), beside.source);
    CHECK(put.value() == test::sample_version());
    CHECK(beside.first_read == 9 * kFileBlockBytes);
    CHECK(beside.begins == std::vector<std::uint64_t>{9 * kFileBlockBytes});
    CHECK(beside.noted == numbers_until(10));
  });
}

TEST_CASE("an upload begins anew at the block that is found to differ after content was sent") {
  on_each_engine([] {
    for (const std::size_t wrong : {0UL, 2UL}) {
      Beside beside(test::sample_content(5 * kFileBlockBytes + 3));
      beside.is_gated = true;
      const auto damaged = [&](std::size_t blocks) {
        std::string kept = beside.content.substr(0, blocks * kFileBlockBytes);
        kept[wrong * kFileBlockBytes + 17] ^= 1;
        return kept;
      };
      const auto put =
          put_to_each({[&](ServedFile& served) {
                         served.keep(damaged(3));
                         served.answer_hashes();
                         CHECK(served.take_content_until(4 * kFileBlockBytes));
                         beside.gate.set();
                         CHECK_FALSE(served.take_content());
                         CHECK(served.stream.reset_by_peer()->code == ResetCode::cancelled);
                       },
                       [&](ServedFile& served) {
                         CHECK(served.get<PutFile>().key == put_of("").key);
                         served.keep(damaged(4));
                         served.answer_hashes();
                         CHECK(served.take_content());
                         CHECK(served.first_offset == wrong * kFileBlockBytes);
                         CHECK(served.rules.is_proven());
                         CHECK((served.content == beside.content));
                         served.answer(kDone);
                       }},
                      put_of(beside.content), beside.source);
      CHECK(put.value() == test::sample_version());
      CHECK(beside.begins ==
            std::vector<std::uint64_t>{3 * kFileBlockBytes, wrong * kFileBlockBytes});
    }
  });
}

TEST_CASE("a hash that is known, and that the server has otherwise, is where an upload begins") {
  Beside beside(test::sample_content(4 * kFileBlockBytes));
  beside.source.known = {beside.hash_at(0), beside.hash_at(1)};
  std::string kept = beside.content.substr(0, 3 * kFileBlockBytes);
  kept[kFileBlockBytes] ^= 1;
  const auto put = put_to_each({[&](ServedFile& served) {
                                 served.keep(kept);
                                 served.answer_hashes();
                                 CHECK(served.take_content());
                                 CHECK(served.first_offset == kFileBlockBytes);
                                 CHECK((served.content == beside.content));
                                 served.answer(kDone);
                               }},
                               put_of(beside.content), beside.source);
  CHECK(put);
  CHECK(beside.noted == numbers_until(3));
}

TEST_CASE("a digest needs what is kept before anything is sent") {
  Beside beside(test::sample_content(3 * kFileBlockBytes));
  PutFile request = put_of(beside.content);
  request.digest = FileDigestKind::sha256;
  const auto put =
      put_to_each({[&](ServedFile& served) {
                    served.keep(std::string_view(beside.content).substr(0, 2 * kFileBlockBytes));
                    CHECK(served.take_content());
                    services::ContentDigest whole(FileDigestKind::sha256);
                    whole.add(as_bytes(beside.content));
                    CHECK(served.rules.take_digest(whole.finish()));
                    served.answer(kDone);
                  }},
                  request, beside.source);
  CHECK(put);
  CHECK(beside.first_read == 0);
}

TEST_CASE("a failure while what is kept is compared ends the upload, and has no end of content") {
  Beside beside(test::sample_content(3 * kFileBlockBytes));
  beside.source.hashes = [](std::uint64_t, std::size_t) -> Result<std::vector<BlockHash>> {
    return fail(make_error(ErrorKind::system, "read", "disk", "it fails"));
  };
  const auto put =
      put_to_each({[&](ServedFile& served) {
                    served.keep(std::string_view(beside.content).substr(0, 2 * kFileBlockBytes));
                    served.answer_hashes();
                    CHECK_FALSE(served.take_content());
                    CHECK_FALSE(served.rules.is_proven());
                  }},
                  put_of(beside.content), beside.source);
  CHECK(put.error().endpoint == "disk");
  CHECK(beside.noted.empty());
}

TEST_CASE("a lack of memory while what is kept is compared reaches the caller") {
  Beside beside(test::sample_content(3 * kFileBlockBytes));
  beside.source.hashes = [](std::uint64_t, std::size_t) -> Result<std::vector<BlockHash>> {
    throw std::bad_alloc();
  };
  FilePair pair;
  together(
      [&] {
        CHECK_THROWS_AS(discard(pair.client.put(put_of(beside.content), beside.source)),
                        std::bad_alloc);
      },
      [&] {
        ServedFile served(pair.server);
        served.keep(std::string_view(beside.content).substr(0, 2 * kFileBlockBytes));
        served.answer_hashes();
        CHECK_FALSE(served.take_content());
      });
}

TEST_CASE("a connection that breaks while what is kept is compared is a failure to try again") {
  Beside beside(test::sample_content(12 * kFileBlockBytes));
  beside.is_gated = true;
  FilePair pair;
  FileResult<FileVersion> put;
  together([&] { put = pair.client.put(put_of(beside.content), beside.source); },
           [&] {
             ServedFile served(pair.server);
             served.keep(std::string_view(beside.content).substr(0, 10 * kFileBlockBytes));
             served.answer_hashes();
             CHECK(served.take_content_until(beside.content.size()));
             beside.gate.set();
             while (beside.noted.size() < 8) yield();
             pair.server.break_off(SessionCode::internal, "the test has seen it");
           });
  REQUIRE_FALSE(put);
  CHECK(put.error().is_retryable);
  CHECK(beside.noted == numbers_until(8));
}

TEST_CASE(
    "a deadline ends an upload whose comparison is not over, and an error of the server too") {
  for (const bool is_answered : {false, true}) {
    Beside beside(test::sample_content(3 * kFileBlockBytes));
    beside.is_gated = true;
    const Deadline deadline =
        is_answered ? Deadline::never() : Deadline::after(now(), std::chrono::seconds(1));
    const auto put =
        put_to_each({[&](ServedFile& served) {
                      served.keep(std::string_view(beside.content).substr(0, 2 * kFileBlockBytes));
                      served.answer_hashes();
                      if (is_answered) served.answer(FileError{.code = FileErrorCode::taken_over});
                    }},
                    put_of(beside.content), beside.source, deadline);
    REQUIRE_FALSE(put);
    CHECK((is_answered ? put.error().is(FileErrorCode::taken_over)
                       : put.error().kind == ErrorKind::timed_out));
  }
}

}  // namespace
}  // namespace hotline::compared_uploads_test
