#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "auth/key_file.h"
#include "hotline/auth/key.h"

// Any text is the line of a key, or a file of keys, or an error of one line. What is read is
// written in the same way, apart from blanks around a line.

namespace {

using hotline::Key;
using hotline::KeyList;
using hotline::auth::KeyFile;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_refusal(const hotline::Error& error) {
  const std::string text = error.message() + error.hint();
  require(!error.hint().empty());
  for (const char c : text) require(c >= 0x20 && c < 0x7f);
}

void check_line(std::string_view text) {
  const auto key = Key::parse(text);
  if (!key) return check_refusal(key.error());
  const hotline::Secret line = key->to_line();
  require(text.contains(hotline::as_text(line.bytes())));
  const auto again = Key::parse(hotline::as_text(line.bytes()));
  require(again && *again == *key);
}

void check_file(std::string_view text, KeyList list) {
  const auto file = KeyFile::parse(hotline::as_bytes(text), list, "keys");
  if (!file) return check_refusal(file.error());
  require(hotline::as_text(file->format().bytes()) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_line(text);
  check_file(text, KeyList::callers);
  check_file(text, KeyList::credentials);
  return 0;
}
