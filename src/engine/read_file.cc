#include "hotline/engine/read_file.h"

#include <utility>

#include "engine/regular_file.h"
#include "hotline/core/bytes.h"

namespace hotline {

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  std::string bytes(bytes_max + 1, '\0');
  auto size = engine::read_regular_file(path, as_writable_bytes(bytes), nullptr);
  if (!size) return fail(std::move(size.error()));
  bytes.resize(*size);
  return bytes;
}

}  // namespace hotline
