#include "engine/close_descriptors.h"

#include <dirent.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>
#include <vector>

namespace hotline::engine {
namespace {

/// Returns false if /proc is not available.
bool close_listed(unsigned first, unsigned last) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), ::closedir);
  if (!directory) return false;
  const auto own = static_cast<unsigned>(::dirfd(directory.get()));
  std::vector<unsigned> open;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    unsigned fd = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), fd);
    const bool is_number = parsed.ec == std::errc{};
    if (is_number && fd >= first && fd <= last && fd != own) open.push_back(fd);
  }
  for (const unsigned fd : open) ::close(static_cast<int>(fd));
  return true;
}

}  // namespace

void close_descriptors(unsigned first, unsigned last) {
  if (::close_range(first, last, 0) == 0 || close_listed(first, last)) return;
  last = std::min(last, static_cast<unsigned>(::sysconf(_SC_OPEN_MAX)));
  for (unsigned fd = first; fd <= last; ++fd) ::close(static_cast<int>(fd));
}

}  // namespace hotline::engine
