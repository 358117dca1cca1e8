#include "services/command_places.h"

namespace hotline::services {

std::expected<CommandPlaces::Place, FullLimit> CommandPlaces::take(std::string_view caller) {
  std::string name(caller);
  const std::lock_guard lock(mutex_);
  const auto found = each_.find(name);
  if (found != each_.end() && found->second >= each_max_) {
    return std::unexpected(FullLimit::of_each);
  }
  if (all_ >= all_max_) return std::unexpected(FullLimit::of_all);
  ++(found == each_.end() ? each_[name] : found->second);
  ++all_;
  return Place(*this, std::move(name));
}

void CommandPlaces::give_back(const std::string& caller) {
  const std::lock_guard lock(mutex_);
  --all_;
  const auto found = each_.find(caller);
  if (--found->second == 0) each_.erase(found);
}

}  // namespace hotline::services
