#include "auth/key_file.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::auth::key_file_test {
namespace {

constexpr char kServerId[] = "00112233445566778899aabbccddeeff";
constexpr char kTime[] = "2026-11-27T02:20:53Z";
const std::string kPath = "/keys/callers";

KeyFile file_of(KeyList list, const std::vector<std::string>& names) {
  KeyFile file;
  file.list = list;
  if (list == KeyList::callers) file.server_id = kServerId;
  for (const std::string& each : names) {
    file.records.push_back({list, Key::random(kServerId, each), kTime});
  }
  return file;
}

std::string text_of(const KeyFile& file) { return std::string(as_text(file.format().bytes())); }

std::string line_of(const Key& key) { return std::string(as_text(key.to_line().bytes())); }

Result<KeyFile> parse(const std::string& text, KeyList list = KeyList::callers) {
  return KeyFile::parse(as_bytes(text), list, kPath);
}

/// Returns where and why a text is refused: `2: reason`.
std::string refusal_of(const std::string& text, KeyList list = KeyList::callers) {
  const auto file = parse(text, list);
  if (file) return "accepted";
  CHECK_FALSE(file.error().hint().empty());
  REQUIRE(file.error().endpoint.starts_with(kPath + ":"));
  return file.error().endpoint.substr(kPath.size() + 1) + ": " + file.error().detail;
}

const std::string kHeader = std::string("hotline-keys-1 callers ") + kServerId + "\n";

}  // namespace

TEST_CASE("a file is a header, a line for each key and the number of keys") {
  const KeyFile file = file_of(KeyList::callers, {"alice", "bob"});
  CHECK(text_of(file) == kHeader + line_of(file.records[0].key) + " " + kTime + "\n" +
                             line_of(file.records[1].key) + " " + kTime + "\nend 2\n");
  CHECK(text_of(file_of(KeyList::credentials, {})) == "hotline-keys-1 credentials\nend 0\n");
}

TEST_CASE("a file is read as it was written") {
  for (const KeyList list : {KeyList::callers, KeyList::credentials}) {
    for (const auto& names : std::vector<std::vector<std::string>>{{}, {"a"}, {"a", "b", "c"}}) {
      const KeyFile file = file_of(list, names);
      const auto read = parse(text_of(file), list);
      REQUIRE(read);
      CHECK(read->list == list);
      CHECK(read->server_id == file.server_id);
      CHECK((read->records == file.records));
    }
  }
}

TEST_CASE("a file that is cut off anywhere is refused") {
  const std::string text = text_of(file_of(KeyList::callers, {"alice", "bob"}));
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(parse(text.substr(0, size)));
  }
  CHECK(refusal_of("") == "1: the file is cut off here");
  CHECK(refusal_of(kHeader) == "2: the file is cut off here");
  CHECK(refusal_of(text.substr(0, text.size() - 1)) == "4: the file is cut off here");
}

TEST_CASE("a file with any one character changed is refused, or says another time") {
  const std::string text = text_of(file_of(KeyList::callers, {"a"}));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char other : {'7', 'q', ':', ' ', '\n', '\0'}) {
      if (text[i] == other) continue;
      std::string changed = text;
      changed[i] = other;
      CAPTURE(changed);
      const auto read = parse(changed);
      const bool is_other_time = read && read->records.front().created != kTime;
      CHECK((!read || is_other_time));
    }
  }
}

TEST_CASE("an error names the line and what is wrong in it") {
  const KeyFile file = file_of(KeyList::callers, {"alice"});
  const std::string line = line_of(file.records.front().key);
  const auto with_line = [](const std::string& text) { return kHeader + text + "\nend 1\n"; };
  CHECK(refusal_of("hello\n") == "1: this is not a file of keys");
  CHECK(refusal_of("hotline-keys-1 credentials\nend 0\n") == "1: this is not the list of callers");
  CHECK(refusal_of("hotline-keys-1 callers 0011\nend 0\n") ==
        "1: what follows the name of the list is wrong");
  CHECK(refusal_of("hotline-keys-1 callers\nend 0\n") ==
        "1: what follows the name of the list is wrong");
  CHECK(refusal_of("hotline-keys-1 credentials x\nend 0\n", KeyList::credentials) ==
        "1: what follows the name of the list is wrong");
  CHECK(refusal_of(with_line("hello " + std::string(kTime))) ==
        "2: the text is not the line of a key");
  CHECK(refusal_of(with_line("")) == "2: there is none");
  CHECK(refusal_of(with_line(line)) == "2: the time after the key is wrong");
  CHECK(refusal_of(with_line(line + " yesterday")) == "2: the time after the key is wrong");
  CHECK(refusal_of(with_line(line + " " + kTime + " ")) == "2: the time after the key is wrong");
  CHECK(refusal_of(with_line(line.substr(0, 80) + " " + kTime)) ==
        "2: the line is cut off: it has 4 of 5 parts");
  const std::string whole = line + " " + kTime;
  CHECK(refusal_of(kHeader + whole + "\n" + whole + "\nend 2\n") ==
        "3: the key 'alice' is there twice");
  CHECK(refusal_of(kHeader + whole + "\nend 2\n") ==
        "3: the last line does not say 1, the number of keys");
  CHECK(refusal_of(kHeader + whole + "\nend 01\n") ==
        "3: the last line does not say 1, the number of keys");
  CHECK(refusal_of(kHeader + "end 0\n\n") == "3: there is more after the last line");
}

TEST_CASE("a caller's key for another server is refused, but a credential for any is not") {
  const std::string other = line_of(Key::random(Key::random_server_id(), "bob")) + " " + kTime;
  CHECK(refusal_of(kHeader + other + "\nend 1\n") == "2: the key 'bob' is for another server");
  CHECK(parse("hotline-keys-1 credentials\n" + other + "\nend 1\n", KeyList::credentials));
}

TEST_CASE("one name may be known to several servers") {
  KeyFile file = file_of(KeyList::credentials, {"alice"});
  file.records.push_back(
      {KeyList::credentials, Key::random(Key::random_server_id(), "alice"), kTime});
  CHECK(parse(text_of(file), KeyList::credentials));
}

TEST_CASE("a file or key of another version is unsupported") {
  CHECK(test::kind_of(parse("hotline-keys-2 callers\nend 0\n")) == "unsupported");
  CHECK(refusal_of("hotline-keys-\x1b callers\n") ==
        "1: the file is of version \\x1b, and version 1 is known here");
  const auto file = parse(kHeader + "hotline-key-2:x " + kTime + "\nend 1\n");
  CHECK(test::kind_of(file) == "unsupported");
}

TEST_CASE("ten thousand keys fit into a file, and one more is refused") {
  std::string text = "hotline-keys-1 credentials\n";
  for (std::size_t i = 0; i <= KeyFile::kKeysMax; ++i) {
    if (i == KeyFile::kKeysMax) {
      const std::string full = text + "end 10000\n";
      CHECK(full.size() < KeyFile::kBytesMax);
      CHECK(parse(full, KeyList::credentials)->records.size() == KeyFile::kKeysMax);
    }
    text += line_of(Key::random(kServerId, "n" + std::to_string(i))) + " " + kTime + "\n";
  }
  CHECK(refusal_of(text + "end 10001\n", KeyList::credentials) ==
        "10002: there are more than 10000 keys");
}

}  // namespace hotline::auth::key_file_test
