#include "hotline/auth/key.h"

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::key_test {
namespace {

constexpr char kServerId[] = "00112233445566778899aabbccddeeff";
constexpr char kLine[] =
    "hotline-key-1:00112233445566778899aabbccddeeff:alice:"
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8:p9gVXRp0";

Key counting_key() {
  Key key{kServerId, "alice", Secret(Key::kSecretBytes)};
  for (std::size_t i = 0; i < Key::kSecretBytes; ++i) key.secret.fill()[i] = std::byte(i);
  return key;
}

std::string line_of(const Key& key) { return std::string(as_text(key.to_line().bytes())); }

std::string detail_of(std::string_view line) {
  const auto key = Key::parse(line);
  return key ? "accepted" : key.error().detail;
}

std::string with(std::string part, const std::string& replacement) {
  std::string line = kLine;
  return line.replace(line.find(part), part.size(), replacement);
}

}  // namespace

TEST_CASE("the line of a key is as documented, and gives the key back") {
  CHECK(line_of(counting_key()) == kLine);
  const auto parsed = Key::parse(kLine);
  REQUIRE(parsed);
  CHECK((*parsed == counting_key()));
}

TEST_CASE("blanks and ends of lines around a key are ignored") {
  for (const std::string around : {"\n", "\r\n", " ", "\t", " \r\n \n"}) {
    const auto parsed = Key::parse(around + kLine + around);
    REQUIRE(parsed);
    CHECK((*parsed == counting_key()));
  }
}

TEST_CASE("random keys are all different and read as they were written") {
  std::set<std::string> lines;
  for (int i = 0; i < 100; ++i) {
    const Key key = Key::random(Key::random_server_id(), std::string(64, 'x'));
    CHECK(Key::is_server_id(key.server_id));
    const std::string line = line_of(key);
    CHECK(line.size() == Key::kLineBytesMax);
    const auto parsed = Key::parse(line);
    REQUIRE(parsed);
    CHECK((*parsed == key));
    lines.insert(line.substr(line.size() - 52, 43));
  }
  CHECK(lines.size() == 100);
}

TEST_CASE("a line that is cut off anywhere is refused, and the error says so") {
  const std::string line = kLine;
  for (std::size_t size = 0; size < line.size(); ++size) {
    CAPTURE(size);
    const auto key = Key::parse(line.substr(0, size));
    REQUIRE_FALSE(key);
    CHECK_FALSE(key.error().hint().empty());
    if (size > std::string("hotline-key-").size()) {
      CHECK(key.error().detail.starts_with("the line is cut off: "));
    }
  }
  CHECK(detail_of("hotline-key-1") == "the line is cut off: it has 1 of 5 parts");
  CHECK(detail_of(line.substr(0, 60)) == "the line is cut off: it has 4 of 5 parts");
  CHECK(detail_of(line.substr(0, line.size() - 1)) == "the line is cut off: its checksum is short");
}

TEST_CASE("a line with any one character changed is refused") {
  for (std::size_t i = 0; i < sizeof kLine - 1; ++i) {
    for (const char other : std::string("aA0_:-. \n\0\xff", 11)) {
      std::string line = kLine;
      if (line[i] == other) continue;
      line[i] = other;
      CAPTURE(line);
      // A blank at an end is ignored, so that the line is cut off.
      CHECK_FALSE(Key::parse(line));
    }
  }
}

TEST_CASE("the error says which part of a line is wrong") {
  CHECK(detail_of("") == "there is none");
  CHECK(detail_of(" \n") == "there is none");
  CHECK(detail_of("hello") == "the text is not the line of a key");
  CHECK(detail_of("hotline-key-:") == "the text is not the line of a key");
  CHECK(detail_of("hotline-key-x:") == "the text is not the line of a key");
  CHECK(detail_of("hotline-key-1x:") == "the text is not the line of a key");
  CHECK(detail_of("hotline-key-99999999999:") == "the text is not the line of a key");
  CHECK(detail_of(std::string(kLine) + ":") == "the line has 6 parts instead of 5");
  CHECK(detail_of(with("00112", "0011")) == "the server id is not 32 hexadecimal digits");
  CHECK(detail_of(with("00112", "0011G")) == "the server id is not 32 hexadecimal digits");
  CHECK(detail_of(with("aabb", "AABB")) == "the server id is not 32 hexadecimal digits");
  CHECK(detail_of(with("alice", "")) == "the name is wrong: it is empty");
  CHECK(detail_of(with("alice", ".alice")) == "the name is wrong: it begins with a dot");
  CHECK(detail_of(with("alice", "a/b")) ==
        "the name is wrong: it has a character that names may not have");
  CHECK(detail_of(with("alice", std::string(65, 'x'))) ==
        "the name is wrong: it is longer than 64 bytes");
  CHECK(detail_of(with("AAEC", "AAE")) == "the secret has 42 characters instead of 43");
  CHECK(detail_of(with("AAEC", "AA+C")) ==
        "character 3 of the secret is not a letter, a digit, - or _");
  CHECK(detail_of(with("alice", "alicf")) == "its checksum does not match");
  CHECK(detail_of(std::string(kLine) + "x") == "its checksum does not match");
}

TEST_CASE("a secret whose last character has bits too many is refused in spite of its checksum") {
  CHECK(detail_of("hotline-key-1:00112233445566778899aabbccddeeff:alice:"
                  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9:DdHSs3ZR") ==
        "the last character of the secret is not one that can be there");
}

TEST_CASE("a line of another version is unsupported, and the error names the versions") {
  const auto key = Key::parse(with("key-1", "key-2"));
  CHECK(test::kind_of(key) == "unsupported");
  CHECK(key.error().message() ==
        "cannot take the key: its version is 2, and version 1 is known here");
}

TEST_CASE("no error contains a part of the secret") {
  for (const std::string& line :
       {with("alice:", ""), with("alice", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8/"),
        with("p9gVXRp0", "AAECAwQF"), with("key-1", "key-2")}) {
    const auto key = Key::parse(line);
    REQUIRE_FALSE(key);
    CHECK_FALSE((key.error().message() + key.error().hint()).contains("AAEC"));
  }
}

TEST_CASE("names are letters, digits, dots, underscores and dashes, 1 to 64 of them") {
  for (const std::string& name :
       {std::string("a"), std::string("A.b_c-9"), std::string("-"), std::string(64, '0'),
        std::string("Any"), std::string("owners")}) {
    CHECK(Key::check_name(name));
  }
  for (const std::string& name :
       {std::string(), std::string(65, 'a'), std::string("."), std::string(".."),
        std::string("a b"), std::string("a:b"), std::string("a/b"), std::string("a\n"),
        std::string("\xc3\xa4"), std::string("a\0", 2), std::string("*"), std::string("a|b"),
        std::string("any"), std::string("owner")}) {
    CAPTURE(name);
    const auto checked = Key::check_name(name);
    CHECK(test::kind_of(checked) == "invalid_argument");
    CHECK(checked.error().hint().contains("1 to 64"));
  }
}

}  // namespace hotline::key_test
