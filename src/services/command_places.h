#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace hotline::services {

/// Which limit leaves no place: that of all callers together, or that of each.
enum class FullLimit : bool { of_all, of_each };

/// How many commands run at once, of all callers and of each. Any thread.
class CommandPlaces {
 public:
  /// A place, given back by destruction. CommandPlaces must outlive it.
  class Place {
   public:
    Place(CommandPlaces& places, std::string caller)
        : places_(&places), caller_(std::move(caller)) {}
    Place(Place&& other) noexcept
        : places_(std::exchange(other.places_, nullptr)), caller_(std::move(other.caller_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (places_ != nullptr) places_->give_back(caller_);
    }

   private:
    CommandPlaces* places_;
    std::string caller_;
  };

  CommandPlaces(std::size_t all_max, std::size_t each_max)
      : all_max_(all_max), each_max_(each_max) {}

  /// Returns a place for a command of `caller`, or the limit that leaves none.
  std::expected<Place, FullLimit> take(std::string_view caller);

 private:
  void give_back(const std::string& caller);

  const std::size_t all_max_;
  const std::size_t each_max_;
  std::mutex mutex_;
  std::size_t all_ = 0;
  std::map<std::string, std::size_t, std::less<>> each_;
};

}  // namespace hotline::services
