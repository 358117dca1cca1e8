#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

// An endless text of upper-case and lower-case letters, other ASCII, UTF-8 sequences and arbitrary
// bytes, and the same text as an upper-case server must return it. Positions are those of a byte
// stream, so that neighbouring messages differ.
class Text {
 public:
  // Any position can be read for `window_max` bytes.
  explicit Text(std::size_t window_max);

  const char* request(std::uint64_t position) const { return mixed_.data() + position % kPeriod; }
  const char* reply(std::uint64_t position) const { return upper_.data() + position % kPeriod; }

  // Throws Failure unless `received` is the reply to the text at `position`.
  void verify(const char* received, std::size_t size, std::uint64_t position) const;

  // Where connection number `index` starts in the text: not where its neighbours do.
  static std::uint64_t start(std::size_t index) { return index * 131 % kPeriod; }

 private:
  // A prime, so that messages of no usual size repeat after a few.
  static constexpr std::size_t kPeriod = 4093;

  std::string mixed_;
  std::string upper_;
};

}  // namespace bench
