#include "hotline/services/job_id.h"

#include "hotline/core/ascii.h"
#include "hotline/core/bytes.h"
#include "hotline/core/hex.h"

namespace hotline {
namespace {

/// Returns -1 if `c` is not a hexadecimal digit.
int digit_of_job_id(char c) {
  if (is_ascii_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string JobId::text() const { return to_hex(Bytes(bytes)); }

std::optional<JobId> JobId::parse(std::string_view text) {
  if (text.size() != 2 * kBytes) return std::nullopt;
  JobId id;
  for (std::size_t i = 0; i < kBytes; ++i) {
    const int high = digit_of_job_id(text[2 * i]);
    const int low = digit_of_job_id(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<std::byte>(high * 16 + low);
  }
  return id;
}

}  // namespace hotline
