#include "services/file_reply.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/file_samples.h"

namespace hotline::services::file_reply_test {
namespace {

using test::file_path;
using test::raw_number;

constexpr auto kSha256 = FileDigestKind::sha256;

SmallFileReply small_file(std::string content) {
  return {.meta = {.size = content.size(), .version = test::sample_version()},
          .root = test::sample_hash(),
          .digest = test::sample_digest(FileDigestKind::md5),
          .content = std::move(content)};
}

/// Returns one of each type, in the order of FileReply.
std::vector<FileReply> samples() {
  return {
      MetaReply{test::sample_meta(), test::sample_hash(), test::sample_digest(kSha256)},
      small_file("content"),
      FilePage{.cursor = 4, .entries = {{file_path("a"), test::sample_meta()}}},
      KeptReply{3 * kFileBlockBytes, test::sample_hash()},
      BlockList{.first = 2, .hashes = {test::sample_hash()}},
      DoneReply{test::sample_version()},
      FileError{FileErrorCode::quota_bytes, true, 12, 34, "text"},
      FileQuota{.bytes_max = 5},
      UploadList{.is_last = true},
  };
}

std::uint8_t number_of(const FileReply& reply) { return static_cast<std::uint8_t>(type_of(reply)); }

std::string fault_of(const FileReply& reply) {
  const auto decoded = decode_file_reply(number_of(reply), 0, as_bytes(encode_file_reply(reply)));
  return decoded ? std::string() : decoded.error().text;
}

std::string fault_of(unsigned type, std::string_view payload) {
  const auto decoded = decode_file_reply(static_cast<std::uint8_t>(type), 0, as_bytes(payload));
  return decoded ? std::string() : decoded.error().text;
}

bool ends_in_rest(const FileReply& reply) {
  return std::holds_alternative<SmallFileReply>(reply) || std::holds_alternative<FileError>(reply);
}

}  // namespace

TEST_CASE("each message of a server is read as it was written") {
  for (const FileReply& each : samples()) {
    const std::string payload = encode_file_reply(each);
    const auto decoded = decode_file_reply(number_of(each), 0, as_bytes(payload));
    REQUIRE(decoded);
    CHECK(*decoded == each);
  }
}

TEST_CASE("the types of messages are those of the page") {
  std::string types;
  for (const FileReply& each : samples()) types += static_cast<char>(number_of(each));
  CHECK(types == "\x40\x41\x42\x43\x45\x46\x47\x48\x49");
}

TEST_CASE("a message that is cut off is malformed, at every byte") {
  for (const FileReply& each : samples()) {
    const std::string payload = encode_file_reply(each);
    const bool has_text = std::holds_alternative<FileError>(each);
    const std::size_t least = payload.size() - (has_text ? std::string("text").size() : 0);
    for (std::size_t size = 0; size < least; ++size) {
      CHECK_FALSE(fault_of(number_of(each), payload.substr(0, size)).empty());
    }
  }
}

TEST_CASE("T22: a message with bytes after its end is malformed") {
  for (const FileReply& each : samples()) {
    if (ends_in_rest(each)) continue;
    CHECK_FALSE(fault_of(number_of(each), encode_file_reply(each) + "x").empty());
  }
}

TEST_CASE("a server sends no other types, and no flags") {
  for (const unsigned type : {0x3fU, 0x44U, 0x4aU, 0xffU}) {
    CHECK(fault_of(type, "") == "a server does not send messages of this type");
  }
  const auto decoded = decode_file_reply(0x46, 1, as_bytes(std::string(16, '\0')));
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().text == "a message has a flag");
}

TEST_CASE("a message has at most 65,536 bytes") {
  CHECK(fault_of(0x42, std::string(kFileMessageMax + 1, '\0')) == "a message is too long");
}

TEST_CASE("META without a root, and of a directory, is read as it was written") {
  CHECK(fault_of(MetaReply{.meta = test::sample_meta()}).empty());
  CHECK(fault_of(MetaReply{.meta = {.kind = FileKind::directory}}).empty());
}

TEST_CASE("META has hashes of files only, and no root that is not known") {
  CHECK(fault_of(MetaReply{.meta = {.kind = FileKind::directory}, .root = BlockHash{}}) ==
        "META has a hash of no file");
  CHECK(fault_of(
            MetaReply{.meta = {.kind = FileKind::link}, .digest = test::sample_digest(kSha256)}) ==
        "META has a hash of no file");
  std::string payload =
      encode_file_reply(MetaReply{.meta = test::sample_meta(), .root = test::sample_hash()});
  payload[34] = 0;
  CHECK(fault_of(0x40, payload) == "META has a root that is not known");
}

TEST_CASE("a small file has the content of a file, and as much as its size says") {
  CHECK(fault_of(small_file("")).empty());
  CHECK(fault_of(small_file(std::string(kSmallFileMax, 'c'))).empty());
  CHECK(fault_of(small_file(std::string(kSmallFileMax + 1, 'c'))) == "FILE is too long");
  SmallFileReply file = small_file("abc");
  file.meta.size = 4;
  CHECK(fault_of(file) == "FILE has not the size of its content");
  file.meta = {.kind = FileKind::directory};
  CHECK(fault_of(file) == "FILE has content of no file");
}

TEST_CASE("what is kept ends with a block") {
  CHECK(fault_of(KeptReply{}).empty());
  CHECK(fault_of(KeptReply{.offset = 1}) == "KEPT has an offset within a block");
  CHECK(fault_of(0x43, raw_number(std::uint64_t{1} << 63, 8) + std::string(16, '\0')) ==
        "KEPT has a size that is too large");
}

TEST_CASE("an error has a code, which may be one of a later version, and a text of at most 512") {
  CHECK(fault_of(FileError{.code = static_cast<FileErrorCode>(999)}).empty());
  CHECK(fault_of(FileError{.code = FileErrorCode{}}) == "ERROR has the code 0");
  const FileError long_text{.code = FileErrorCode::busy, .text = std::string(600, 'x')};
  const auto decoded = decode_file_reply(0x47, 0, as_bytes(encode_file_reply(long_text)));
  REQUIRE(decoded);
  CHECK(std::get<FileError>(*decoded).text == std::string(512, 'x'));
  CHECK(fault_of(0x47, encode_file_reply(long_text) + "x") == "ERROR is too long");
  std::string payload = encode_file_reply(FileError{.code = FileErrorCode::busy});
  payload[2] = 2;
  CHECK(fault_of(0x47, payload) == "ERROR has an unknown flag");
}

TEST_CASE("a client sends HASHES only, without flags") {
  const BlockRange range{.first = 3, .count = 4'000};
  const std::string payload = encode_hashes(range);
  const auto decoded = decode_hashes(0x44, 0, as_bytes(payload));
  REQUIRE(decoded);
  CHECK(*decoded == range);
  CHECK(decode_hashes(0x44, 1, as_bytes(payload)).error().text == "a message has a flag");
  for (const unsigned type : {0x40U, 0x43U, 0x45U, 0x47U, 0x4aU}) {
    CHECK(decode_hashes(static_cast<std::uint8_t>(type), 0, as_bytes(payload)).error().text ==
          "a client does not send messages of this type");
  }
  for (std::size_t size = 0; size < payload.size(); ++size) {
    CHECK(decode_hashes(0x44, 0, as_bytes(payload).first(size)).error().text ==
          "HASHES is cut off");
  }
  CHECK(decode_hashes(0x44, 0, as_bytes(payload + "x")).error().text ==
        "HASHES has bytes after its end");
}

}  // namespace hotline::services::file_reply_test
