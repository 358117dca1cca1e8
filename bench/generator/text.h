#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "options.h"

namespace bench {

// An endless text of upper-case and lower-case letters, other ASCII, UTF-8 sequences and arbitrary
// bytes, and the same text as an upper-case server must return it. Positions are those of a byte
// stream, so that neighbouring messages differ. With a prefix, each message of the options' size
// begins with it.
class Text {
 public:
  // Any position can be read for `window_max` bytes.
  Text(const Options& options, std::size_t window_max);

  const char* request(std::uint64_t position) const { return mixed_.data() + position % period_; }
  const char* reply(std::uint64_t position) const { return upper_.data() + position % period_; }

  // Throws Failure unless `received` is the reply to the text at `position`.
  void verify(const char* received, std::size_t size, std::uint64_t position) const;

  // Where connection number `index` starts in the text: not where its neighbours do.
  std::uint64_t start(std::size_t index) const { return index * 131 * stride_ % period_; }

 private:
  void put_prefixes(std::string& text) const;

  std::size_t stride_;  // A message begins at each multiple.
  std::size_t period_;
  std::string mixed_;
  std::string upper_;
};

}  // namespace bench
