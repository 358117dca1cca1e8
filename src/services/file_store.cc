#include "services/file_store.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "hotline/engine/clock.h"
#include "services/all_entries.h"
#include "services/file_version.h"

namespace hotline::services {
namespace {

constexpr std::string_view kProbeName = ".probe";
constexpr std::string_view kLedgerName = "ledger";
constexpr unsigned kOthersMode = 077;

// A home that cannot be counted is counted again after these pauses.
constexpr Duration kCountPause = std::chrono::seconds(5);
constexpr Duration kCountPauseMax = std::chrono::hours(1);
constexpr int kCountPausesLonger = 10;

// The staging of users whose homes are not open is looked at once in a while, a few at a time.
constexpr Duration kUnopenedPause = std::chrono::hours(1);
constexpr Duration kUnopenedPauseAfterFailure = std::chrono::minutes(1);
constexpr std::size_t kUnopenedAtOnce = 64;

std::unexpected<Error> refuse_root(const std::string& root, std::string detail,
                                   std::string advice) {
  return fail(make_error(ErrorKind::invalid_argument, "serve files from", root, std::move(detail),
                         std::move(advice)));
}

std::optional<FileUser> copy_of(const FileUser* user) {
  return user == nullptr ? std::nullopt : std::optional(*user);
}

/// Returns the directory `name`, which is made if there is none.
Result<Directory> open_or_make(const Directory& parent, std::string_view name) {
  auto made = parent.make_directory(name, kDirectoryMode);
  if (!made && made.error().native_code != EEXIST) return fail(std::move(made.error()));
  return parent.open_beneath(name);
}

Result<DiskFile> open_or_create(const Directory& parent, std::string_view name) {
  auto file = parent.open_for_writing(name);
  if (file || file.error().native_code != ENOENT) return file;
  return parent.create(name, file_mode(false));
}

/// Fails unless `directory` is private to the user that runs this program, which is the owner of
/// what it makes.
Result<void> check_private(const Directory& directory, const std::string& root) {
  const auto status = directory.status();
  if (!status) return fail(status.error());
  if ((status->mode & kOthersMode) != 0) {
    return refuse_root(root, "other users of the system have access to it", "chmod 700 " + root);
  }
  discard(directory.remove_file(kProbeName));
  auto probe = directory.create(kProbeName, file_mode(false));
  if (!probe) return fail(probe.error());
  discard(directory.remove_file(kProbeName));
  const auto made = probe->status();
  if (!made) return fail(made.error());
  if (made->owner == status->owner) return {};
  return refuse_root(root, "it belongs to another user of the system",
                     "run the server as the user that owns it");
}

}  // namespace

FileStore::FileStore(Directory root, Directory homes, Directory staging, FileUsers users,
                     FileLedger ledger, const FileHome::Options& options)
    : root_(std::move(root)),
      homes_directory_(std::move(homes)),
      staging_(std::move(staging)),
      options_(options),
      users_(std::move(users)),
      ledger_(std::move(ledger)) {}

Result<std::unique_ptr<FileStore>> FileStore::open(const std::string& root,
                                                   const FileHome::Options& options,
                                                   std::vector<Error>& faults) {
  if (auto confined = probe_confinement(); !confined) return fail(std::move(confined.error()));
  auto directory = Directory::open(root);
  if (!directory) return fail(std::move(directory.error()));
  if (auto good = check_private(*directory, root); !good) return fail(std::move(good.error()));
  const auto locked = directory->try_lock();
  if (!locked) return fail(locked.error());
  if (!*locked) {
    return refuse_root(root, "another server has it, or another endpoint of this one",
                       "end the other server, or give each endpoint a directory of its own");
  }
  auto homes = open_or_make(*directory, "homes");
  auto staging = open_or_make(*directory, "staging");
  auto users_directory = open_or_make(*directory, "users");
  for (const auto* each : {&homes, &staging, &users_directory}) {
    if (!*each) return fail(each->error());
  }
  auto ledger_file = open_or_create(*directory, kLedgerName);
  if (!ledger_file) return fail(std::move(ledger_file.error()));
  auto ledger = FileLedger::open(std::move(*ledger_file));
  if (!ledger) return fail(std::move(ledger.error()));
  if (auto synced = directory->sync(); !synced) return fail(std::move(synced.error()));
  FileUsers users(std::move(*users_directory));
  faults = users.reload();
  return std::unique_ptr<FileStore>(new FileStore(std::move(*directory), std::move(*homes),
                                                  std::move(*staging), std::move(users),
                                                  std::move(*ledger), options));
}

FileOutcome<std::shared_ptr<FileHome>> FileStore::home(std::string_view user) {
  std::optional<FileUser> found;
  {
    const auto lock = mutex_.lock();
    if (!lock) return storage_failure(lock.error());
    found = copy_of(users_.find(user));
  }
  return home_of(found);
}

FileOutcome<std::shared_ptr<FileHome>> FileStore::home_of_uid(std::uint32_t uid) {
  std::optional<FileUser> found;
  {
    const auto lock = mutex_.lock();
    if (!lock) return storage_failure(lock.error());
    found = copy_of(users_.find_uid(uid));
  }
  return home_of(found);
}

FileOutcome<std::shared_ptr<FileHome>> FileStore::home_of(const std::optional<FileUser>& user) {
  if (!user || user->is_disabled) return refuse(FileErrorCode::not_permitted);
  const auto place = place_of(user->name);
  if (!place) return storage_failure(place.error());
  auto opened = open_home(*user, **place);
  if (!opened) return storage_failure(opened.error());
  if (!(*opened)->is_open()) return refuse(FileErrorCode::not_permitted);
  return std::move(*opened);
}

Result<std::shared_ptr<FileStore::Place>> FileStore::place_of(std::string_view user) {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  auto& place = homes_[std::string(user)];
  if (place == nullptr) place = std::make_shared<Place>();
  return place;
}

/// Others do not wait while the home is counted, except those that want the same one.
Result<std::shared_ptr<FileHome>> FileStore::open_home(const FileUser& user, Place& place) {
  const auto opening = place.opening.lock();
  if (!opening) return fail(opening.error());
  std::optional<FileUsage> used;
  {
    const auto lock = mutex_.lock();
    if (!lock) return fail(lock.error());
    if (place.home != nullptr) return place.home;
    if (const LedgerSlot* slot = ledger_.find(user.name)) {
      used = slot->used;
      place.wants_recount = slot->is_dirty;
    }
  }
  auto home = load_home(user, used);
  if (!home) return home;
  if (place.wants_recount) (*home)->doubt_used();
  if (auto entered = enter_home(*home, place); !entered) return fail(std::move(entered.error()));
  return home;
}

Result<std::shared_ptr<FileHome>> FileStore::load_home(const FileUser& user,
                                                       const std::optional<FileUsage>& used) {
  auto home_directory = open_or_make(homes_directory_, user.name);
  if (!home_directory) return fail(std::move(home_directory.error()));
  auto staging = open_or_make(staging_, user.name);
  if (!staging) return fail(std::move(staging.error()));
  if (auto synced = homes_directory_.sync(); !synced) return fail(std::move(synced.error()));
  if (auto synced = staging_.sync(); !synced) return fail(std::move(synced.error()));
  auto home =
      std::make_shared<FileHome>(std::move(*home_directory), std::move(*staging), user, options_);
  if (auto loaded = home->load(used); !loaded) return fail(std::move(loaded.error()));
  return home;
}

Result<void> FileStore::enter_home(const std::shared_ptr<FileHome>& home, Place& place) {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  // From now on the ledger may be wrong, until it is closed.
  auto noted = ledger_.set({.user = home->user().name, .used = home->used(), .is_dirty = true});
  if (!noted) return noted;
  // The users may have been read again in the meantime.
  home->set_user(user_now(*home));
  place.home = home;
  return {};
}

/// Returns the user of a home as the users say now: one that is not among them any more is
/// disabled.
FileUser FileStore::user_now(const FileHome& home) const {
  FileUser user = home.user();
  user.is_disabled = true;
  const FileUser* now = users_.find(user.name);
  return now == nullptr ? user : *now;
}

std::vector<Error> FileStore::reload() {
  const auto lock = mutex_.lock();
  if (!lock) return {lock.error()};
  auto faults = users_.reload();
  for (auto& [name, place] : homes_) {
    if (place->home != nullptr) place->home->set_user(user_now(*place->home));
  }
  return faults;
}

Result<void> FileStore::maintain() {
  const auto homes = write_changed();
  if (!homes) return fail(homes.error());
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(wall_clock_now());
  for (const auto& home : *homes) home->sweep(now);
  const auto counted = recount_one();
  const auto swept = sweep_unopened(now);
  return counted ? swept : counted;
}

Result<void> FileStore::sweep_unopened(FileTime time) {
  if (unswept_.empty()) {
    if (now() < look_at_) return {};
    auto users = all_entries(staging_, {.detail = EntriesOptions::Detail::names});
    if (!users) return fail(std::move(users.error()));
    for (DirectoryEntry& each : *users) unswept_.push_back(std::move(each.name));
    look_at_ = now() + kUnopenedPause;
  }
  for (std::size_t i = 0; i < kUnopenedAtOnce && !unswept_.empty(); ++i) {
    const std::string user = std::move(unswept_.back());
    unswept_.pop_back();
    if (auto swept = sweep_staging_of(user, time); !swept) {
      look_at_ = std::min(look_at_, now() + kUnopenedPauseAfterFailure);
      return swept;
    }
  }
  return {};
}

/// Drops what has expired of a user whose home is not open, and is not opened in the meantime.
Result<void> FileStore::sweep_staging_of(const std::string& user, FileTime time) {
  const auto place = place_of(user);
  if (!place) return fail(place.error());
  const auto opening = (*place)->opening.lock();
  if (!opening) return fail(opening.error());
  {
    const auto lock = mutex_.lock();
    if (!lock) return fail(lock.error());
    if ((*place)->home != nullptr) return {};
  }
  auto staging = staging_.open_beneath(user);
  if (!staging) return fail(std::move(staging.error()));
  QuotaAccount unlimited;
  UploadTable uploads(std::move(*staging), unlimited, options_.uploads);
  if (auto loaded = uploads.load(); !loaded) return loaded;
  uploads.sweep(time);
  return {};
}

/// Returns all homes that are open.
Result<FileStore::Homes> FileStore::write_changed() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  Homes homes;
  for (const auto& [name, place] : homes_) {
    if (place->home == nullptr) continue;
    homes.push_back(place->home);
    if (!place->home->take_changed()) continue;
    auto written = ledger_.set({.user = name, .used = place->home->used(), .is_dirty = true});
    if (!written) return fail(std::move(written.error()));
  }
  return homes;
}

