#include "services/command_places.h"

namespace hotline::services {

std::optional<CommandPlaces::Place> CommandPlaces::take(std::string_view caller) {
  const std::lock_guard lock(mutex_);
  if (all_ >= all_max_) return std::nullopt;
  std::size_t& count = each_[std::string(caller)];
  if (count >= each_max_) return std::nullopt;
  ++count;
  ++all_;
  return Place(*this, std::string(caller));
}

void CommandPlaces::give_back(const std::string& caller) {
  const std::lock_guard lock(mutex_);
  --all_;
  const auto found = each_.find(caller);
  if (--found->second == 0) each_.erase(found);
}

}  // namespace hotline::services
