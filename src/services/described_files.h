#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/core/result.h"
#include "services/toml_directory.h"

namespace hotline::services {

/// The things of one kind that files describe: NAME.toml each. `Described` has a `name`; `parse`
/// and `format` are from and to the text of its file. One fiber at a time; the calls suspend it.
template <typename Described, Result<Described> (*parse)(std::string_view, std::string_view),
          std::string (*format)(const Described&)>
class DescribedFiles {
 public:
  explicit DescribedFiles(Directory directory) : files_(std::move(directory)) {}

  /// Reads all files. What has a file that cannot be read stays as it was; what has none any more
  /// is removed. Returns why files cannot be read.
  std::vector<Error> reload() {
    const auto names = files_.names();
    if (!names) return {names.error()};
    std::vector<Error> faults;
    for (const std::string& name : *names) {
      const auto text = files_.read(name);
      auto described = text ? parse(name, *text) : Result<Described>(fail(text.error()));
      if (described) {
        all_.insert_or_assign(name, *std::move(described));
      } else {
        faults.push_back(std::move(described.error()));
      }
    }
    std::erase_if(all_, [&](const auto& each) {
      return std::ranges::find(*names, each.first) == names->end();
    });
    return faults;
  }

  /// Returns null if there is none. As of the last reload() or save().
  const Described* find(std::string_view name) const {
    const auto found = all_.find(name);
    return found == all_.end() ? nullptr : &found->second;
  }

  /// Returns all of them, by their names.
  const std::map<std::string, Described, std::less<>>& all() const { return all_; }

  /// Writes a file, in place of an older one, durably. Fails for a name that is none.
  Result<void> save(const Described& described) {
    auto saved = files_.write(described.name, format(described));
    if (saved) all_.insert_or_assign(described.name, described);
    return saved;
  }

  /// Removes a file, and nothing else. Fails with `not_found`.
  Result<void> remove(std::string_view name) {
    auto removed = files_.remove(name);
    if (removed) all_.erase(std::string(name));
    return removed;
  }

 private:
  TomlDirectory files_;
  std::map<std::string, Described, std::less<>> all_{};
};

}  // namespace hotline::services
