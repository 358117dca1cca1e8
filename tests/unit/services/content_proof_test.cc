#include "services/content_proof.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "services/content_sender.h"
#include "support/file_samples.h"

namespace hotline::services::content_proof_test {
namespace {

using State = ContentProof::State;
constexpr std::size_t kBlock = kFileBlockBytes;

std::string data(std::uint64_t offset, std::string_view bytes) {
  return encode_data_header(offset, bytes.size()).append(bytes);
}

std::string blocks(std::uint64_t first, std::vector<BlockHash> hashes) {
  return encode_record(BlockList{.first = first, .hashes = std::move(hashes)});
}

BlockHash hash(std::string_view bytes) { return hash_of(as_bytes(bytes)); }

std::string end_record(std::string_view content) {
  return encode_record(ContentEnd{.size = content.size(), .root = root_of(as_bytes(content))});
}

/// Returns the whole flow of a file.
std::string flow_of(std::string_view content, std::uint64_t begin = 0,
                    std::span<const BlockHash> before = {}) {
  ContentSender sender({.begin = begin, .before = before});
  std::string flow;
  for (std::size_t at = begin; at < content.size(); at += kContentDataMax) {
    const std::string_view piece = content.substr(at, kContentDataMax);
    flow += sender.begin_data(as_bytes(piece));
    flow += piece;
  }
  return flow + sender.end({.size = content.size()});
}

/// Takes all of `flow` in pieces, and returns the first fault.
std::optional<ContentFault> take(ContentProof& proof, std::string_view flow,
                                 std::size_t piece = 50'000, std::string* content = nullptr) {
  for (std::size_t at = 0; at < flow.size(); at += piece) {
    Bytes input = as_bytes(flow.substr(at, piece));
    while (true) {
      const auto event = proof.take(input);
      if (!event) return event.error();
      if (std::holds_alternative<std::monostate>(*event)) break;
      const auto* taken = std::get_if<ContentData>(&*event);
      const auto* hole = std::get_if<ContentHole>(&*event);
      if (content != nullptr && taken != nullptr) *content += as_text(taken->bytes);
      if (content != nullptr && hole != nullptr) content->append(hole->length, '\0');
    }
  }
  return std::nullopt;
}

void check_malformed(ContentProof& proof, std::string_view flow, std::string_view text) {
  const auto fault = take(proof, flow);
  REQUIRE_MESSAGE(fault, text);
  CHECK(fault->fault.text == text);
  CHECK_FALSE(fault->error);
  CHECK(proof.state() == State::refuted);
  Bytes none;
  CHECK(proof.take(none).error() == *fault);
}

void check_changed(ContentProof& proof, std::string_view flow, std::string_view text) {
  const auto fault = take(proof, flow);
  REQUIRE_MESSAGE(fault, text);
  CHECK(fault->fault.text == text);
  CHECK(fault->error == FileErrorCode::integrity);
  CHECK(proof.state() == State::refuted);
}

ContentProof proof_of(std::uint64_t size) { return ContentProof({.stop = size, .size = size}); }

}  // namespace

TEST_CASE("content that has arrived as it was sent is proven, by its end only") {
  const std::string content = test::sample_content(2 * kBlock + 10);
  ContentProof proof = proof_of(content.size());
  std::string taken;
  CHECK_FALSE(take(proof, flow_of(content), 4'999, &taken));
  CHECK(proof.state() == State::ended);
  CHECK(proof.confirmed() == content.size());
  CHECK(proof.take_flow_end(flow_of(content).size(), {}));
  CHECK(proof.state() == State::proven);
  CHECK(taken == content);
}

TEST_CASE("files of every size around a block are proven") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kBlock - 1, kBlock, kBlock + 1}) {
    const std::string flow = flow_of(test::sample_content(size));
    for (const std::uint64_t known : {std::uint64_t{size}, kFileSizeUnknown}) {
      ContentProof proof = proof_of(known);
      CHECK_FALSE(take(proof, flow));
      CHECK(proof.take_flow_end(flow.size(), {}));
      CHECK(proof.state() == State::proven);
      CHECK(proof.confirmed() == size);
    }
  }
}

