#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "hotline/engine/directory.h"
#include "support/temporary_directory.h"

namespace hotline::test {

/// Returns bytes that differ by their place.
inline std::string placed_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 253);
  return bytes;
}

/// A file on the disk, and the same file for writing.
class DiskSample {
 public:
  explicit DiskSample(std::string_view content) {
    std::ofstream(path(), std::ios::binary) << content;
  }

  std::string path() const { return folder_.file("sample"); }

  DiskFile open() const {
    auto folder = Directory::open(folder_.path());
    REQUIRE(folder);
    auto file = folder->open_for_writing("sample");
    REQUIRE(file);
    return std::move(*file);
  }

 private:
  TemporaryDirectory folder_;
};

}  // namespace hotline::test
