#include "cli/collected_output.h"

#include <string>

#include <doctest/doctest.h>

#include "support/environment_variable.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::cli::collected_output_test {
namespace {

constexpr std::size_t kPiece = CollectedOutput::kPieceBytes;

/// Returns bytes that repeat at no power of two.
std::string bytes(std::size_t count) {
  std::string text(count, '\0');
  for (std::size_t i = 0; i < count; ++i) text[i] = static_cast<char>(i % 251);
  return text;
}

CollectedOutput collected(std::string_view text, SharedSpill& spill, std::size_t step) {
  CollectedOutput output;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) {
    CHECK(output.append(as_bytes(text.substr(0, step)), spill));
  }
  return output;
}

TEST_CASE("all bytes come back, however they came and however many they are") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kPiece - 1, kPiece, kPiece + 1,
                                 2 * kPiece, 2 * kPiece + 1}) {
    CAPTURE(size);
    SharedSpill spill;
    const auto output = collected(bytes(size), spill, 1000);
    CHECK(output.size() == size);
    CHECK(output.text(spill).value() == bytes(size));
  }
}

TEST_CASE("equal outputs are equal, and have the same digest") {
  SharedSpill spill;
  const std::string text = bytes(3 * kPiece + 5);
  const auto first = collected(text, spill, 1000);
  const auto second = collected(text, spill, 100'000);
  CHECK(first.digest() == second.digest());
  CHECK(first.is_equal(second, spill).value());
  for (const std::size_t place : {std::size_t{0}, kPiece, 3 * kPiece + 4}) {
    std::string changed = text;
    changed[place] ^= 1;
    const auto other = collected(changed, spill, 1000);
    CHECK(first.digest() != other.digest());
    CHECK_FALSE(first.is_equal(other, spill).value());
  }
  CHECK_FALSE(first.is_equal(collected(text.substr(1), spill, 1000), spill).value());
}

TEST_CASE("pieces in another order are another output") {
  SharedSpill spill;
  const std::string a(kPiece, 'a');
  const std::string b(kPiece, 'b');
  const auto first = collected(a + b + "c", spill, 1000);
  CHECK_FALSE(first.is_equal(collected(b + a + "c", spill, 1000), spill).value());
}

TEST_CASE("outputs of several commands at once do not mix") {
  SharedSpill spill;
  CollectedOutput first;
  CollectedOutput second;
  for (int i = 0; i < 40; ++i) {
    REQUIRE(first.append(as_bytes(std::string(10'000, 'a')), spill));
    REQUIRE(second.append(as_bytes(std::string(10'000, 'b')), spill));
  }
  CHECK(first.text(spill).value() == std::string(400'000, 'a'));
  CHECK(second.text(spill).value() == std::string(400'000, 'b'));
}

TEST_CASE("a small output needs no file, and without one a large output is an error") {
  const test::TemporaryDirectory directory;
  const test::EnvironmentVariable elsewhere("TMPDIR", directory.file("absent").c_str());
  SharedSpill spill;
  CollectedOutput output;
  REQUIRE(output.append(as_bytes(bytes(kPiece)), spill));
  CHECK(output.text(spill).value() == bytes(kPiece));
  CHECK(test::kind_of(output.append(as_bytes("x"), spill)) == "not_found");
}

TEST_CASE("more than the limit is an error that says what to do") {
  SharedSpill spill;
  CollectedOutput output;
  CollectingOutput collecting(output, spill, 5);
  CHECK(collecting.open());
  CHECK(collecting.take(as_bytes("abc")));
  CHECK(collecting.take(as_bytes("de")));
  const auto excess = collecting.take(as_bytes("f"));
  REQUIRE_FALSE(excess);
  CHECK(excess.error().kind == ErrorKind::too_large);
  CHECK(excess.error().message() ==
        "cannot collect the output of the command: it is longer than 5 bytes; the command was "
        "killed");
  CHECK_FALSE(excess.error().hint().empty());
  CHECK(collecting.finish(OutputEnd::partial));
  CHECK(output.text(spill).value() == "abcde");
}

}  // namespace
}  // namespace hotline::cli::collected_output_test
