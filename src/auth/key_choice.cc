#include "auth/key_choice.h"

#include <algorithm>
#include <set>

#include "hotline/core/choice.h"

namespace hotline::auth {
namespace {

constexpr char kFind[] = "find";
constexpr std::size_t kDigitsMin = 8;
constexpr std::size_t kShownMax = 8;

bool is_selected(const KeyRecord& record, const KeySelector& wanted) {
  return (wanted.name.empty() || record.key.name == wanted.name) &&
         record.key.server_id.starts_with(wanted.server_id) &&
         (!wanted.list || record.list == *wanted.list);
}

std::vector<std::size_t> select(std::span<const KeyRecord> records, const KeySelector& wanted) {
  std::vector<std::size_t> selected;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (is_selected(records[i], wanted)) selected.push_back(i);
  }
  return selected;
}

/// `the key 'alice' for server 0a1b2c3d in credentials`, as far as it is said.
std::string describe(const KeySelector& wanted) {
  const auto shown = [](const std::string& text) { return escape(as_bytes(text), 64); };
  std::string text = "a key";
  if (!wanted.name.empty()) text = "the key '" + shown(wanted.name) + "'";
  if (!wanted.server_id.empty()) text += " for server " + shown(wanted.server_id);
  if (wanted.list) text.append(" in ").append(name_of(*wanted.list));
  return text;
}

std::size_t digits_that_differ(const std::set<std::string>& ids) {
  std::size_t digits = kDigitsMin;
  for (auto each = ids.begin(); each != ids.end(); ++each) {
    const auto next = std::next(each);
    if (next == ids.end()) break;
    const auto differing = std::ranges::mismatch(*each, *next).in1 - each->begin();
    digits = std::max(digits, static_cast<std::size_t>(differing) + 1);
  }
  return digits;
}

std::unexpected<Error> refuse_several(std::span<const KeyRecord> records,
                                      const std::vector<std::size_t>& selected,
                                      const KeySelector& wanted) {
  std::vector<std::string> described;
  for (const std::size_t each : selected) {
    const KeyRecord& record = records[each];
    if (described.size() == kShownMax) {
      described.push_back(std::to_string(selected.size() - kShownMax) + " more");
      break;
    }
    described.push_back("'" + record.key.name + "' for server " +
                        record.key.server_id.substr(0, kDigitsMin) + " in " +
                        std::string(name_of(record.list)));
  }
  return fail(
      make_error(ErrorKind::invalid_argument, kFind, describe(wanted),
                 "there are " + std::to_string(selected.size()) + ": " + list_words(described)));
}

}  // namespace

Result<std::size_t> choose_key(std::span<const KeyRecord> records, const KeySelector& wanted) {
  const std::vector<std::size_t> selected = select(records, wanted);
  if (selected.size() == 1) return selected.front();
  if (selected.size() > 1) return refuse_several(records, selected, wanted);
  return fail(make_error(ErrorKind::not_found, kFind, describe(wanted), "there is none"));
}

std::vector<std::string> server_ids_of(std::span<const KeyRecord> records,
                                       const KeySelector& wanted) {
  std::set<std::string> ids;
  for (const std::size_t each : select(records, wanted)) ids.insert(records[each].key.server_id);
  const std::size_t digits = digits_that_differ(ids);
  std::vector<std::string> shortened;
  for (const std::string& each : ids) shortened.push_back(each.substr(0, digits));
  return shortened;
}

}  // namespace hotline::auth
