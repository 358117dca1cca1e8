#include "services/block_list.h"

#include <string>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/file_samples.h"

namespace hotline::services::block_list_test {
namespace {

using test::raw_number;

template <typename Value>
std::string fault_of(std::string_view bytes, Value& value) {
  FilePayloadReader reader("X", as_bytes(bytes));
  take_value(reader, value);
  const auto finished = reader.finish();
  return finished ? std::string() : finished.error().text;
}

template <typename Value>
std::string written(const Value& value) {
  std::string bytes;
  FilePayloadWriter writer(bytes);
  put_value(writer, value);
  return bytes;
}

std::string raw_list(std::uint64_t first, std::size_t count, std::size_t bytes) {
  return raw_number(first, 8) + raw_number(count, 2) + std::string(bytes, 'h');
}

}  // namespace

TEST_CASE("a range of blocks is read as it was written") {
  for (const BlockRange range :
       {BlockRange{0, 1}, BlockRange{7, 4'000}, BlockRange{kFileSizeMax / kFileBlockBytes, 1}}) {
    BlockRange taken;
    CHECK(fault_of(written(range), taken).empty());
    CHECK(taken == range);
  }
}

TEST_CASE("a range has 1 to 4,000 blocks") {
  BlockRange taken;
  CHECK(fault_of(raw_number(0, 8) + raw_number(0, 2), taken) == "X has a wrong count");
  CHECK(fault_of(raw_number(0, 8) + raw_number(4'001, 2), taken) == "X has a wrong count");
  CHECK(fault_of(raw_number(0, 8) + raw_number(65'535, 2), taken) == "X has a wrong count");
}

TEST_CASE("hashes are read as they were written") {
  for (const std::size_t count : {0U, 1U, 3U, 4'000U}) {
    const BlockList list{.first = 9, .hashes = {count, test::sample_hash()}};
    BlockList taken;
    CHECK(fault_of(written(list), taken).empty());
    CHECK(taken == list);
    CHECK(written(list).size() <= kFileMessageMax);
  }
}

TEST_CASE("a list has at most 4,000 hashes, and as many bytes as it says") {
  BlockList taken;
  CHECK(fault_of(raw_list(0, 4'001, 4'001 * 16), taken) == "X has a wrong count");
  CHECK(fault_of(raw_list(0, 65'535, 0), taken) == "X has a wrong count");
  CHECK(fault_of(raw_list(0, 2, 31), taken) == "X has a wrong size");
  CHECK(fault_of(raw_list(0, 2, 33), taken) == "X has a wrong size");
  CHECK(fault_of(raw_list(0, 2, 48), taken) == "X has a wrong size");
  CHECK(taken.hashes.empty());
}

TEST_CASE("a list that is cut off is malformed, at every byte") {
  const std::string bytes = written(BlockList{.first = 1, .hashes = {test::sample_hash()}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    BlockList taken;
    CHECK_FALSE(fault_of(bytes.substr(0, size), taken).empty());
  }
}

}  // namespace hotline::services::block_list_test
