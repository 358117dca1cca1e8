#include "engine/passed_descriptors.h"

#include <cstring>
#include <utility>

namespace hotline::engine {
namespace {

// Since Linux 6.5, with SO_PASSPIDFD; the headers of some C libraries lack it.
constexpr int kScmPidFd = 4;

bool carries_descriptors(const cmsghdr& control) {
  return control.cmsg_level == SOL_SOCKET &&
         (control.cmsg_type == SCM_RIGHTS || control.cmsg_type == kScmPidFd);
}

}  // namespace

std::size_t take_descriptors(const msghdr& message, std::span<UniqueFd> wanted) {
  // CMSG_NXTHDR takes a non-const pointer but only reads.
  msghdr view = message;
  std::size_t taken = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&view); control != nullptr;
       control = CMSG_NXTHDR(&view, control)) {
    if (!carries_descriptors(*control) || control->cmsg_len < CMSG_LEN(0)) continue;
    const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(control) + i * sizeof number, sizeof number);
      UniqueFd passed(number);
      if (taken < wanted.size()) wanted[taken++] = std::move(passed);
    }
  }
  return taken;
}

}  // namespace hotline::engine
