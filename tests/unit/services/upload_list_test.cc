#include "services/upload_list.h"

#include <string>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/file_samples.h"

namespace hotline::services::upload_list_test {
namespace {

using test::file_path;
using test::raw_number;

const UploadEntry kEntry{.key = test::sample_bytes(1),
                         .path = file_path("a/b"),
                         .size = 10,
                         .kept = 7,
                         .last_byte = FileTime(std::chrono::seconds(5))};

std::string written(const UploadList& list) {
  std::string bytes;
  FilePayloadWriter writer(bytes);
  put_value(writer, list);
  return bytes;
}

std::string fault_of(std::string_view bytes, UploadList& list) {
  FilePayloadReader reader("UPLOADS", as_bytes(bytes));
  take_value(reader, list);
  const auto finished = reader.finish();
  return finished ? std::string() : finished.error().text;
}

std::string fault_in(UploadEntry entry) {
  UploadList taken;
  return fault_of(written({.is_last = true, .entries = {entry}}), taken);
}

UploadEntry with_sizes(std::uint64_t size, std::uint64_t kept) {
  UploadEntry entry = kEntry;
  entry.size = size;
  entry.kept = kept;
  return entry;
}

}  // namespace

TEST_CASE("unfinished uploads are read as they were written") {
  for (const UploadList& list :
       {UploadList{.is_last = true}, UploadList{.entries = {kEntry}},
        UploadList{.is_last = true,
        .entries = {kEntry, with_sizes(kFileSizeUnknown, kFileSizeMax)}}}) {
    UploadList taken;
    CHECK(fault_of(written(list), taken).empty());
    CHECK(taken == list);
  }
}

TEST_CASE("a list of uploads that is cut off is malformed, at every byte") {
  const std::string bytes = written({.entries = {kEntry, kEntry}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    UploadList taken;
    CHECK(fault_of(bytes.substr(0, size), taken) == "UPLOADS is cut off");
  }
}

TEST_CASE("a count over what is there is refused before memory is taken") {
  UploadList taken;
  CHECK(fault_of(raw_number(1, 1) + raw_number(65'535, 2), taken) == "UPLOADS is cut off");
  CHECK(taken.entries.capacity() == 0);
}

TEST_CASE("an upload has a key, a path, and not more than its size") {
  UploadEntry entry = kEntry;
  entry.key = {};
  CHECK(fault_in(entry) == "UPLOADS has an upload without a key");
  CHECK(fault_in(with_sizes(7, 7)).empty());
  CHECK(fault_in(with_sizes(6, 7)) == "UPLOADS has an upload of which more is kept than there is");
  CHECK(fault_in(with_sizes(kFileSizeMax + 1, 0)) == "UPLOADS has a size that is too large");
  CHECK(fault_in(with_sizes(kFileSizeUnknown, kFileSizeMax + 1)) ==
        "UPLOADS has a size that is too large");
  // Long enough for an entry all the same.
  entry = kEntry;
  entry.path = {};
  UploadList taken;
  CHECK(fault_of(written({.is_last = true, .entries = {entry}}) + "x", taken) ==
        "UPLOADS names no file");
}

TEST_CASE("only the last list may be empty, and a list has no other flags") {
  UploadList taken;
  CHECK(fault_of(raw_number(0, 3), taken) == "UPLOADS has no entry and is not the last");
  CHECK(fault_of(raw_number(2, 1) + raw_number(0, 2), taken) == "UPLOADS has an unknown flag");
}

}  // namespace hotline::services::upload_list_test
