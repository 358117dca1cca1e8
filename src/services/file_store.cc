#include "services/file_store.h"

#include <cerrno>
#include <utility>

#include "hotline/engine/clock.h"
#include "services/file_version.h"

namespace hotline::services {
namespace {

constexpr std::string_view kProbeName = ".probe";
constexpr std::string_view kLedgerName = "ledger";
constexpr unsigned kOthersMode = 077;

std::unexpected<Error> refuse_root(const std::string& root, std::string detail,
                                   std::string advice) {
  return fail(make_error(ErrorKind::invalid_argument, "serve files from", root, std::move(detail),
                         std::move(advice)));
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
    return refuse_root(root, "another server has it", "end that one, or choose another directory");
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
  const auto lock = mutex_.lock();
  if (!lock) return storage_failure(lock.error());
  return home_locked(users_.find(user));
}

FileOutcome<std::shared_ptr<FileHome>> FileStore::home_of_uid(std::uint32_t uid) {
  const auto lock = mutex_.lock();
  if (!lock) return storage_failure(lock.error());
  return home_locked(users_.find_uid(uid));
}

FileOutcome<std::shared_ptr<FileHome>> FileStore::home_locked(const FileUser* user) {
  if (user == nullptr || user->is_disabled) return refuse(FileErrorCode::not_permitted);
  const auto found = homes_.find(user->name);
  if (found != homes_.end()) return found->second.home;
  auto opened = open_home(*user);
  if (!opened) return storage_failure(opened.error());
  return std::move(*opened);
}

Result<std::shared_ptr<FileHome>> FileStore::open_home(const FileUser& user) {
  auto home_directory = open_or_make(homes_directory_, user.name);
  if (!home_directory) return fail(std::move(home_directory.error()));
  auto staging = open_or_make(staging_, user.name);
  if (!staging) return fail(std::move(staging.error()));
  if (auto synced = homes_directory_.sync(); !synced) return fail(std::move(synced.error()));
  if (auto synced = staging_.sync(); !synced) return fail(std::move(synced.error()));
  auto home =
      std::make_shared<FileHome>(std::move(*home_directory), std::move(*staging), user, options_);
  const LedgerSlot* slot = ledger_.find(user.name);
  const bool wants_recount = slot != nullptr && slot->is_dirty;
  const auto used = slot == nullptr ? std::nullopt : std::optional(slot->used);
  if (auto loaded = home->load(used); !loaded) return fail(std::move(loaded.error()));
  // From now on the ledger may be wrong, until it is closed.
  if (auto noted = ledger_.set({.user = user.name, .used = home->used(), .is_dirty = true});
      !noted) {
    return fail(std::move(noted.error()));
  }
  homes_.emplace(user.name, Open{.home = home, .wants_recount = wants_recount});
  return home;
}

std::vector<Error> FileStore::reload() {
  const auto lock = mutex_.lock();
  if (!lock) return {lock.error()};
  auto faults = users_.reload();
  for (auto& [name, open] : homes_) {
    FileUser user = open.home->user();
    user.is_disabled = true;
    const FileUser* now = users_.find(name);
    open.home->set_user(now == nullptr ? user : *now);
  }
  return faults;
}

Result<void> FileStore::maintain() {
  const auto homes = write_changed();
  if (!homes) return fail(homes.error());
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(wall_clock_now());
  for (const auto& home : *homes) home->sweep(now);
  return recount_one();
}

/// Returns all homes that are open.
Result<std::vector<std::shared_ptr<FileHome>>> FileStore::write_changed() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  std::vector<std::shared_ptr<FileHome>> homes;
  for (const auto& [name, open] : homes_) {
    homes.push_back(open.home);
    if (!open.home->take_changed()) continue;
    auto written = ledger_.set({.user = name, .used = open.home->used(), .is_dirty = true});
    if (!written) return fail(std::move(written.error()));
  }
  return homes;
}

Result<void> FileStore::recount_one() {
  std::shared_ptr<FileHome> home;
  {
    const auto lock = mutex_.lock();
    if (!lock) return fail(lock.error());
    for (const auto& [name, open] : homes_) {
      if (open.wants_recount) home = open.home;
    }
  }
  if (home == nullptr) return {};
  if (const auto counted = recount_home(*home); !counted) {
    return fail(counted.error().to_error("count the files of", home->user().name));
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
  if (!counted) return counted;
  const auto lock = mutex_.lock();
  if (!lock) return storage_failure(lock.error());
  homes_.find(home.user().name)->second.wants_recount = false;
  return counted;
}

Result<void> FileStore::close() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  for (const auto& [name, open] : homes_) {
    auto written =
        ledger_.set({.user = name, .used = open.home->used(), .is_dirty = open.wants_recount});
    if (!written) return written;
  }
  return {};
}

}  // namespace hotline::services
