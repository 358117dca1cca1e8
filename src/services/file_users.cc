#include "services/file_users.h"

#include <algorithm>

namespace hotline::services {

const FileUser* FileUsers::find_uid(std::uint32_t uid) const {
  const auto found =
      std::ranges::find_if(all(), [uid](const auto& each) { return each.second.uid == uid; });
  return found == all().end() ? nullptr : &found->second;
}

}  // namespace hotline::services
