#include "hotline/engine/read_file.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "engine/regular_file.h"
#include "hotline/core/bytes.h"

namespace hotline {

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  // Not filled: most files are much smaller than the largest may be.
  const auto room = std::make_unique_for_overwrite<std::byte[]>(bytes_max + 1);
  auto size = engine::read_regular_file(path, {room.get(), bytes_max + 1}, nullptr);
  if (!size) return fail(std::move(size.error()));
  return std::string(as_text(Bytes(room.get(), *size)));
}

}  // namespace hotline
