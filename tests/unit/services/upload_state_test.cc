#include "services/upload_state.h"

#include <doctest/doctest.h>

#include "support/file_samples.h"

namespace hotline::services::upload_state_test {
namespace {

using test::file_path;
using test::sample_bytes;

const UploadFacts kFacts{
    .key = sample_bytes(1), .path = file_path("a/b"), .size = 10 * kFileBlockBytes + 5};
const PublishedFile kPublished{.inode = 7,
                               .born = FileTime(std::chrono::nanoseconds(-1)),
                               .size = 10 * kFileBlockBytes + 5,
                               .modified = FileTime(std::chrono::nanoseconds(3))};

BlockList blocks(std::uint64_t first, std::vector<unsigned> values) {
  BlockList list{.first = first};
  for (const unsigned value : values) list.hashes.push_back({sample_bytes(value)});
  return list;
}

std::optional<UploadState> decode(const std::string& text) {
  return decode_upload_state(as_bytes(text));
}

TEST_CASE("a state file says which blocks are kept") {
  const std::string text = encode_upload_facts(kFacts) + encode_upload_record(blocks(0, {1, 2})) +
                           encode_upload_record(blocks(2, {3}));
  const auto state = decode(text);
  REQUIRE(state);
  CHECK(state->facts == kFacts);
  CHECK(state->blocks == blocks(0, {1, 2, 3}).hashes);
  CHECK_FALSE(state->published);
  CHECK(state->valid_size == text.size());
}

TEST_CASE("a record of a state file replaces what was known from its first block on") {
  const auto state =
      decode(encode_upload_facts(kFacts) + encode_upload_record(blocks(0, {1, 2, 3})) +
             encode_upload_record(blocks(1, {})) + encode_upload_record(blocks(1, {4})));
  REQUIRE(state);
  CHECK(state->blocks == blocks(0, {1, 4}).hashes);
}

TEST_CASE("a state file says what was published, unless blocks came later") {
  const std::string published = encode_upload_facts(kFacts) + encode_upload_record(kPublished);
  CHECK(decode(published)->published == kPublished);
  CHECK_FALSE(decode(published + encode_upload_record(blocks(0, {1})))->published);
}

TEST_CASE("a state file that is cut off anywhere keeps the records before, and never more") {
  const std::string header = encode_upload_facts(kFacts);
  const std::string first = encode_upload_record(blocks(0, {1}));
  const std::string text = header + first + encode_upload_record(blocks(1, {2, 3}));
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto state = decode(text.substr(0, size));
    CHECK(state.has_value() == (size >= header.size()));
    if (!state) continue;
    const bool has_first = size >= header.size() + first.size();
    CHECK(state->blocks.size() == (has_first ? 1 : 0));
    CHECK(state->valid_size == header.size() + (has_first ? first.size() : 0));
  }
}

TEST_CASE("a state file with any byte changed loses the record that has it, and those after it") {
  const std::string header = encode_upload_facts(kFacts);
  const std::string text = header + encode_upload_record(blocks(0, {1}));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    const auto state = decode(changed);
    CHECK(state.has_value() == (i >= header.size()));
    if (state) CHECK(state->blocks.empty());
  }
}

TEST_CASE("a state file is not believed beyond the size of its file, or with a gap") {
  UploadFacts facts = kFacts;
  facts.size = 2 * kFileBlockBytes - 1;
  const std::string header = encode_upload_facts(facts);
  CHECK(decode(header + encode_upload_record(blocks(0, {1})))->blocks.size() == 1);
  CHECK(decode(header + encode_upload_record(blocks(0, {1, 2})))->blocks.empty());
  CHECK(decode(header + encode_upload_record(blocks(1, {1})))->blocks.empty());
  facts.size = kFileSizeUnknown;
  CHECK(
      decode(encode_upload_facts(facts) + encode_upload_record(blocks(0, {1, 2})))->blocks.size() ==
      2);
}

TEST_CASE("a state file without a key, a path or a possible size is refused") {
  UploadFacts facts = kFacts;
  facts.key = {};
  CHECK_FALSE(decode(encode_upload_facts(facts)));
  facts = kFacts;
  facts.path = {};
  CHECK_FALSE(decode(encode_upload_facts(facts)));
  facts = kFacts;
  facts.size = kFileSizeMax + 1;
  CHECK_FALSE(decode(encode_upload_facts(facts)));
  CHECK_FALSE(decode(""));
}

TEST_CASE("the longest record of a state file fits") {
  UploadFacts facts = kFacts;
  facts.size = kFileSizeUnknown;
  BlockList list;
  list.hashes.resize(kBlockHashesMax);
  CHECK(decode(encode_upload_facts(facts) + encode_upload_record(list))->blocks.size() ==
        kBlockHashesMax);
}

}  // namespace
}  // namespace hotline::services::upload_state_test
