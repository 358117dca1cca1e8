#include "cli/host_file.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "hotline/core/ascii.h"

namespace hotline::cli {
namespace {

/// With the number and StagedFile::kPartial after it, a name has at most 255 bytes.
constexpr std::size_t kNameBytesMax = 200;

bool is_safe(char character) {
  return is_ascii_alphanumeric(character) || std::string_view("@:[].-_%+").contains(character);
}

std::string_view without_scheme(std::string_view uri) {
  uri = uri.substr(0, uri.find('?'));
  const std::size_t colon = uri.find(':');
  if (colon != uri.npos) uri.remove_prefix(colon + 1);
  return uri.substr(std::min(uri.find_first_not_of('/'), uri.size()));
}

std::string file_name(std::string_view uri) {
  std::string name(without_scheme(uri).substr(0, kNameBytesMax));
  std::ranges::replace_if(
      name, [](char each) { return !is_safe(each); }, '_');
  if (name.empty()) return "endpoint";
  // It must not look like an option, be hidden, or be the directory or the one above it.
  if (name.front() == '.' || name.front() == '-') name.front() = '_';
  return name;
}

/// Names that are taken, without regard to the case of letters.
class TakenNames {
 public:
  bool take(const std::string& name) {
    const std::string key = lower(name);
    const std::string partial = key + std::string(StagedFile::kPartial);
    if (taken_.contains(key) || taken_.contains(partial)) return false;
    taken_.insert({key, partial});
    return true;
  }

 private:
  static std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char each) {
      return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
    });
    return text;
  }

  std::set<std::string> taken_;
};

}  // namespace

std::vector<std::string> host_file_names(std::span<const std::string> hosts) {
  TakenNames taken;
  std::vector<std::string> names;
  for (const std::string& host : hosts) {
    const std::string wanted = file_name(host);
    std::string name = wanted;
    for (std::size_t number = 1; !taken.take(name); ++number) {
      name = wanted + "." + std::to_string(number);
    }
    names.push_back(std::move(name));
  }
  return names;
}

JsonLine json_of_file(const HostFile& file) {
  JsonLine object;
  object.add("bytes", static_cast<std::int64_t>(file.bytes));
  object.add("file", file.path);
  object.add_flag("complete", file.end == OutputEnd::complete);
  return object;
}

Result<void> FiledOutput::open() {
  auto made = StagedFile::make(path_);
  if (!made) return fail(std::move(made.error()));
  staged_ = std::move(*made);
  return {};
}

Result<void> FiledOutput::finish(OutputEnd end) {
  Result<void> published;
  if (end == OutputEnd::complete) published = staged_->publish();
  const OutputEnd kept = published ? end : OutputEnd::partial;
  if (kept == OutputEnd::complete || staged_->size() > 0) {
    file_ = HostFile{staged_->path(), staged_->size(), kept};
  }
  return published;
}

}  // namespace hotline::cli
