#include "services/file_shares.h"

#include <utility>

#include "services/made_directory.h"

namespace hotline::services {

FileShares::FileShares(Directory staging, FileShareFiles files, FileLedger ledger, Directory shared,
                       const Options& options)
    : staging_(std::move(staging)),
      options_(options),
      trees_(std::move(shared), std::move(ledger),
             {.tops = FileTrees::Tops::names, .durability = options.durability}),
      files_(std::move(files)) {}

Result<std::unique_ptr<FileShares>> FileShares::open(const Directory& root, const Options& options,
                                                     std::vector<Error>& faults) {
  auto directory = open_or_make(root, "shares");
  auto shared = open_or_make(root, "shared");
  auto staging = open_or_make(root, "shared-staging");
  for (const auto* each : {&directory, &shared, &staging}) {
    if (!*each) return fail(each->error());
  }
  auto ledger = FileLedger::open_in(root, "shared-ledger");
  if (!ledger) return fail(std::move(ledger.error()));
  FileShareFiles files(*std::move(directory));
  for (Error& each : files.reload()) faults.push_back(std::move(each));
  return std::unique_ptr<FileShares>(new FileShares(
      *std::move(staging), std::move(files), *std::move(ledger), *std::move(shared), options));
}

bool FileShares::has(std::string_view name) {
  const auto lock = mutex_.lock();
  return lock && files_.find(name) != nullptr;
}

FileOutcome<std::shared_ptr<FileShare>> FileShares::share(std::string_view name) {
  if (!has(name)) return refuse(FileErrorCode::not_found);
  const std::string text(name);
  const auto place = place_of(text);
  if (!place) return storage_failure(place.error());
  auto opened = open_share(text, **place);
  if (opened) return *std::move(opened);
  FileError error = file_error_of(opened.error());
  if (error.code == FileErrorCode::not_found) error.code = FileErrorCode::storage;
  return std::unexpected(std::move(error));
}

Result<std::shared_ptr<FileShares::Place>> FileShares::place_of(const std::string& name) {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  auto& place = places_[name];
  if (place == nullptr) place = std::make_shared<Place>();
  return place;
}

/// Others do not wait while the share is counted, except those that want the same one.
Result<std::shared_ptr<FileShare>> FileShares::open_share(const std::string& name, Place& place) {
  const auto opening = place.opening.lock();
  if (!opening) return fail(opening.error());
  {
    const auto lock = mutex_.lock();
    if (!lock) return fail(lock.error());
    if (place.share != nullptr) return place.share;
  }
  auto tree = trees_.open(name);
  if (!tree) return fail(std::move(tree.error()));
  auto staging = open_or_make_durably(staging_, name);
  if (!staging) return fail(std::move(staging.error()));
  auto share = std::make_shared<FileShare>(*std::move(tree), *std::move(staging), options_.uploads,
                                           options_.report);
  if (auto loaded = share->load(); !loaded) return fail(std::move(loaded.error()));
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  // The files may have been read again in the meantime.
  if (const FileShareTerms* terms = files_.find(name)) {
    share->tree().account().set_limits(terms->limits);
  }
  place.share = share;
  return share;
}

std::vector<Error> FileShares::reload() {
  const auto lock = mutex_.lock();
  if (!lock) return {lock.error()};
  auto faults = files_.reload();
  for (const auto& [name, place] : places_) {
    const FileShareTerms* const terms = files_.find(name);
    if (terms == nullptr || place->share == nullptr) continue;
    place->share->tree().account().set_limits(terms->limits);
  }
  return faults;
}

/// Returns the name of a share that is not open, another one each time; an empty text if there is
/// none.
Result<std::string> FileShares::next_unopened() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  std::string first;
  for (const auto& [name, terms] : files_.all()) {
    const auto place = places_.find(name);
    if (place != places_.end() && place->second->share != nullptr) continue;
    if (first.empty()) first = name;
    if (name > tried_) return tried_ = name;
  }
  return tried_ = first;
}

Result<FileShares::Opened> FileShares::opened() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  Opened shares;
  for (const auto& [name, place] : places_) {
    if (place->share != nullptr) shares.emplace_back(name, place->share);
  }
  return shares;
}

/// Opens a share that is not open. Fails once for each that cannot be opened, until it can.
Result<void> FileShares::open_next() {
  const auto name = next_unopened();
  if (!name) return fail(name.error());
  if (name->empty()) return {};
  const auto opened = share(*name);
  if (opened) unopened_.erase(*name);
  if (opened || !unopened_.insert(*name).second) return {};
  return fail(opened.error().to_error("open the share", *name));
}

Result<void> FileShares::maintain(FileTime time, const HasShare& has_share) {
  auto done = open_next();
  const auto shares = opened();
  if (!shares) return fail(shares.error());
  for (const auto& [shared, each] : *shares) {
    each->sweep(time, [&](const std::string& user) { return has_share(user, shared); });
  }
  if (auto written = trees_.write_changed(); done) done = std::move(written);
  if (auto counted = trees_.recount_one(); done) done = std::move(counted);
  return done;
}

FileOutcome<FileUsage> FileShares::recount(std::string_view name) {
  if (const auto found = share(name); !found) return std::unexpected(found.error());
  return trees_.recount(std::string(name));
}

}  // namespace hotline::services
