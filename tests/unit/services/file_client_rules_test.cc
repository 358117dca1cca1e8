#include "services/file_client_rules.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "services/content_sender.h"
#include "services/file_reply.h"
#include "support/file_samples.h"

namespace hotline::services::file_client_rules_test {
namespace {

constexpr std::uint64_t kBlock = kFileBlockBytes;
constexpr unsigned kHashes = 0x44;

PutFile upload_of(std::uint64_t size) {
  return {.path = test::file_path("a"), .size = size, .key = test::sample_bytes(1)};
}

/// Returns the rules of an upload of which `blocks` are kept.
FileClientRules receiving(std::uint64_t size, std::size_t blocks = 0) {
  FileClientRules rules(upload_of(size));
  rules.note_kept(std::vector<BlockHash>(blocks, test::sample_hash()));
  return rules;
}

auto ask(FileClientRules& rules, std::uint64_t first, std::uint16_t count) {
  const std::string payload = encode_hashes({.first = first, .count = count});
  return rules.take_message(kHashes, 0, as_bytes(payload));
}

std::string flow_of(std::string_view content) {
  ContentSender sender({});
  std::string flow = sender.begin_data(as_bytes(content));
  flow += content;
  return flow + sender.end({.size = content.size()});
}

/// Takes all of `flow`, and returns the first fault.
std::optional<ContentFault> take(FileClientRules& rules, std::string_view flow) {
  Bytes input = as_bytes(flow);
  while (true) {
    const auto event = rules.take_content(input);
    if (!event) return event.error();
    if (std::holds_alternative<std::monostate>(*event)) return std::nullopt;
  }
}

template <typename Taken>
void check_refused(const Taken& taken, std::string_view text) {
  REQUIRE_FALSE(taken);
  CHECK(taken.error() == FileFault{.text = std::string(text)});
}

void check_refused(const std::optional<ContentFault>& fault, std::string_view text) {
  REQUIRE(fault);
  CHECK(fault->fault.text == text);
  CHECK_FALSE(fault->error);
}

/// Returns a request of every kind but PUT.
std::vector<FileRequest> other_requests() {
  return {ListDirectory{}, StatFile{},    GetFile{},   PutSmallFile{}, MakeDirectory{},
          RemoveFile{},    MoveFile{},    CopyFile{},  SetFileMeta{},  GetHashes{},
          GetQuota{},      ListUploads{}, DropUpload{}};
}

}  // namespace

TEST_CASE("an upload is proven when all of it has arrived, and the flow has ended") {
  FileClientRules rules = receiving(3);
  CHECK_FALSE(take(rules, flow_of("abc")));
  CHECK(rules.position() == 3);
  CHECK(rules.confirmed() == 3);
  CHECK_FALSE(rules.is_proven());
  CHECK(rules.take_content_end(flow_of("abc").size(), {}));
  CHECK(rules.is_proven());
}

TEST_CASE("an upload of a size that the client did not know is proven too") {
  FileClientRules rules = receiving(kFileSizeUnknown);
  CHECK_FALSE(take(rules, flow_of("abc")));
  CHECK(rules.take_content_end(flow_of("abc").size(), {}));
  CHECK(rules.is_proven());
}

TEST_CASE("on other streams no message and no content is taken") {
  for (const FileRequest& each : other_requests()) {
    FileClientRules rules(each);
    check_refused(ask(rules, 0, 1), "a message came on a stream that has none");
    check_refused(take(rules, "x"), "content came on a stream that has none");
    CHECK_FALSE(rules.take_content_end(0, {}));
    CHECK_FALSE(rules.take_digest({}));
    CHECK_FALSE(rules.is_proven());
  }
}

TEST_CASE("before KEPT nothing is taken") {
  FileClientRules rules(upload_of(3));
  check_refused(ask(rules, 0, 1), "HASHES came before KEPT");
  check_refused(take(rules, flow_of("abc")), "content came before KEPT");
  CHECK_FALSE(rules.take_content_end(0, {}));
  CHECK(rules.position() == 0);
}

TEST_CASE("hashes of what is kept are asked for one after another") {
  FileClientRules rules = receiving(10 * kBlock, 3);
  CHECK(ask(rules, 0, 2).value() == BlockRange{0, 2});
  check_refused(ask(rules, 2, 1), "HASHES came before the answer to another one");
  rules.note_hashes_answered();
  CHECK(ask(rules, 2, 1).value() == BlockRange{2, 1});
}

TEST_CASE("hashes of what is not kept are refused") {
  for (const BlockRange range : {BlockRange{3, 1}, BlockRange{0, 4}, BlockRange{2, 2},
                                 BlockRange{kFileSizeMax / kBlock, 4'000}}) {
    FileClientRules rules = receiving(10 * kBlock, 3);
    check_refused(ask(rules, range.first, range.count), "HASHES asks for what is not kept");
  }
}

TEST_CASE("content begins after the answer to HASHES, and no HASHES follows it") {
  FileClientRules early = receiving(10 * kBlock, 3);
  CHECK(ask(early, 0, 1));
  check_refused(take(early, flow_of("abc")), "content came before the answer to HASHES");
  FileClientRules late = receiving(10 * kBlock, 3);
  CHECK_FALSE(take(late, std::string_view("\x01", 1)));
  check_refused(ask(late, 0, 1), "HASHES came after content");
}

TEST_CASE("malformed messages are refused with what is wrong") {
  FileClientRules rules = receiving(10 * kBlock, 3);
  CHECK(rules.take_message(kHashes, 0, {}).error().text == "HASHES is cut off");
  CHECK(rules.take_message(kHashes, 1, {}).error().text == "a message has a flag");
  CHECK(rules.take_message(0x46, 0, {}).error().text ==
        "a client does not send messages of this type");
}

TEST_CASE("what crosses DONE or ERROR is dropped") {
  FileClientRules rules = receiving(10 * kBlock, 3);
  CHECK_FALSE(take(rules, std::string_view("\x01\x00\x00", 3)));
  rules.note_ended();
  CHECK(ask(rules, 0, 1) == std::nullopt);
  CHECK_FALSE(take(rules, "garbage"));
  CHECK(rules.take_content_end(99, {}));
  CHECK_FALSE(rules.is_proven());
  // It is checked all the same where that does not depend on what has crossed.
  CHECK(rules.take_message(0x46, 0, {}).error().text ==
        "a client does not send messages of this type");
}

TEST_CASE("T21: what is wrong with the content is an ERROR, not a violation") {
  FileClientRules rules = receiving(3);
  std::string flow = flow_of("abc");
  flow[kDataHeaderBytes] = 'x';
  const auto fault = take(rules, flow);
  REQUIRE(fault);
  CHECK(fault->error == FileErrorCode::integrity);
  CHECK(fault->fault.text == "block 0 is not what was sent");
  CHECK(rules.confirmed() == 0);
}

TEST_CASE("T20: content that breaks the rules is a violation") {
  FileClientRules rules = receiving(3);
  check_refused(take(rules, flow_of("abcd")), "the content goes beyond its size");
  FileClientRules late = receiving(3);
  check_refused(take(late, flow_of("abc") + "x"), "content came after END");
}

TEST_CASE("content begins at most at what is kept") {
  FileClientRules rules = receiving(10 * kBlock, 2);
  CHECK(rules.position() == 2 * kBlock);
  check_refused(take(rules, encode_data_header(3 * kBlock, 1) + "x"),
                "the content begins where it may not");
  FileClientRules anew = receiving(3, 0);
  CHECK_FALSE(take(anew, flow_of("abc")));
}

TEST_CASE("the digest of an upload is wanted if its request says so") {
  PutFile upload = upload_of(1);
  upload.digest = FileDigestKind::md5;
  FileClientRules rules(upload);
  rules.note_kept({});
  ContentSender sender({});
  const FileDigest digest = test::sample_digest(FileDigestKind::md5);
  std::string flow = sender.begin_data(as_bytes("a")) + "a";
  flow += sender.end({.size = 1, .digest = digest});
  CHECK_FALSE(take(rules, flow));
  CHECK(rules.take_content_end(flow.size(), {}));
  CHECK_FALSE(rules.is_proven());
  CHECK(rules.take_digest(digest));
  CHECK(rules.is_proven());
}

TEST_CASE("T21: a small file has the root of its content") {
  PutSmallFile file{
      .path = test::file_path("a"), .root = root_of(as_bytes("abc")), .content = "abc"};
  CHECK_FALSE(fault_in_content(file));
  file.content = "abd";
  REQUIRE(fault_in_content(file));
  CHECK(fault_in_content(file)->error == FileErrorCode::integrity);
}

}  // namespace hotline::services::file_client_rules_test