/// Returns null if no home is to be counted now.
Result<std::shared_ptr<FileHome>> FileStore::home_to_count() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  const Place* next = nullptr;
  for (const auto& [name, place] : homes_) {
    const bool is_due = place->home != nullptr && place->wants_recount && place->count_at <= now();
    if (is_due && (next == nullptr || place->failures < next->failures)) next = place.get();
  }
  return next == nullptr ? nullptr : next->home;
}

Result<void> FileStore::recount_one() {
  const auto home = home_to_count();
  if (!home) return fail(home.error());
  if (*home == nullptr) return {};
  if (const auto counted = recount_home(**home); !counted) {
    return fail(counted.error().to_error("count the files of", (*home)->user().name));
  }
  return {};
}

FileOutcome<FileUsage> FileStore::recount(std::string_view user) {
  const auto found = home(user);
  if (!found) return std::unexpected(found.error());
  return recount_home(**found);
}

FileOutcome<FileUsage> FileStore::recount_home(FileHome& home) {
  const auto counted = home.recount();
  const auto lock = mutex_.lock();
  if (!lock) return storage_failure(lock.error());
  Place& place = *homes_.find(home.user().name)->second;
  if (counted) {
    place.wants_recount = false;
  } else {
    place.count_at = now() + std::min(kCountPause * (1 << place.failures), kCountPauseMax);
    if (place.failures < kCountPausesLonger) ++place.failures;
  }
  return counted;
}

Result<void> FileStore::close() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  for (const auto& [name, place] : homes_) {
    if (place->home == nullptr) continue;
    auto written =
        ledger_.set({.user = name, .used = place->home->used(), .is_dirty = place->wants_recount});
    if (!written) return written;
  }
  return {};
}

}  // namespace hotline::services
