#include "services/content_sender.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "services/content_reader.h"
#include "support/file_samples.h"

namespace hotline::services::content_sender_test {
namespace {

constexpr std::size_t kBlock = kFileBlockBytes;

/// Returns the records of a flow, a letter each: d, h, b and its number of hashes, e.
std::string letters_of(std::string_view flow) {
  ContentReader reader;
  Bytes input = as_bytes(flow);
  std::string letters;
  while (true) {
    const auto event = reader.take(input);
    REQUIRE(event);
    if (std::holds_alternative<std::monostate>(*event)) return letters;
    const auto* blocks = std::get_if<BlockList>(&*event);
    letters += std::string("-dhbe")[event->index()];
    if (blocks != nullptr) letters += std::to_string(blocks->hashes.size());
  }
}

/// Sends `content` in pieces of 256 KiB.
std::string send(ContentSender& sender, std::string_view content) {
  std::string flow;
  for (std::size_t at = 0; at < content.size(); at += kContentDataMax) {
    const std::string_view piece = content.substr(at, kContentDataMax);
    flow += sender.begin_data(as_bytes(piece));
    flow += piece;
  }
  return flow;
}

ContentEnd end_of(std::string_view flow) {
  ContentReader reader;
  Bytes input = as_bytes(flow);
  while (true) {
    const auto event = reader.take(input);
    REQUIRE(event);
    if (const auto* end = std::get_if<ContentEnd>(&*event)) return *end;
    REQUIRE_FALSE(std::holds_alternative<std::monostate>(*event));
  }
}

}  // namespace

TEST_CASE("the hash of a block goes out before the content that follows it") {
  const std::string content = test::sample_content(2 * kBlock + 10);
  ContentSender sender({});
  std::string flow = send(sender, content);
  CHECK(sender.position() == content.size());
  flow += sender.end({.size = content.size()});
  CHECK(letters_of(flow) == "ddddb1ddddb1db1e");
  CHECK(end_of(flow).size == content.size());
  CHECK(end_of(flow).root == root_of(as_bytes(content)));
}

TEST_CASE("an empty file has an end only") {
  ContentSender sender({});
  const std::string flow = sender.end({.size = 0});
  CHECK(letters_of(flow) == "e");
  CHECK(end_of(flow).root == root_of(Bytes{}));
}

TEST_CASE("a long hole is sent as 1 GiB at a time, each followed by its hashes") {
  ContentSender sender({});
  const std::uint64_t size = 2 * kContentHoleMax + 1;
  std::string flow = sender.hole(size);
  flow += sender.end({.size = size});
  CHECK(letters_of(flow) == "hb1024hb1024hb1e");
  CHECK(sender.position() == size);
}

TEST_CASE("a sender that goes on has the root if it knows the hashes before") {
  const std::string content = test::sample_content(2 * kBlock + 10);
  const std::string_view rest = std::string_view(content).substr(kBlock);
  const BlockHash first = hash_of(as_bytes(std::string_view(content).substr(0, kBlock)));
  ContentSender knows({.begin = kBlock, .before = std::span(&first, 1)});
  std::string flow = send(knows, rest);
  flow += knows.end({.size = content.size()});
  CHECK(end_of(flow).root == root_of(as_bytes(content)));
  ContentSender unknowing({.begin = kBlock});
  flow = send(unknowing, rest);
  flow += unknowing.end({.size = content.size()});
  CHECK_FALSE(end_of(flow).root);
}

TEST_CASE("a part of a file has no root") {
  const std::string content = test::sample_content(100);
  ContentSender sender({});
  std::string flow = send(sender, content);
  flow += sender.end({.size = 101});
  CHECK_FALSE(end_of(flow).root);
  CHECK(end_of(flow).size == 101);
}

TEST_CASE("the digest goes out with the end") {
  ContentSender sender({});
  const FileDigest digest = test::sample_digest(FileDigestKind::md5);
  CHECK(end_of(sender.end({.size = 0, .digest = digest})).digest == digest);
}

}  // namespace hotline::services::content_sender_test
