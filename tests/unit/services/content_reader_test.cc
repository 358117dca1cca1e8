#include "services/content_reader.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/file_samples.h"

namespace hotline::services::content_reader_test {
namespace {

using test::raw_number;

std::string data(std::uint64_t offset, std::string_view bytes) {
  return encode_data_header(offset, bytes.size()).append(bytes);
}

/// Returns what the reader says, one text for each event; pieces of DATA that follow one another
/// are one. `piece` bytes arrive at once.
std::vector<std::string> read_all(std::string_view bytes, std::size_t piece) {
  ContentReader reader;
  std::vector<std::string> events;
  std::uint64_t data_end = 0;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    Bytes input = as_bytes(bytes.substr(at, piece));
    while (true) {
      const auto event = reader.take(input);
      if (!event) {
        events.push_back("fault: " + event.error().text);
        return events;
      }
      if (const auto* taken = std::get_if<ContentData>(&*event)) {
        const bool goes_on =
            data_end == taken->offset && !events.empty() && events.back()[0] == 'd';
        if (!goes_on) events.push_back("data " + std::to_string(taken->offset) + " ");
        events.back() += as_text(taken->bytes);
        data_end = taken->offset + taken->bytes.size();
      } else if (const auto* hole = std::get_if<ContentHole>(&*event)) {
        events.push_back("hole " + std::to_string(hole->offset) + "+" +
                         std::to_string(hole->length));
      } else if (const auto* blocks = std::get_if<BlockList>(&*event)) {
        events.push_back("blocks " + std::to_string(blocks->first) + "+" +
                         std::to_string(blocks->hashes.size()));
      } else if (const auto* end = std::get_if<ContentEnd>(&*event)) {
        events.push_back("end " + std::to_string(end->size));
      } else {
        CHECK(input.empty());
        break;
      }
    }
  }
  if (reader.is_within_record()) events.emplace_back("cut");
  return events;
}

std::string fault_of(std::string_view bytes) {
  const auto events = read_all(bytes, bytes.size());
  REQUIRE_FALSE(events.empty());
  return events.back();
}

std::string header(unsigned type, unsigned flags, std::uint64_t length) {
  return raw_number(type, 1) + raw_number(flags, 1) + raw_number(length, 4);
}

const std::string kFlow = data(0, "hello") + encode_record(ContentHole{5, 7}) + data(12, "x") +
                          encode_record(BlockList{.first = 0, .hashes = {test::sample_hash()}}) +
                          encode_record(ContentEnd{.size = 13});

}  // namespace

TEST_CASE("records arrive in any pieces") {
  const std::vector<std::string> events = {"data 0 hello", "hole 5+7", "data 12 x", "blocks 0+1",
                                           "end 13"};
  for (std::size_t piece = 1; piece <= kFlow.size(); ++piece) {
    CHECK(read_all(kFlow, piece) == events);
  }
}

TEST_CASE("a flow that is cut off within a record is known to be") {
  std::size_t whole = 0;
  for (std::size_t size = 1; size <= kFlow.size(); ++size) {
    const auto events = read_all(kFlow.substr(0, size), size);
    const bool is_whole = events.empty() || events.back() != "cut";
    if (is_whole) ++whole;
  }
  CHECK(whole == 5);
}

TEST_CASE("bytes of DATA are not kept, and not copied") {
  ContentReader reader;
  const std::string bytes = data(0, "hello");
  Bytes input = as_bytes(bytes);
  const auto event = reader.take(input);
  REQUIRE(event);
  const Bytes taken = std::get<ContentData>(*event).bytes;
  CHECK(lies_within(taken, as_bytes(bytes)));
  CHECK(taken.size() == 5);
}

TEST_CASE("a record over its limit is refused at its header") {
  CHECK(fault_of(header(1, 0, kContentDataMax + 13)) == "fault: a record is too long");
  CHECK(fault_of(header(1, 0, 0xffffffff)) == "fault: a record is too long");
  for (const unsigned type : {2U, 3U, 4U}) {
    CHECK(fault_of(header(type, 0, kFileMessageMax)) == "cut");
    CHECK(fault_of(header(type, 0, kFileMessageMax + 1)) == "fault: a record is too long");
  }
}

TEST_CASE("DATA has 1 to 262,144 bytes, and as many as its record") {
  const std::string most(kContentDataMax, 'x');
  CHECK(read_all(data(0, most), 100'000) == std::vector<std::string>{"data 0 " + most});
  CHECK(fault_of(header(1, 0, 12) + raw_number(0, 8) + raw_number(0, 4)) ==
        "fault: DATA has a wrong length");
  CHECK(fault_of(header(1, 0, 13) + raw_number(0, 8) + raw_number(2, 4)) ==
        "fault: DATA has a wrong length");
  CHECK(fault_of(header(1, 0, 14) + raw_number(0, 8) + raw_number(1, 4)) ==
        "fault: DATA has a wrong length");
  CHECK(fault_of(header(1, 0, 0) + raw_number(0, 8) + raw_number(0xffffffff, 4)) ==
        "fault: DATA has a wrong length");
  CHECK(fault_of(header(1, 0, 13) + raw_number(std::uint64_t{1} << 63, 8) + raw_number(1, 4)) ==
        "fault: DATA has a size that is too large");
}

TEST_CASE("T22: compressed DATA is not supported") {
  ContentReader reader;
  const std::string bytes = header(1, 1, 13) + raw_number(0, 8) + raw_number(1, 4) + "x";
  Bytes input = as_bytes(bytes);
  const auto event = reader.take(input);
  REQUIRE_FALSE(event);
  CHECK(event.error().code == ResetCode::unsupported);
}

TEST_CASE("unknown types and flags are refused at the header") {
  for (const unsigned type : {0U, 5U, 0x80U, 0xffU}) {
    CHECK(fault_of(header(type, 0, 0)) == "fault: a record has an unknown type");
  }
  CHECK(fault_of(header(1, 2, 13)) == "fault: a record has an unknown flag");
  CHECK(fault_of(header(1, 3, 13)) == "fault: a record has an unknown flag");
  for (const unsigned type : {2U, 3U, 4U}) {
    CHECK(fault_of(header(type, 1, 8)) == "fault: a record has an unknown flag");
  }
}

TEST_CASE("T22: a record with bytes after its end is malformed") {
  CHECK(fault_of(header(2, 0, 17) + raw_number(0, 8) + raw_number(1, 8) + "x") ==
        "fault: HOLE has bytes after its end");
  CHECK(fault_of(header(4, 0, 27) + std::string(27, '\0')) == "fault: END has bytes after its end");
  CHECK(fault_of(header(3, 0, 11) + std::string(11, '\0')) == "fault: BLOCKS has a wrong size");
}

}  // namespace hotline::services::content_reader_test
