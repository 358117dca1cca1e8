#include "services/file_trees.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "hotline/engine/clock.h"
#include "services/file_recount.h"
#include "services/made_directory.h"

namespace hotline::services {
namespace {

// A tree that cannot be counted is counted again after these pauses.
constexpr Duration kCountPause = std::chrono::seconds(5);
constexpr Duration kCountPauseMax = std::chrono::hours(1);
constexpr int kCountPausesLonger = 10;

}  // namespace

Result<std::shared_ptr<FileTrees::Place>> FileTrees::place_of(const std::string& name) {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  auto& place = places_[name];
  if (place == nullptr) place = std::make_shared<Place>();
  return place;
}

Result<std::shared_ptr<FileTree>> FileTrees::open(const std::string& name) {
  const auto place = place_of(name);
  if (!place) return fail(place.error());
  const auto opening = (*place)->opening.lock();
  if (!opening) return fail(opening.error());
  std::optional<FileUsage> used;
  {
    const auto lock = mutex_.lock();
    if (!lock) return fail(lock.error());
    if ((*place)->tree != nullptr) return (*place)->tree;
    if (const LedgerSlot* slot = ledger_.find(name)) {
      used = slot->used;
      (*place)->wants_recount = slot->is_dirty;
    }
  }
  auto tree = load(name, used);
  if (!tree) return tree;
  if ((*place)->wants_recount) (*tree)->account().doubt_used();
  if (auto entered = enter(name, *tree, **place); !entered) return fail(std::move(entered.error()));
  return tree;
}

Result<std::shared_ptr<FileTree>> FileTrees::load(const std::string& name,
                                                  const std::optional<FileUsage>& used) {
  auto directory = open_or_make_durably(directory_, name);
  if (!directory) return fail(std::move(directory.error()));
  FilePath top;
  if (options_.tops == Tops::names) top = FilePath::parse(name).value();
  auto tree =
      std::make_shared<FileTree>(std::move(*directory), options_.durability, std::move(top));
  if (used) {
    tree->account().set_used(*used);
  } else if (const auto counted = FileRecount(*tree).run(); !counted) {
    return fail(counted.error().to_error("count the files of", name));
  }
  return tree;
}

Result<void> FileTrees::enter(const std::string& name, const std::shared_ptr<FileTree>& tree,
                              Place& place) {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  auto noted = ledger_.set({.user = name, .used = tree->account().used(), .is_dirty = true});
  if (noted) place.tree = tree;
  return noted;
}

Result<void> FileTrees::write_changed() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  for (const auto& [name, place] : places_) {
    if (place->tree == nullptr || !place->tree->account().take_changed()) continue;
    auto written =
        ledger_.set({.user = name, .used = place->tree->account().used(), .is_dirty = true});
    if (!written) return written;
  }
  return {};
}

/// Returns an empty text if none is to be counted now.
Result<std::string> FileTrees::next_to_count() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  const std::pair<const std::string, std::shared_ptr<Place>>* next = nullptr;
  for (const auto& each : places_) {
    const Place& place = *each.second;
    const bool is_due = place.tree != nullptr && place.wants_recount && place.count_at <= now();
    if (is_due && (next == nullptr || place.failures < next->second->failures)) next = &each;
  }
  return next == nullptr ? std::string() : next->first;
}

Result<void> FileTrees::recount_one() {
  const auto name = next_to_count();
  if (!name) return fail(name.error());
  if (name->empty()) return {};
  const auto counted = recount(*name);
  return counted ? Result<void>() : fail(counted.error().to_error("count the files of", *name));
}

FileOutcome<FileUsage> FileTrees::recount(const std::string& name) {
  const auto tree = open(name);
  if (!tree) return storage_failure(tree.error());
  const auto counted = FileRecount(**tree).run();
  const auto lock = mutex_.lock();
  if (!lock) return storage_failure(lock.error());
  Place& place = *places_.find(name)->second;
  if (counted) {
    place.wants_recount = false;
  } else {
    place.count_at = now() + std::min(kCountPause * (1 << place.failures), kCountPauseMax);
    if (place.failures < kCountPausesLonger) ++place.failures;
  }
  return counted;
}

Result<void> FileTrees::close() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  for (const auto& [name, place] : places_) {
    if (place->tree == nullptr) continue;
    auto written = ledger_.set(
        {.user = name, .used = place->tree->account().used(), .is_dirty = place->wants_recount});
    if (!written) return written;
  }
  return {};
}

}  // namespace hotline::services