TEST_CASE("T30: content that is cut off anywhere is not proven") {
  const std::string flow = data(0, "ab") + encode_record(ContentHole{2, 3}) + data(5, "c") +
                           blocks(0, {hash(std::string_view("ab\0\0\0c", 6))}) +
                           end_record(std::string_view("ab\0\0\0c", 6));
  for (std::size_t size = 0; size < flow.size(); ++size) {
    ContentProof proof = proof_of(6);
    CHECK_FALSE(take(proof, flow.substr(0, size)));
    CHECK(proof.state() == State::open);
    const auto ended = proof.take_flow_end(size, {});
    REQUIRE_FALSE(ended);
    CHECK(proof.state() == State::refuted);
  }
  ContentProof proof = proof_of(6);
  CHECK_FALSE(take(proof, flow));
  CHECK(proof.take_flow_end(flow.size(), {}));
}

TEST_CASE("T20: content with a gap is refused") {
  ContentProof proof = proof_of(100);
  check_malformed(proof, data(0, "ab") + data(3, "c"), "the content has a gap");
  ContentProof hole = proof_of(100);
  check_malformed(hole, data(0, "ab") + encode_record(ContentHole{3, 1}), "the content has a gap");
}

TEST_CASE("T20: content that overlaps is refused") {
  ContentProof proof = proof_of(100);
  check_malformed(proof, data(0, "ab") + data(1, "c"), "the content overlaps");
  ContentProof repeated = proof_of(100);
  check_malformed(repeated, data(0, "ab") + data(0, "ab"), "the content overlaps");
  ContentProof hole = proof_of(100);
  check_malformed(hole, encode_record(ContentHole{0, 5}) + data(4, "c"), "the content overlaps");
}

TEST_CASE("T20: content beyond its size is refused, one that reaches it is not") {
  ContentProof exact = proof_of(3);
  CHECK_FALSE(take(exact, data(0, "ab") + data(2, "c")));
  check_malformed(exact, data(3, "d"), "the content goes beyond its size");
  ContentProof proof = proof_of(3);
  check_malformed(proof, data(0, "abcd"), "the content goes beyond its size");
  ContentProof hole = proof_of(3);
  check_malformed(hole, encode_record(ContentHole{0, 4}), "the content goes beyond its size");
  ContentProof empty = proof_of(0);
  check_malformed(empty, data(0, "a"), "the content goes beyond its size");
}

TEST_CASE("T16: no content goes beyond 2^63 - 1") {
  const std::uint64_t begin = kFileSizeMax / kBlock * kBlock;
  ContentProof proof({.begin_max = begin});
  check_malformed(proof, encode_record(ContentHole{begin, kBlock}),
                  "the content goes beyond its size");
}

TEST_CASE("T20: whatever comes after END is refused") {
  for (const std::string& late :
       {data(1, "b"), end_record("a"), blocks(0, {hash("a")}), std::string("x")}) {
    ContentProof proof = proof_of(kFileSizeUnknown);
    CHECK_FALSE(take(proof, data(0, "a") + blocks(0, {hash("a")}) + end_record("a")));
    check_malformed(proof, late, "content came after END");
  }
}

TEST_CASE("T21: a wrong hash of a block is found with the block") {
  const std::string content = test::sample_content(2 * kBlock);
  std::string flow = flow_of(content);
  // In the middle of the second block.
  flow[kBlock + kBlock / 2] ^= 1;
  ContentProof proof = proof_of(content.size());
  check_changed(proof, flow, "block 1 is not what was sent");
  CHECK(proof.confirmed() == kBlock);
}

