#include "services/content_record.h"

#include <string>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/file_samples.h"
#include "support/hex.h"

namespace hotline::services::content_record_test {
namespace {

using test::raw_number;

template <typename Record>
std::string fault_of(std::string_view payload, Record& record) {
  FilePayloadReader reader("X", as_bytes(payload));
  take_value(reader, record);
  const auto finished = reader.finish();
  return finished ? std::string() : finished.error().text;
}

template <typename Record>
void check_kept(const Record& record) {
  const std::string bytes = encode_record(record);
  const std::string payload = bytes.substr(kRecordHeaderBytes);
  CHECK(bytes.substr(2, 4) == raw_number(payload.size(), 4));
  Record taken;
  CHECK(fault_of(payload, taken).empty());
  CHECK(taken == record);
  for (std::size_t size = 0; size < payload.size(); ++size) {
    Record cut;
    CHECK_FALSE(fault_of(payload.substr(0, size), cut).empty());
  }
}

}  // namespace

TEST_CASE("the header of DATA has its offset and its length twice, with and without itself") {
  CHECK(encode_data_header(0x0102030405, 3) == test::from_hex("0100"
                                                              "0000000f"
                                                              "0000000102030405"
                                                              "00000003"));
  CHECK(encode_data_header(0, kContentDataMax).size() == kDataHeaderBytes);
}

TEST_CASE("records are read as they were written, and refused where they are cut off") {
  check_kept(ContentHole{.offset = 5, .length = 1});
  check_kept(ContentHole{.offset = kFileSizeMax, .length = kContentHoleMax});
  check_kept(BlockList{.first = 1, .hashes = {test::sample_hash(), BlockHash{}}});
  check_kept(ContentEnd{});
  check_kept(ContentEnd{.size = kFileSizeMax, .root = BlockHash{}});
  check_kept(ContentEnd{.size = 4,
                        .root = test::sample_hash(),
                        .digest = test::sample_digest(FileDigestKind::sha256)});
}

TEST_CASE("the types of records are those of the page") {
  CHECK(encode_record(ContentHole{.length = 1})[0] == 2);
  CHECK(encode_record(BlockList{})[0] == 3);
  CHECK(encode_record(ContentEnd{})[0] == 4);
}

TEST_CASE("a hole has 1 byte to 1 GiB") {
  ContentHole hole;
  CHECK(fault_of(raw_number(0, 8) + raw_number(0, 8), hole) == "X has a wrong length");
  CHECK(fault_of(raw_number(0, 8) + raw_number((1U << 30) + 1, 8), hole) == "X has a wrong length");
  CHECK(fault_of(raw_number(0, 8) + raw_number(~std::uint64_t{0}, 8), hole) ==
        "X has a wrong length");
  CHECK(fault_of(raw_number(std::uint64_t{1} << 63, 8) + raw_number(1, 8), hole) ==
        "X has a size that is too large");
}

TEST_CASE("an end has no root that is not known") {
  std::string bytes = encode_record(ContentEnd{.root = test::sample_hash()});
  bytes[kRecordHeaderBytes + 8] = 0;
  ContentEnd end;
  CHECK(fault_of(bytes.substr(kRecordHeaderBytes), end) == "X has a root that is not known");
}

}  // namespace hotline::services::content_record_test
