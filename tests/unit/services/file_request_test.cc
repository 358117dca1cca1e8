#include "services/file_request.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/file_samples.h"
#include "support/hex.h"

namespace hotline::services::file_request_test {
namespace {

using test::file_path;
using test::raw_number;

const FileReplacement kReplaceIf = {.on_exist = OnExist::replace_if,
                                    .version = test::sample_version()};
const UploadKey kKey = test::sample_bytes(0x30);
const FileTime kTime{std::chrono::seconds(1'800'000'000)};

/// Returns requests of every kind, in the order of the kinds, with all their values.
std::vector<FileRequest> samples() {
  const FilePath path = file_path("a/b");
  return {
      ListDirectory{path, FileDepth::single, ListDirectory::Detail::names, 7, 100},
      StatFile{path, true, FileDigestKind::sha256},
      GetFile{path, 3 * kFileBlockBytes, 12, test::sample_version(), FileDigestKind::none},
      PutFile{path, MissingParents::make, true, 99, kTime, kReplaceIf, kKey, FileDigestKind::md5},
      PutSmallFile{path, MissingParents::make, true, kTime, kReplaceIf, kKey, test::sample_hash(),
                   "content"},
      MakeDirectory{path, MissingParents::make},
      RemoveFile{path, FileDepth::tree, test::sample_version()},
      MoveFile{path, file_path("c"), MissingParents::make, kReplaceIf},
      CopyFile{path, file_path("c"), MissingParents::make, FileDepth::tree, kReplaceIf},
      SetFileMeta{path, kTime, true, test::sample_version()},
      GetHashes{path, test::sample_version(), 5, 4'000},
      GetQuota{},
      ListUploads{},
      DropUpload{kKey},
  };
}

auto decode(std::string_view bytes) {
  const auto kind = static_cast<FileRequestKind>(bytes.empty() ? '\0' : bytes[0]);
  return decode_file_request(as_bytes(bytes), flows_of(kind));
}

void check_refused(const FileRequest& request, std::string_view text) {
  const auto decoded = decode(encode_file_request(request));
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error() == FileFault{kFilesMalformed, std::string(text)});
}

void check_kept(const FileRequest& request) {
  const auto decoded = decode(encode_file_request(request));
  REQUIRE(decoded);
  CHECK(*decoded == request);
}

}  // namespace

TEST_CASE("each request is read as it was written") {
  unsigned kind = 0;
  for (const FileRequest& each : samples()) {
    CHECK(static_cast<unsigned>(kind_of(each)) == ++kind);
    check_kept(each);
  }
  CHECK(kind == 14);
}

TEST_CASE("requests without anything that may be left out are read as they were written") {
  const FilePath path = file_path("a");
  check_kept(ListDirectory{});
  check_kept(ListDirectory{.depth = FileDepth::tree});
  check_kept(StatFile{});
  check_kept(GetFile{.path = path});
  check_kept(GetFile{.path = path, .digest = FileDigestKind::sha256});
  check_kept(PutFile{.path = path});
  check_kept(PutFile{.path = path, .size = 0});
  check_kept(PutSmallFile{.path = path});
  check_kept(MakeDirectory{.path = path});
  check_kept(RemoveFile{.path = path});
  check_kept(MoveFile{.path = path, .target = path});
  check_kept(CopyFile{.path = path, .target = path});
  check_kept(SetFileMeta{.path = path});
  check_kept(SetFileMeta{.path = path, .is_executable = false});
  check_kept(GetHashes{.path = path});
}

TEST_CASE("QUOTA has a path, or nothing as before there were shares") {
  check_kept(GetQuota{.path = file_path("team/a")});
  CHECK(encode_file_request(GetQuota{}) == test::from_hex("0c"));
  CHECK(encode_file_request(GetQuota{.path = file_path("a")}) == test::from_hex("0c000161"));
  for (const auto& [bytes, text] : {std::pair{"0c00", "QUOTA is cut off"},
                                    {"0c0001", "QUOTA is cut off"},
                                    {"0c00016161", "QUOTA has bytes after its end"}}) {
    const auto decoded = decode(test::from_hex(bytes));
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().text == text);
  }
  CHECK_FALSE(decode(test::from_hex("0c0000")));
  CHECK_FALSE(decode(test::from_hex("0c00022e2e")));
}

TEST_CASE("the bytes of a request are those of the page") {
  CHECK(encode_file_request(MakeDirectory{file_path("ab"), MissingParents::make}) ==
        test::from_hex("06"
                       "00026162"
                       "01"));
  CHECK(encode_file_request(GetFile{.path = file_path("a"), .offset = kFileBlockBytes}) ==
        test::from_hex("03"
                       "000161"
                       "0000000000100000"
                       "0000000000000000"
                       "00000000000000000000000000000000"
                       "00"));
}

TEST_CASE("a request that is cut off is malformed, at every byte") {
  for (const FileRequest& each : samples()) {
    const std::string bytes = encode_file_request(each);
    // The content of a small file has no length of its own.
    const bool has_content = std::holds_alternative<PutSmallFile>(each);
    const std::size_t least = bytes.size() - (has_content ? std::string("content").size() : 0);
    for (std::size_t size = 1; size < least; ++size) {
      const auto decoded = decode(bytes.substr(0, size));
      REQUIRE_FALSE(decoded);
      CHECK(decoded.error().text == std::string(name_of(kind_of(each))) + " is cut off");
    }
  }
  CHECK(decode("").error().text == "the request is empty");
}

TEST_CASE("T22: a request with bytes after its end is malformed") {
  for (const FileRequest& each : samples()) {
    if (std::holds_alternative<PutSmallFile>(each)) continue;
    // More may be a path.
    if (std::holds_alternative<GetQuota>(each)) continue;
    const auto decoded = decode(encode_file_request(each) + "x");
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().text == std::string(name_of(kind_of(each))) + " has bytes after its end");
  }
}

TEST_CASE("an unknown kind is not supported") {
  for (const unsigned kind : {0U, 15U, 0x40U, 255U}) {
    const std::string bytes(1, static_cast<char>(kind));
    const auto decoded = decode_file_request(as_bytes(bytes), {});
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == ResetCode::unsupported);
  }
}