TEST_CASE("T21: hashes that are missing, early or out of order are refused") {
  const auto refused = [](const std::string& flow, std::string_view text) {
    ContentProof proof = proof_of(kFileSizeUnknown);
    check_malformed(proof, flow, text);
  };
  const std::string block = test::sample_content(kBlock);
  const std::string whole = flow_of(block).substr(0, 4 * (kContentDataMax + kDataHeaderBytes));
  refused(blocks(0, {hash("")}), "a hash came without its block");
  refused(data(0, "a") + end_record("a"), "the last block has no hash");
  refused(whole + end_record(block), "a block has no hash");
  refused(data(0, "a") + blocks(1, {hash("a")}), "a hash is out of order");
  refused(data(0, "a") + blocks(0, {hash("a"), hash("b")}), "a hash came without its block");
  refused(data(0, "a") + blocks(0, {}), "a hash came without its block");
  refused(data(0, "a") + blocks(0, {hash("a")}) + blocks(1, {hash("a")}),
          "a hash came without its block");
  refused(data(0, "a") + blocks(0, {hash("a")}) + data(1, "b"),
          "content came after its last block");
  refused(whole + blocks(0, {hash(block), hash("")}), "a hash came without its block");
}

TEST_CASE("T21: a wrong root is found") {
  ContentProof proof = proof_of(1);
  check_changed(proof,
                data(0, "a") + blocks(0, {hash("a")}) +
                    encode_record(ContentEnd{.size = 1, .root = test::sample_hash()}),
                "the root is not that of what was sent");
  ContentProof without = proof_of(1);
  check_malformed(without,
                  data(0, "a") + blocks(0, {hash("a")}) + encode_record(ContentEnd{.size = 1}),
                  "END has no root");
}

TEST_CASE("T16, T21: a wrong size is found, whichever way it is wrong") {
  const std::string sent = data(0, "a") + blocks(0, {hash("a")});
  const auto end_at = [](std::uint64_t size) {
    return encode_record(ContentEnd{.size = size, .root = root_of(as_bytes("a"))});
  };
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{2}, kFileSizeMax}) {
    ContentProof proof = proof_of(kFileSizeUnknown);
    check_changed(proof, sent + end_at(size), "the size is not what was sent");
  }
  ContentProof more = proof_of(2);
  check_changed(more, sent + end_at(1), "the size is not what was sent");
  ContentProof same = proof_of(2);
  check_changed(same, sent + end_at(2), "the size is not what was sent");
}

TEST_CASE("content goes on from a block, and its root is checked with the hashes before") {
  const std::string content = test::sample_content(2 * kBlock + 10);
  const std::vector<BlockHash> before = {hash(std::string_view(content).substr(0, kBlock))};
  const std::string flow = flow_of(content, kBlock, before);
  const ContentProof::Terms terms{.begin_max = kBlock, .size = content.size(), .before = before};
  ContentProof proof(terms);
  CHECK(proof.position() == kBlock);
  CHECK_FALSE(take(proof, flow));
  CHECK(proof.take_flow_end(flow.size(), {}));
  ContentProof::Terms other = terms;
  other.before[0] = test::sample_hash();
  ContentProof changed(other);
  check_changed(changed, flow, "the root is not that of what was sent");
}

TEST_CASE("content may begin anew before what is kept, at a block") {
  const std::string content = test::sample_content(2 * kBlock + 10);
  const ContentProof::Terms terms{.begin_max = 2 * kBlock,
                                  .size = content.size(),
                                  .before = {test::sample_hash(), test::sample_hash()}};
  ContentProof proof(terms);
  const std::string flow = flow_of(content);
  CHECK_FALSE(take(proof, flow));
  CHECK(proof.take_flow_end(flow.size(), {}));
  for (const std::uint64_t begin : {std::uint64_t{1}, kBlock - 1, 3 * kBlock}) {
    ContentProof refused(terms);
    check_malformed(refused, data(begin, "a"), "the content begins where it may not");
  }
}

TEST_CASE("content that is wanted from an offset begins there") {
  const ContentProof::Terms terms{.begin_min = kBlock, .begin_max = kBlock, .wants_root = false};
  ContentProof proof(terms);
  check_malformed(proof, data(0, "a"), "the content begins where it may not");
  // All of it is there already.
  ContentProof empty(terms);
  CHECK_FALSE(take(empty, encode_record(ContentEnd{.size = kBlock})));
  CHECK(empty.confirmed() == kBlock);
  CHECK(empty.take_flow_end(kRecordHeaderBytes + 26, {}));
}

