#include "services/input_record.h"

#include <string>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::input_record_test {
namespace {

using services::InputMemory;
using services::InputRecord;
using services::kInputTailMax;
using services::OutputDigest;
using test::kind_of;

std::uint64_t digest_of(std::string_view text) {
  OutputDigest digest;
  digest.add(as_bytes(text));
  return digest.value();
}

TEST_CASE("on one stream both digests are those of all input") {
  InputRecord input(InputMemory::none);
  CHECK(input.is_level());
  CHECK(input.trailer() == services::InputTrailer{digest_of(""), digest_of("")});
  input.add(as_bytes("ab"));
  input.add(as_bytes("c"));
  CHECK(input.size() == 3);
  CHECK(input.unsent().empty());
  CHECK(input.is_level());
  CHECK(input.trailer() == services::InputTrailer{digest_of("abc"), digest_of("abc")});
}

TEST_CASE("input that begins where the server is carries all that is added") {
  InputRecord input(InputMemory::keeps_tail, InputBegin::next_byte);
  REQUIRE(input.begin(true, 100));
  CHECK(input.is_level());
  CHECK(input.skipped(7) == 0);
  input.add(as_bytes("abc"));
  CHECK(input.added() == 3);
  CHECK(input.size() == 103);
  CHECK(input.is_level());
  // The digest of the whole is not known.
  CHECK(input.trailer() == services::InputTrailer{digest_of("abc"), std::nullopt});
  // A later stream goes on as usual.
  REQUIRE(input.begin(true, 101));
  CHECK(as_text(input.unsent()) == "bc");
  CHECK_FALSE(input.begin(true, 99).has_value());
}

TEST_CASE("input that begins where the server is knows its digest if nothing was there") {
  InputRecord input(InputMemory::keeps_tail, InputBegin::next_byte);
  REQUIRE(input.begin(true, 0));
  input.add(as_bytes("abc"));
  CHECK(input.trailer() == services::InputTrailer{digest_of("abc"), digest_of("abc")});
}

TEST_CASE("a later stream carries again what the server has not got") {
  InputRecord input(InputMemory::keeps_tail);
  input.add(as_bytes("0123456789"));
  REQUIRE(input.begin(true, 4));
  CHECK_FALSE(input.is_level());
  CHECK(as_text(input.unsent()) == "456789");
  input.note_sent(2);
  CHECK(as_text(input.unsent()) == "6789");
  input.note_sent(4);
  CHECK(input.is_level());
  input.add(as_bytes("ab"));
  CHECK(input.trailer() ==
        services::InputTrailer{digest_of("456789ab"), digest_of("0123456789ab")});
  // Once more, with nothing missing, and with everything missing.
  REQUIRE(input.begin(true, 12));
  CHECK(input.unsent().empty());
  CHECK(input.trailer() == services::InputTrailer{digest_of(""), digest_of("0123456789ab")});
  REQUIRE(input.begin(true, 0));
  CHECK(as_text(input.unsent()) == "0123456789ab");
}

TEST_CASE("input that the server has already is counted, and not sent") {
  InputRecord input(InputMemory::none);
  REQUIRE(input.begin(true, 5));
  CHECK_FALSE(input.is_level());
  CHECK(input.skipped(3) == 3);
  CHECK(input.skipped(100) == 5);
  input.add(as_bytes("012"));
  CHECK(input.skipped(100) == 2);
  input.add(as_bytes("34"));
  CHECK(input.is_level());
  CHECK(input.skipped(100) == 0);
  input.add(as_bytes("56"));
  CHECK(input.trailer() == services::InputTrailer{digest_of("56"), digest_of("0123456")});
}

TEST_CASE("a stream that takes no input carries none") {
  InputRecord input(InputMemory::keeps_tail);
  input.add(as_bytes("abc"));
  REQUIRE(input.begin(false, 0));
  CHECK(input.is_level());
  CHECK(input.unsent().empty());
  CHECK(input.skipped(7) == 7);
  input.add(as_bytes("def"));
  CHECK(input.size() == 6);
  CHECK(input.trailer() == services::InputTrailer{digest_of(""), digest_of("")});
}

TEST_CASE("the tail that is kept is bounded, and what is older cannot be sent again") {
  InputRecord input(InputMemory::keeps_tail);
  const std::string piece(kInputTailMax / 4, 'x');
  for (int i = 0; i < 12; ++i) input.add(as_bytes(piece));
  const std::uint64_t size = 12 * piece.size();
  CHECK(input.begin(true, size - kInputTailMax));
  CHECK(input.unsent().size() == kInputTailMax);
  CHECK(input.begin(true, size));
  CHECK(kind_of(input.begin(true, size - 2 * kInputTailMax)) == "unsupported");
  CHECK(input.begin(false, 0));

  InputRecord forgetful(InputMemory::none);
  forgetful.add(as_bytes("abc"));
  CHECK(forgetful.begin(true, 3));
  CHECK(kind_of(forgetful.begin(true, 2)) == "unsupported");
}

}  // namespace
}  // namespace hotline::input_record_test
