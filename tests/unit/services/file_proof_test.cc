#include "services/file_proof.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "services/content_sender.h"
#include "support/file_samples.h"

namespace hotline::services::file_proof_test {
namespace {

using test::file_path;
using State = FileProof::State;
constexpr std::uint64_t kBlock = kFileBlockBytes;
const DoneReply kDone{test::sample_version()};

FileProof proof_of(const FileRequest& request) { return {request, {.endpoint = "tls://h:1"}}; }

Result<FileReply> take(FileProof& proof, const FileReply& reply) {
  const std::string payload = encode_file_reply(reply);
  return proof.take_message(static_cast<std::uint8_t>(type_of(reply)), 0, as_bytes(payload));
}

/// Takes all of `flow`, and returns the first failure.
std::optional<Error> take_flow(FileProof& proof, std::string_view flow) {
  Bytes input = as_bytes(flow);
  while (true) {
    const auto event = proof.take_content(input);
    if (!event) return event.error();
    if (std::holds_alternative<std::monostate>(*event)) return std::nullopt;
  }
}

std::string flow_of(std::string_view content, ContentSender::End end) {
  ContentSender sender({});
  std::string flow = sender.begin_data(as_bytes(content));
  flow += content;
  return flow + sender.end(end);
}

template <typename Taken>
void check_refuted(FileProof& proof, const Taken& taken, std::string_view text) {
  REQUIRE_FALSE(taken);
  CHECK(taken.error().detail == text);
  CHECK(proof.state() == State::refuted);
  CHECK(proof.result().error() == taken.error());
  CHECK(taken.error().kind == ErrorKind::protocol_violation);
}

/// A server that answers `request` with `reply` is not believed.
void check_wrong(const FileRequest& request, const FileReply& reply, std::string_view text) {
  FileProof proof = proof_of(request);
  check_refuted(proof, take(proof, reply), text);
}

/// One reply proves `request`.
void check_proven(const FileRequest& request, const FileReply& reply) {
  FileProof proof = proof_of(request);
  const auto taken = take(proof, reply);
  REQUIRE(taken);
  CHECK(*taken == reply);
  CHECK(proof.state() == State::proven);
  CHECK(proof.result());
  CHECK(proof.take_stream_end());
  CHECK(proof.take_cut());
  check_refuted(proof, take(proof, reply), "the server sent a message after the end of its reply");
}

MetaReply meta_of(std::uint64_t size) {
  return {.meta = {.size = size, .version = test::sample_version()}};
}

SmallFileReply small_file(std::string content) {
  return {.meta = {.size = content.size(), .version = test::sample_version()},
          .root = root_of(as_bytes(content)),
          .content = std::move(content)};
}

FilePage page(bool is_last) {
  return {.is_last = is_last,
          .cursor = is_last ? std::uint64_t{0} : std::uint64_t{7},
          .entries = {{file_path("a"), {}}}};
}

const GetFile kGet{.path = file_path("a")};
const PutFile kPut{.path = file_path("a"), .size = 10 * kBlock, .key = test::sample_bytes(1)};

/// Returns requests that DONE alone answers.
std::vector<FileRequest> changes() {
  return {PutSmallFile{}, MakeDirectory{}, RemoveFile{}, MoveFile{},
          CopyFile{},     SetFileMeta{},   DropUpload{}};
}

std::vector<FileRequest> all_requests() {
  std::vector<FileRequest> requests = changes();
  for (const FileRequest& each :
       {FileRequest(ListDirectory{}), FileRequest(StatFile{}), FileRequest(kGet), FileRequest(kPut),
        FileRequest(GetHashes{}), FileRequest(GetQuota{}), FileRequest(ListUploads{})}) {
    requests.push_back(each);
  }
  return requests;
}

std::vector<FileReply> all_replies() {
  return {meta_of(1),  small_file("a"), page(true),  KeptReply{},
          BlockList{}, kDone,           FileQuota{}, UploadList{.is_last = true}};
}

}  // namespace

TEST_CASE("a change is done when DONE has arrived") {
  for (const FileRequest& each : changes()) check_proven(each, kDone);
}

TEST_CASE("each question is answered by its own message") {
  check_proven(StatFile{}, meta_of(5));
  check_proven(GetHashes{}, BlockList{.hashes = {test::sample_hash()}});
  check_proven(GetHashes{.first = 3, .count = 9}, BlockList{.first = 3});
  check_proven(GetQuota{}, FileQuota{});
  check_proven(ListUploads{}, UploadList{.is_last = true});
  check_proven(ListDirectory{}, page(true));
}

TEST_CASE("no request is answered by the message of another one") {
  std::size_t accepted = 0;
  for (const FileRequest& request : all_requests()) {
    for (const FileReply& reply : all_replies()) {
      FileProof proof = proof_of(request);
      const auto taken = take(proof, reply);
      if (taken) ++accepted;
      CHECK((taken || proof.state() == State::refuted));
    }
  }
  // One for each request, FILE or META for GET, KEPT or DONE for PUT.
  CHECK(accepted == all_requests().size() + 2);
}

TEST_CASE("a list is complete with its last page") {
  FileProof proof = proof_of(ListDirectory{});
  CHECK(take(proof, page(false)));
  CHECK(take(proof, page(false)));
  CHECK(proof.state() == State::open);
  CHECK(proof.result().error().kind == ErrorKind::truncated);
  CHECK(take(proof, page(true)));
  CHECK(proof.state() == State::proven);
  FileProof cut = proof_of(ListDirectory{});
  CHECK(take(cut, page(false)));
  check_refuted(cut, cut.take_stream_end(), "the server ended the stream before its reply");
  FileProof uploads = proof_of(ListUploads{});
  CHECK(take(uploads, UploadList{.entries = {{test::sample_bytes(1), file_path("a")}}}));
  CHECK(uploads.state() == State::open);
}

TEST_CASE("T31: a page is as it was asked for") {
  check_wrong(ListDirectory{.detail = ListDirectory::Detail::names}, page(true),
              "the server listed otherwise than it was asked to");
  check_wrong(ListDirectory{.depth = FileDepth::tree}, page(true),
              "the server listed otherwise than it was asked to");
  FilePage two = page(true);
  two.entries.push_back(two.entries[0]);
  check_wrong(ListDirectory{.entries_max = 1}, two,
              "the server listed more entries at once than it was asked to");
  check_proven(ListDirectory{.entries_max = 2}, two);
}

TEST_CASE("META has the root and the digest that were asked for") {
  check_wrong(StatFile{.wants_root = true}, meta_of(1), "the server sent no root");
  check_wrong(StatFile{.digest = FileDigestKind::md5}, meta_of(1),
              "the server sent another digest than the wanted one");
  check_proven(StatFile{.wants_root = true}, MetaReply{.meta = {.kind = FileKind::directory}});
  check_proven(StatFile{.wants_root = true, .digest = FileDigestKind::md5},
               MetaReply{.meta = {.size = 1},
                         .root = test::sample_hash(),
                         .digest = test::sample_digest(FileDigestKind::md5)});
}

TEST_CASE("a file that is received is proven by END and the end of its flow") {
  FileProof proof = proof_of(kGet);
  CHECK(take(proof, meta_of(3)));
  const std::string flow = flow_of("abc", {.size = 3});
  CHECK_FALSE(take_flow(proof, flow));
  CHECK(proof.state() == State::open);
  CHECK_FALSE(proof.result());
  CHECK(proof.take_content_end(flow.size(), {}));
  CHECK(proof.state() == State::proven);
  CHECK(proof.confirmed() == 3);
}

TEST_CASE("T30: a connection that breaks before that leaves no file") {
  const std::string flow = flow_of("abc", {.size = 3});
  for (std::size_t size = 0; size <= flow.size(); ++size) {
    FileProof proof = proof_of(kGet);
    CHECK(take(proof, meta_of(3)));
    CHECK_FALSE(take_flow(proof, flow.substr(0, size)));
    CHECK(proof.take_cut().error().kind == ErrorKind::truncated);
    CHECK(proof.state() == State::cut);
    CHECK_FALSE(proof.result());
  }
}

TEST_CASE("a small file is proven by its root and the end of its flow") {
  FileProof proof = proof_of(kGet);
  CHECK(take(proof, small_file("abc")));
  CHECK(proof.state() == State::open);
  CHECK(proof.take_content_end(0, {}));
  CHECK(proof.state() == State::proven);
  SmallFileReply changed = small_file("abc");
  changed.content = "abd";
  check_wrong(kGet, changed, "the root is not that of what was sent");
  FileProof longer = proof_of(kGet);
  CHECK(take(longer, small_file("abc")));
  check_refuted(longer, longer.take_content_end(1, {}), "the flow has a wrong end");
}

TEST_CASE("T25: another version than the expected one is refused") {
  GetFile get = kGet;
  get.version = test::sample_version();
  FileProof proof = proof_of(get);
  CHECK(take(proof, meta_of(3)));
  get.version.bytes[0] ^= std::byte{1};
  check_wrong(get, meta_of(3), "the server sent another version than the expected one");
  check_wrong(get, small_file("a"), "the server sent another version than the expected one");
}

TEST_CASE("T31: what is received is a file, from the offset on, as a whole or the wanted part") {
  check_wrong(kGet, MetaReply{.meta = {.kind = FileKind::directory}},
              "the server sent the content of what is not a file");
  check_wrong(GetFile{.path = file_path("a"), .offset = kBlock}, meta_of(kBlock - 1),
              "the server sent content from after the end of the file");
  check_wrong(GetFile{.path = file_path("a"), .length = 1}, small_file("a"),
              "the server sent a message that does not belong here");
  check_wrong(kGet,
              MetaReply{.meta = {.size = 1}, .digest = test::sample_digest(FileDigestKind::md5)},
              "a digest came before its content");
}

TEST_CASE("T31: bytes beyond END are refused, and so is a file of 2^60 bytes that does not come") {
  FileProof proof = proof_of(kGet);
  CHECK(take(proof, meta_of(3)));
  CHECK(take_flow(proof, flow_of("abc", {.size = 3}) + "x")->detail == "content came after END");
  CHECK(proof.state() == State::refuted);
  FileProof huge = proof_of(kGet);
  CHECK(take(huge, meta_of(std::uint64_t{1} << 60)));
  const std::string flow = flow_of("abc", {.size = std::uint64_t{1} << 60});
  CHECK(take_flow(huge, flow)->detail == "END has no root");
}

TEST_CASE("a part is received, and goes on at its last good block") {
  FileProof proof = proof_of(GetFile{.path = file_path("a"), .length = 2});
  CHECK(take(proof, meta_of(3)));
  const std::string flow = flow_of("ab", {.size = 3});
  CHECK_FALSE(take_flow(proof, flow));
  CHECK(proof.take_content_end(flow.size(), {}));
  CHECK(proof.state() == State::proven);
}

TEST_CASE("a file that goes on is checked with the hashes of what is there already") {
  const std::string content = test::sample_content(kBlock + 5);
  const BlockHash first = hash_of(as_bytes(std::string_view(content).substr(0, kBlock)));
  ContentSender sender({.begin = kBlock, .before = std::span(&first, 1)});
  const std::string_view rest = std::string_view(content).substr(kBlock);
  std::string flow = sender.begin_data(as_bytes(rest));
  flow += rest;
  flow += sender.end({.size = content.size()});
  const GetFile get{.path = file_path("a"), .offset = kBlock};
  FileProof proof(get, {.before = {first}});
  CHECK(take(proof, meta_of(content.size())));
  CHECK_FALSE(take_flow(proof, flow));
  CHECK(proof.take_content_end(flow.size(), {}));
  FileProof other(get, {.before = {test::sample_hash()}});
  CHECK(take(other, meta_of(content.size())));
  CHECK(take_flow(other, flow)->detail == "the root is not that of what was sent");
}

TEST_CASE("a digest that was asked for is compared, of a small file too") {
  const FileDigest digest = test::sample_digest(FileDigestKind::sha256);
  GetFile get = kGet;
  get.digest = FileDigestKind::sha256;
  SmallFileReply file = small_file("abc");
  check_wrong(get, file, "the server sent another digest than the wanted one");
  file.digest = digest;
  for (const bool is_small : {true, false}) {
    const auto received = [&] {
      FileProof proof = proof_of(get);
      const std::string flow = flow_of("abc", {.size = 3, .digest = digest});
      CHECK(take(proof, is_small ? FileReply(file) : FileReply(meta_of(3))));
      if (!is_small) CHECK_FALSE(take_flow(proof, flow));
      CHECK(proof.take_content_end(is_small ? 0 : flow.size(), {}));
      CHECK(proof.state() == State::digest_wanted);
      return proof;
    };
    FileProof same = received();
    CHECK(same.take_digest(digest));
    CHECK(same.state() == State::proven);
    FileProof changed = received();
    check_refuted(changed, changed.take_digest(test::sample_digest(FileDigestKind::md5)),
                  "the digest is not that of what was sent");
  }
}

TEST_CASE("content comes where it belongs only") {
  for (const FileRequest& each : all_requests()) {
    FileProof proof = proof_of(each);
    CHECK(take_flow(proof, "x")->detail == "the server sent content where there is none");
    FileProof ended = proof_of(each);
    check_refuted(ended, ended.take_content_end(0, {}), "the content ended before it began");
  }
}

TEST_CASE("ERROR ends every request, at any time before its reply is complete") {
  const FileError error{.code = FileErrorCode::quota_bytes, .detail = 7, .kept = 3, .text = "full"};
  for (const FileRequest& each : all_requests()) {
    FileProof proof = proof_of(each);
    const auto taken = take(proof, error);
    REQUIRE_FALSE(taken);
    CHECK(proof.state() == State::failed);
    CHECK(proof.server_error() == error);
    CHECK(proof.result().error().detail ==
          "the quota has too few bytes left (7 bytes are lacking): full");
    // The flow and the messages end after it.
    CHECK_FALSE(proof.take_content_end(0, {}));
    CHECK_FALSE(proof.take_stream_end());
    CHECK_FALSE(proof.take_cut());
    CHECK(proof.state() == State::failed);
  }
  FileProof within = proof_of(kGet);
  CHECK(take(within, meta_of(3)));
  CHECK_FALSE(take_flow(within, "\x01"));
  CHECK_FALSE(take(within, error));
  CHECK(within.state() == State::failed);
}

TEST_CASE("a reset and a connection that breaks differ from an answer") {
  FileProof refused = proof_of(MakeDirectory{});
  const auto failed = refused.take_reset(ResetCode::refused, "drain\n");
  CHECK(failed.error().kind == ErrorKind::refused);
  CHECK(failed.error().detail == "the server ended the stream (refused): drain\\n");
  CHECK(refused.state() == State::cut);
  FileProof unsupported = proof_of(MakeDirectory{});
  CHECK(unsupported.take_reset(ResetCode::unsupported, {}).error().kind == ErrorKind::unsupported);
  FileProof other = proof_of(MakeDirectory{});
  CHECK(other.take_reset(ResetCode::failed, {}).error().kind == ErrorKind::reset);
  FileProof malformed = proof_of(MakeDirectory{});
  check_refuted(malformed, malformed.take_reset(kFilesMalformed, "x"),
                "the server takes what was sent for malformed: x");
  FileProof silent = proof_of(MakeDirectory{});
  const SessionFailure failure{.cause = SessionFailure::Cause::silent};
  const Error cut = silent.take_cut(failure).error();
  CHECK(cut.kind == ErrorKind::truncated);
  CHECK(cut.detail.starts_with("the connection broke before the reply was complete: "));
  CHECK(silent.result().error() == cut);
  CHECK(silent.take_reset(ResetCode::failed, {}).error() == cut);
}

TEST_CASE("malformed messages are refuted with what is wrong, and nothing is believed after them") {
  FileProof proof = proof_of(MakeDirectory{});
  check_refuted(proof, proof.take_message(0x46, 0, {}), "DONE is cut off");
  check_refuted(proof, take(proof, kDone), "DONE is cut off");
  Bytes none;
  check_refuted(proof, proof.take_content(none), "DONE is cut off");
  FileProof digest = proof_of(MakeDirectory{});
  check_refuted(digest, digest.take_digest({}), "a digest came that was not wanted");
}

}  // namespace hotline::services::file_proof_test