TEST_CASE("a part is proven by its hashes, and its root is not that of the file") {
  const std::string content = test::sample_content(kBlock + 10);
  const std::string_view part = std::string_view(content).substr(kBlock, 5);
  ContentProof proof({.begin_min = kBlock,
                      .begin_max = kBlock,
                      .stop = kBlock + 5,
                      .size = content.size(),
                      .wants_root = false});
  const std::string flow = data(kBlock, part) + blocks(1, {hash(part)}) +
                           encode_record(ContentEnd{.size = content.size()});
  CHECK_FALSE(take(proof, flow));
  CHECK(proof.take_flow_end(flow.size(), {}));
  CHECK(proof.state() == State::proven);
}

TEST_CASE("at most 4,000 blocks are complete without their hash") {
  std::string holes;
  for (std::uint64_t i = 0; i < 3; ++i) {
    holes += encode_record(ContentHole{i * kContentHoleMax, kContentHoleMax});
  }
  const std::uint64_t end_of_holes = 3 * kContentHoleMax;
  ContentProof most = proof_of(kFileSizeUnknown);
  CHECK_FALSE(take(most, holes + encode_record(ContentHole{end_of_holes, 928 * kBlock})));
  ContentProof proof = proof_of(kFileSizeUnknown);
  check_malformed(proof, holes + encode_record(ContentHole{end_of_holes, 929 * kBlock}),
                  "too many blocks have no hash");
}

TEST_CASE("a digest that was asked for is wanted from the caller, and compared") {
  const FileDigest digest = test::sample_digest(FileDigestKind::sha256);
  const std::string sent = data(0, "a") + blocks(0, {hash("a")});
  const std::string flow =
      sent + encode_record(ContentEnd{.size = 1, .root = root_of(as_bytes("a")), .digest = digest});
  const ContentProof::Terms terms{.size = 1, .digest = FileDigestKind::sha256};
  ContentProof proof(terms);
  CHECK_FALSE(take(proof, flow));
  CHECK(proof.take_flow_end(flow.size(), {}));
  CHECK(proof.state() == State::digest_wanted);
  CHECK(proof.take_digest(digest));
  CHECK(proof.state() == State::proven);
  ContentProof changed(terms);
  CHECK_FALSE(take(changed, flow));
  CHECK(changed.take_flow_end(flow.size(), {}));
  FileDigest other = digest;
  other.bytes[31] ^= std::byte{1};
  CHECK(changed.take_digest(other).error().error == FileErrorCode::integrity);
  CHECK(changed.state() == State::refuted);
  ContentProof without(terms);
  check_malformed(without, sent + end_record("a"), "END has not the digest that was asked for");
  ContentProof unwanted = proof_of(1);
  CHECK(unwanted.take_digest(digest).error().fault.text == "a digest came that was not wanted");
}

TEST_CASE("the flow ends where its records do, with an empty trailer") {
  const std::string flow = flow_of("abc");
  ContentProof total = proof_of(3);
  CHECK_FALSE(take(total, flow));
  CHECK(total.take_flow_end(flow.size() + 1, {}).error().fault.text == "the flow has a wrong end");
  ContentProof trailer = proof_of(3);
  CHECK_FALSE(take(trailer, flow));
  CHECK(trailer.take_flow_end(flow.size(), as_bytes("x")).error().fault.text ==
        "the flow has a wrong end");
  ContentProof within = proof_of(3);
  CHECK_FALSE(take(within, flow.substr(0, 3)));
  CHECK(within.take_flow_end(3, {}).error().fault.text == "a record is cut off");
  ContentProof nothing = proof_of(3);
  CHECK(nothing.take_flow_end(0, {}).error().fault.text == "the content ended without END");
}

TEST_CASE("T22: compressed content is refused as not supported") {
  ContentProof proof = proof_of(1);
  std::string flow = data(0, "a");
  flow[1] = 1;
  const auto fault = take(proof, flow);
  REQUIRE(fault);
  CHECK(fault->fault.code == ResetCode::unsupported);
  CHECK_FALSE(fault->error);
}

}  // namespace hotline::services::content_proof_test
