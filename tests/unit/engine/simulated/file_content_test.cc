#include "engine/simulated/file_content.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace hotline::engine::file_content_test {
namespace {

constexpr std::size_t kBlock = FileContent::kBlockBytes;

std::string all_of(const FileContent& content) {
  std::string text(content.size(), '?');
  CHECK(content.read(0, as_writable_bytes(text)) == text.size());
  return text;
}

/// A file that has `text` on the disk.
FileContent synced(const std::string& text) {
  FileContent content;
  content.write(0, as_bytes(text));
  content.sync();
  return content;
}

/// Returns the contents that power cuts leave of `content`.
std::set<std::string> after_cuts(const FileContent& content) {
  std::set<std::string> found;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    FileContent copy = content;
    Chance chance(seed);
    copy.cut_power(chance);
    found.insert(all_of(copy));
  }
  return found;
}

}  // namespace

TEST_CASE("what was written is read, with zeros between") {
  FileContent content;
  content.write(3, as_bytes("abc"));
  CHECK(all_of(content) == std::string("\0\0\0abc", 6));
  std::string text(2, '?');
  CHECK(content.read(4, as_writable_bytes(text)) == 2);
  CHECK(text == "bc");
  CHECK(content.read(6, as_writable_bytes(text)) == 0);
  content.resize(4);
  content.resize(6);
  CHECK(all_of(content) == std::string("\0\0\0a\0\0", 6));
  content.write(99, {});
  CHECK(content.size() == 6);
}

TEST_CASE("a power cut leaves everything, nothing, or zeros of what was not synced") {
  FileContent content;
  content.write(0, as_bytes("new"));
  CHECK(after_cuts(content) == std::set<std::string>{"", "new", std::string(3, '\0')});
}

TEST_CASE("what was synced survives every power cut") {
  CHECK(after_cuts(synced("old")) == std::set<std::string>{"old"});
}

TEST_CASE("a power cut leaves any of the blocks that were not synced") {
  FileContent content = synced(std::string(2 * kBlock, 'o'));
  content.write(0, as_bytes(std::string(2 * kBlock, 'n')));
  const std::string o(kBlock, 'o');
  const std::string n(kBlock, 'n');
  CHECK(after_cuts(content) == std::set<std::string>{o + o, o + n, n + o, n + n});
}

TEST_CASE("an earlier write may be left when a later one is not") {
  FileContent content = synced("0");
  content.write(0, as_bytes("1"));
  content.write(0, as_bytes("2"));
  CHECK(after_cuts(content) == std::set<std::string>{"0", "1", "2"});
}

TEST_CASE("sizes are left in their order") {
  FileContent content = synced("abcd");
  content.resize(1);
  content.resize(3);
  const std::set<std::string> expected{"abcd", "a", std::string("a\0\0", 3)};
  CHECK(after_cuts(content) == expected);
}

TEST_CASE("a failed sync loses writes, and the next one does not bring them back") {
  bool has_lost = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    FileContent content = synced("old");
    content.write(0, as_bytes("new"));
    Chance chance(seed);
    content.fail_sync(chance);
    CHECK(all_of(content) == "new");
    content.sync();
    content.cut_power(chance);
    has_lost = has_lost || all_of(content) == "old";
    CHECK((all_of(content) == "old" || all_of(content) == "new"));
  }
  CHECK(has_lost);
}

TEST_CASE("a bit that flips does so on the disk too") {
  FileContent content = synced("abc");
  Chance chance(1);
  content.flip_bit(chance);
  const std::string flipped = all_of(content);
  CHECK(flipped.size() == 3);
  CHECK(flipped != "abc");
  content.cut_power(chance);
  CHECK(all_of(content) == flipped);
}

TEST_CASE("blocks of zeros are holes") {
  FileContent content;
  content.write(2 * kBlock, as_bytes("x"));
  content.resize(5 * kBlock);
  CHECK(content.find_data(0) == 2 * kBlock);
  CHECK(content.find_data(2 * kBlock + 1) == 2 * kBlock + 1);
  CHECK(content.find_hole(2 * kBlock) == 3 * kBlock);
  CHECK(content.find_hole(0) == 0);
  CHECK(content.find_data(3 * kBlock) == 5 * kBlock);
}

}  // namespace hotline::engine::file_content_test
