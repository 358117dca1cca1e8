#include "services/file_payload.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/file_samples.h"
#include "support/hex.h"

namespace hotline::services::file_payload_test {
namespace {

using test::raw_number;

/// Returns the text of the fault when `take` is all that takes `bytes`; empty if there is none.
template <typename Take>
std::string fault_of(std::string_view bytes, Take take) {
  FilePayloadReader reader("X", as_bytes(bytes));
  take(reader);
  const auto finished = reader.finish();
  CHECK(finished.has_value() != reader.has_failed());
  if (finished) return {};
  CHECK(finished.error().code == kFilesMalformed);
  return finished.error().text;
}

template <typename Put>
std::string written(Put put) {
  std::string bytes;
  FilePayloadWriter writer(bytes);
  put(writer);
  return bytes;
}

std::string text_of(std::string_view path) { return raw_number(path.size(), 2).append(path); }

std::string fault_in_path(std::string_view path) {
  return fault_of(text_of(path), [](auto& reader) { reader.path(); });
}

}  // namespace

TEST_CASE("values are big-endian, one after another") {
  const std::string bytes = written([](FilePayloadWriter& writer) {
    writer.put_number(std::uint8_t{1});
    writer.put_number(std::uint16_t{0x0203});
    writer.put_number(std::uint64_t{0x0405060708090a0b});
    writer.put_text("ab");
    writer.put_time(FileTime(std::chrono::nanoseconds(-1)));
  });
  CHECK(bytes == test::from_hex("01"
                                "0203"
                                "0405060708090a0b"
                                "00026162"
                                "ffffffffffffffff"));
}

TEST_CASE("a meta is read as it was written") {
  for (FileMeta meta : {test::sample_meta(), FileMeta{}, FileMeta{.kind = FileKind::directory},
                        FileMeta{.kind = FileKind::other, .modified = FileTime::max()},
                        FileMeta{.size = kFileSizeMax, .modified = FileTime::min()}}) {
    const std::string bytes = written([&](auto& writer) { writer.put_meta(meta); });
    CHECK(bytes.size() == 34);
    FileMeta taken;
    CHECK(fault_of(bytes, [&](auto& reader) { taken = reader.meta(); }).empty());
    CHECK(taken == meta);
  }
}

TEST_CASE("a value that is cut off is malformed, at every byte") {
  const std::string meta = written([](auto& writer) { writer.put_meta(test::sample_meta()); });
  for (std::size_t size = 0; size < meta.size(); ++size) {
    CHECK(fault_of(meta.substr(0, size), [](auto& reader) { reader.meta(); }) == "X is cut off");
  }
  const std::string path = text_of("a/b");
  for (std::size_t size = 0; size < path.size(); ++size) {
    CHECK(fault_of(path.substr(0, size), [](auto& reader) { reader.named_path(); }) ==
          "X is cut off");
  }
}

TEST_CASE("bytes after the end are malformed") {
  CHECK(fault_of("a", [](auto&) {}) == "X has bytes after its end");
  CHECK(fault_of("ab", [](auto& reader) { reader.template number<std::uint8_t>(); }) ==
        "X has bytes after its end");
}

TEST_CASE("T1-T8: what is not a path is malformed") {
  CHECK(fault_in_path("").empty());
  CHECK(fault_in_path("a/b").empty());
  CHECK(fault_in_path("a/../b") == "X is refused: the path has a component ..");
  CHECK(fault_in_path("/x") == "X is refused: the path begins with a slash");
  CHECK(fault_in_path("a//b") == "X is refused: the path has an empty component");
  CHECK(fault_in_path("a/.") == "X is refused: the path has a component .");
  CHECK(fault_in_path(std::string_view("\0", 1)) == "X is refused: the path has a NUL");
  CHECK(fault_in_path(std::string(256, 'x')) ==
        "X is refused: the path has a component of over 255 bytes");
  CHECK(fault_in_path(std::string(4'097, 'x')) == "X is refused: the path has over 4,096 bytes");
}

TEST_CASE("the home is not a named path, and a name has one component") {
  CHECK(fault_of(text_of(""), [](auto& reader) { reader.named_path(); }) == "X names no file");
  CHECK(fault_of(text_of(""), [](auto& reader) { reader.name(); }) == "X names no file");
  CHECK(fault_of(text_of("a/b"), [](auto& reader) { reader.name(); }) ==
        "X has a name with a slash");
  CHECK(fault_of(text_of("ab"), [](auto& reader) { reader.name(); }).empty());
}

TEST_CASE("T16: sizes from 2^63 on are malformed, and so are blocks that no file has") {
  const auto size = [](auto& reader) { reader.size(); };
  CHECK(fault_of(raw_number(kFileSizeMax, 8), size).empty());
  CHECK(fault_of(raw_number(kFileSizeMax + 1, 8), size) == "X has a size that is too large");
  CHECK(fault_of(raw_number(~std::uint64_t{0}, 8), size) == "X has a size that is too large");
  const auto block = [](auto& reader) { reader.block(); };
  CHECK(fault_of(raw_number(kFileSizeMax >> 20, 8), block).empty());
  CHECK(fault_of(raw_number((kFileSizeMax >> 20) + 1, 8), block) ==
        "X has a block that no file has");
}

TEST_CASE("values that a meta does not have are malformed") {
  const auto meta = [](auto& reader) { reader.meta(); };
  const std::string good = written([](auto& writer) { writer.put_meta(FileMeta{.size = 1}); });
  std::string bytes = good;
  bytes[0] = 4;
  CHECK(fault_of(bytes, meta) == "X has an unknown kind of file");
  bytes = good;
  bytes[1] = 2;
  CHECK(fault_of(bytes, meta) == "X has an unknown flag");
  bytes = good;
  bytes[0] = 1;
  CHECK(fault_of(bytes, meta) == "X has a size of what is not a file");
}

TEST_CASE("only a replacement of a version has one") {
  const FileVersion version = test::sample_version();
  const auto taken = [](FileReplacement replacement) {
    FileReplacement result;
    const std::string fault =
        fault_of(written([&](auto& writer) { writer.put_replacement(replacement); }),
                 [&](auto& reader) { result = reader.replacement(); });
    CHECK((!fault.empty() || result == replacement));
    return fault;
  };
  CHECK(taken({.on_exist = OnExist::fail}).empty());
  CHECK(taken({.on_exist = OnExist::replace}).empty());
  CHECK(taken({.on_exist = OnExist::replace_if, .version = version}).empty());
  CHECK(taken({.on_exist = OnExist::fail, .version = version}) ==
        "X has a version without need, or none");
  CHECK(taken({.on_exist = OnExist::replace, .version = version}) ==
        "X has a version without need, or none");
  CHECK(taken({.on_exist = OnExist::replace_if}) == "X has a version without need, or none");
  CHECK(taken({.on_exist = static_cast<OnExist>(3)}) == "X has an unknown way to replace");
}

TEST_CASE("a digest is read as it was written") {
  for (const auto kind : {FileDigestKind::none, FileDigestKind::sha256, FileDigestKind::md5}) {
    const FileDigest digest = test::sample_digest(kind);
    const std::string bytes = written([&](auto& writer) { writer.put_digest(digest); });
    CHECK(bytes.size() == 1 + size_of(kind));
    FileDigest taken;
    CHECK(fault_of(bytes, [&](auto& reader) { taken = reader.digest(); }).empty());
    CHECK(taken == digest);
    if (kind == FileDigestKind::none) continue;
    CHECK(fault_of(bytes.substr(0, bytes.size() - 1), [](auto& reader) { reader.digest(); }) ==
          "X is cut off");
  }
  CHECK(fault_of("\x03", [](auto& reader) { reader.digest(); }) ==
        "X has an unknown kind of digest");
}

TEST_CASE("the rest may be as long as is said, and the first fault stays") {
  CHECK(fault_of("abc", [](auto& reader) { CHECK(reader.take_rest(3).size() == 3); }).empty());
  CHECK(fault_of("abcd", [](auto& reader) { CHECK(reader.take_rest(3).empty()); }) ==
        "X is too long");
  CHECK(fault_of("a", [](auto& reader) {
          reader.size();
          reader.refuse("is strange");
        }) == "X is cut off");
}

}  // namespace hotline::services::file_payload_test
