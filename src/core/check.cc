#include "core/check.h"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace hotline {
namespace {

iovec piece_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

void stop_for_misuse(std::string_view sentence) noexcept {
  const std::array pieces{piece_of("hotline: "), piece_of(sentence), piece_of("\n")};
  [[maybe_unused]] const ssize_t written =
      ::writev(STDERR_FILENO, pieces.data(), static_cast<int>(pieces.size()));
  std::abort();
}

}  // namespace hotline
