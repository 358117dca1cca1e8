#include "services/command_answer.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/hex.h"

namespace hotline::services::command_answer_test {
namespace {

using namespace std::chrono_literals;
using test::raw_field;
using test::raw_number;

const std::string kJob = raw_field(0x8d, std::string(16, 'j'));

CommandAnswer full_answer() {
  return {.job = test::sample_job(),
          .pid = 4'242,
          .started = std::chrono::system_clock::time_point(1'800'000'000'123'456'789ns),
          .is_repeated = true,
          .output_offset = 1,
          .error_offset = ~std::uint64_t{0},
          .has_terminal = true,
          .input_offset = 0,
          .keep = 1h};
}

CommandFault fault_of(std::string_view bytes) {
  const auto answer = decode_answer(as_bytes(bytes));
  REQUIRE_FALSE(answer);
  return answer.error();
}

}  // namespace

TEST_CASE("every answer is decoded to what was encoded") {
  for (const CommandAnswer& each : {full_answer(), CommandAnswer{.job = test::sample_job()}}) {
    const auto decoded = decode_answer(as_bytes(encode_answer(each)));
    REQUIRE(decoded);
    CHECK(*decoded == each);
  }
}

TEST_CASE("the shortest answer is the job") {
  CHECK(encode_answer({.job = test::sample_job()}) ==
        test::from_hex("8d00000010a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"));
}

TEST_CASE("an answer without a job is malformed") {
  CHECK(fault_of("").text == "the answer names no job");
  CHECK(fault_of(raw_field(0x02, "abcd")).text == "the answer names no job");
}

TEST_CASE("each field of an answer appears once and has its size") {
  struct Case {
    unsigned tag;
    std::size_t size;
  };
  for (const auto [tag, size] :
       {Case{0x8d, 16}, Case{0x02, 4}, Case{0x03, 8}, Case{0x92, 0}, Case{0x8e, 8}, Case{0x8f, 8},
        Case{0x90, 8}, Case{0x8a, 8}, Case{0x10, 0}}) {
    CAPTURE(tag);
    const std::string field = raw_field(tag, std::string(size, '\0'));
    CHECK(decode_answer(as_bytes(tag == 0x8d ? kJob : kJob + field)).has_value());
    CHECK(fault_of(kJob + field + field).text.ends_with("appears twice"));
    CHECK(fault_of(raw_field(tag, std::string(size + 1, '\0'))).text.ends_with("has a wrong size"));
  }
}

TEST_CASE("an answer that is cut off is malformed or another one, at every byte") {
  const std::string bytes = encode_answer(full_answer());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode_answer(as_bytes(std::string_view(bytes).substr(0, size)));
    if (decoded) CHECK(*decoded != full_answer());
  }
}

TEST_CASE("a field of requests is not supported in an answer unless it may be skipped") {
  CHECK(fault_of(kJob + raw_field(0x81, "a")).code == ResetCode::unsupported);
  CHECK(decode_answer(as_bytes(kJob + raw_field(0x01, "a"))).has_value());
}

}  // namespace hotline::services::command_answer_test
