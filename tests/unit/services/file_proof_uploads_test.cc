#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "services/file_proof.h"
#include "support/file_samples.h"

namespace hotline::services::file_proof_uploads_test {
namespace {

using State = FileProof::State;
constexpr std::uint64_t kBlock = kFileBlockBytes;
const DoneReply kDone{test::sample_version()};
const PutFile kPut{.path = test::file_path("a"), .size = 10 * kBlock, .key = test::sample_bytes(1)};

FileProof proof_of(const FileRequest& request) { return {request, {}}; }

Result<FileReply> take(FileProof& proof, const FileReply& reply) {
  const std::string payload = encode_file_reply(reply);
  return proof.take_message(static_cast<std::uint8_t>(type_of(reply)), 0, as_bytes(payload));
}

template <typename Taken>
void check_refuted(FileProof& proof, const Taken& taken, std::string_view text) {
  REQUIRE_FALSE(taken);
  CHECK(taken.error().detail == text);
  CHECK(proof.state() == State::refuted);
}

/// A server that answers `request` with `reply` is not believed.
void check_wrong(const FileRequest& request, const FileReply& reply, std::string_view text) {
  FileProof proof = proof_of(request);
  check_refuted(proof, take(proof, reply), text);
}

}  // namespace

TEST_CASE("DONE of an upload is believed after all of it was sent") {
  FileProof proof = proof_of(kPut);
  CHECK(take(proof, KeptReply{.offset = kBlock}));
  FileProof early = proof_of(kPut);
  CHECK(take(early, KeptReply{}));
  check_refuted(early, take(early, kDone), "the server sent a message that does not belong here");
  proof.note_content_sent();
  CHECK(take(proof, kDone));
  CHECK(proof.state() == State::proven);
}

TEST_CASE("an upload with a key may be there already, one without may not") {
  FileProof proof = proof_of(kPut);
  CHECK(take(proof, kDone));
  CHECK(proof.state() == State::proven);
  PutFile put = kPut;
  put.key = {};
  check_wrong(put, kDone, "the server sent a message that does not belong here");
  check_wrong(put, KeptReply{.offset = kBlock}, "the server keeps a part of another upload");
  put.size = 0;
  put.key = kPut.key;
  check_wrong(put, KeptReply{.offset = kBlock}, "the server keeps more than there is");
  check_wrong(kPut, DoneReply{}, "the server made a file without a version");
  check_wrong(PutSmallFile{}, DoneReply{}, "the server made a file without a version");
}

TEST_CASE("hashes of an upload are those that were asked for") {
  const BlockRange range{.first = 1, .count = 2};
  FileProof proof = proof_of(kPut);
  CHECK(take(proof, KeptReply{.offset = 4 * kBlock}));
  proof.note_asked(range);
  CHECK(take(proof, BlockList{.first = 1, .hashes = {2, BlockHash{}}}));
  CHECK(proof.state() == State::open);
  check_refuted(proof, take(proof, BlockList{.first = 1, .hashes = {2, BlockHash{}}}),
                "the server sent a message that does not belong here");
  for (const BlockList& wrong : {BlockList{.first = 0, .hashes = {2, BlockHash{}}},
                                 BlockList{.first = 1, .hashes = {1, BlockHash{}}},
                                 BlockList{.first = 1, .hashes = {3, BlockHash{}}}}) {
    FileProof other = proof_of(kPut);
    CHECK(take(other, KeptReply{.offset = 4 * kBlock}));
    other.note_asked(range);
    check_refuted(other, take(other, wrong), "the server sent other hashes than it was asked for");
  }
  check_wrong(GetHashes{.first = 3, .count = 1}, BlockList{.first = 4},
              "the server sent other hashes than it was asked for");
}

}  // namespace hotline::services::file_proof_uploads_test
