#pragma once

#include <cstddef>

namespace floors {

// Turns the ASCII letters a-z among `size` bytes at `text` into A-Z, in place. Every other byte,
// those of UTF-8 sequences too, stays as it is.
inline void upper_ascii(char* text, std::size_t size) {
  constexpr std::size_t kBlock = 32;
  const auto upper = [](char letter) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool lower = static_cast<unsigned char>(byte - 'a') < 26;
    return static_cast<char>(byte ^ (lower ? 0x20 : 0));
  };
  std::size_t done = 0;
  // A trip count known beforehand is what lets -O2 vectorise.
  for (; done + kBlock <= size; done += kBlock)
    for (std::size_t i = 0; i < kBlock; ++i) text[done + i] = upper(text[done + i]);
  for (; done < size; ++done) text[done] = upper(text[done]);
}

}  // namespace floors