TEST_CASE("a stream with other flows is malformed") {
  for (const FileRequest& each : samples()) {
    for (const SessionFlows flows : {SessionFlows{0, 0}, {1, 0}, {0, 1}, {1, 1}, {2, 0}}) {
      const auto decoded = decode_file_request(as_bytes(encode_file_request(each)), flows);
      CHECK(decoded.has_value() == (flows == flows_of(kind_of(each))));
    }
  }
}

TEST_CASE("only LIST and STAT are about the home") {
  check_kept(ListDirectory{});
  check_kept(StatFile{});
  check_refused(GetFile{}, "GET names no file");
  check_refused(PutFile{}, "PUT names no file");
  check_refused(PutSmallFile{}, "FILE names no file");
  check_refused(MakeDirectory{}, "MKDIR names no file");
  check_refused(RemoveFile{}, "REMOVE names no file");
  check_refused(MoveFile{.target = file_path("a")}, "MOVE names no file");
  check_refused(MoveFile{.path = file_path("a")}, "MOVE names no file");
  check_refused(CopyFile{.path = file_path("a")}, "COPY names no file");
  check_refused(SetFileMeta{}, "SETMETA names no file");
  check_refused(GetHashes{}, "HASHES names no file");
}

TEST_CASE("values that do not belong together are malformed") {
  const FilePath path = file_path("a");
  check_refused(ListDirectory{.depth = FileDepth::tree, .cursor = 1},
                "LIST has a cursor in a tree");
  check_refused(GetFile{.path = path, .offset = 1}, "GET has an offset within a block");
  check_refused(GetFile{.path = path, .offset = kFileBlockBytes - 1},
                "GET has an offset within a block");
  check_refused(GetFile{.path = path, .length = 1, .digest = FileDigestKind::md5},
                "GET wants the digest of a part");
  check_refused(GetFile{.path = path, .offset = kFileBlockBytes, .digest = FileDigestKind::md5},
                "GET wants the digest of a part");
  check_refused(GetHashes{.path = path, .count = 0}, "HASHES has a wrong count");
  check_refused(GetHashes{.path = path, .count = 4'001}, "HASHES has a wrong count");
  check_refused(DropUpload{}, "DROP names no upload");
}

TEST_CASE("T16: sizes from 2^63 on are refused, but for the one that is not known") {
  const FilePath path = file_path("a");
  check_kept(PutFile{.path = path, .size = kFileSizeMax});
  check_refused(PutFile{.path = path, .size = kFileSizeMax + 1},
                "PUT has a size that is too large");
  check_refused(PutFile{.path = path, .size = kFileSizeUnknown - 1},
                "PUT has a size that is too large");
  check_refused(GetFile{.path = path, .offset = std::uint64_t{1} << 63},
                "GET has a size that is too large");
  check_refused(GetFile{.path = path, .length = std::uint64_t{1} << 63},
                "GET has a size that is too large");
}

TEST_CASE("SETMETA has no value that it does not set") {
  const std::string path = test::from_hex("000161");
  const std::string version(16, '\0');
  const auto refused = [&](unsigned flags, std::uint64_t time) {
    const auto decoded =
        decode("\x0a" + path + static_cast<char>(flags) + raw_number(time, 8) + version);
    return decoded ? std::string() : decoded.error().text;
  };
  CHECK(refused(1, 5).empty());
  CHECK(refused(6, 0).empty());
  CHECK(refused(0, 5) == "SETMETA has a value that it does not set");
  CHECK(refused(4, 0) == "SETMETA has a value that it does not set");
  CHECK(refused(8, 0) == "SETMETA has an unknown flag");
}

TEST_CASE("flags that a request does not have are malformed") {
  for (const FileRequest& each : samples()) {
    std::string bytes = encode_file_request(each);
    const bool has_two_paths =
        std::holds_alternative<MoveFile>(each) || std::holds_alternative<CopyFile>(each);
    const bool has_flags =
        kind_of(each) < FileRequestKind::hashes && !std::holds_alternative<GetFile>(each);
    if (!has_flags) continue;
    bytes[has_two_paths ? 9 : 6] = '\x80';
    CHECK(decode(bytes).error().text ==
          std::string(name_of(kind_of(each))) + " has an unknown flag");
  }
}

TEST_CASE("a small file has at most 61,440 bytes, and fits a frame with the longest path") {
  std::string long_path;
  while (long_path.size() < 4'040) long_path += std::string(100, 'x') + "/";
  long_path += std::string(4'096 - long_path.size(), 'x');
  PutSmallFile file{.path = file_path(long_path), .content = std::string(kSmallFileMax, 'c')};
  check_kept(file);
  CHECK(encode_file_request(file).size() <= kFilesFrameMax - 1'024);
  file.content += 'c';
  check_refused(file, "FILE is too long");
}

}  // namespace hotline::services::file_request_test
