#include "services/file_store.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "hotline/engine/clock.h"
#include "services/all_entries.h"
#include "services/file_version.h"
#include "services/made_directory.h"

namespace hotline::services {
namespace {

constexpr std::string_view kProbeName = ".probe";
constexpr std::string_view kLedgerName = "ledger";
constexpr unsigned kOthersMode = 077;

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

FileStore::FileStore(Directory root, Directory staging, FileTrees::Options trees, Directory homes,
                     FileLedger ledger, FileUsers users, std::unique_ptr<FileShares> shares,
                     const FileHome::Options& options)
    : root_(std::move(root)),
      staging_(std::move(staging)),
      options_(options),
      trees_(std::move(homes), std::move(ledger), trees),
      shares_(std::move(shares)),
      users_(std::move(users)) {
  options_.open_share = [this](std::string_view name) { return shares_->share(name); };
}

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
  auto ledger = FileLedger::open_in(*directory, kLedgerName);
  if (!ledger) return fail(std::move(ledger.error()));
  faults.clear();
  auto shares = FileShares::open(
      *directory,
      {.durability = options.durability, .uploads = options.uploads, .report = options.report},
      faults);
  if (!shares) return fail(std::move(shares.error()));
  if (auto synced = directory->sync(); !synced) return fail(std::move(synced.error()));
  FileUsers users(*std::move(users_directory));
  for (Error& each : users.reload()) faults.push_back(std::move(each));
  std::unique_ptr<FileStore> store(new FileStore(
      *std::move(directory), *std::move(staging), {.durability = options.durability},
      *std::move(homes), *std::move(ledger), std::move(users), *std::move(shares), options));
  store->note_unknown_shares(faults);
  return store;
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
  {
    const auto lock = mutex_.lock();
    if (!lock) return fail(lock.error());
    if (place.home != nullptr) return place.home;
  }
  auto home = load_home(user);
  if (!home) return home;
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  // The users may have been read again in the meantime.
  (*home)->set_user(user_now(**home));
  place.home = *home;
  return home;
}

Result<std::shared_ptr<FileHome>> FileStore::load_home(const FileUser& user) {
  auto tree = trees_.open(user.name);
  if (!tree) return fail(std::move(tree.error()));
  auto staging = open_or_make_durably(staging_, user.name);
  if (!staging) return fail(std::move(staging.error()));
  auto home = std::make_shared<FileHome>(*std::move(tree), *std::move(staging), user, options_);
  if (auto loaded = home->load(); !loaded) return fail(std::move(loaded.error()));
  return home;
}

/// Returns the user of a home as the users and shares say now: one that is not among them any more
/// is disabled. A share that is not there still has its name, so that nothing for it goes to the
/// home: the user has no right to it.
FileUser FileStore::user_now(const FileHome& home) {
  FileUser user = home.user();
  user.is_disabled = true;
  if (const FileUser* const now = users_.find(user.name)) user = *now;
  for (auto& [name, rights] : user.shares) {
    if (!shares_->has(name)) rights = {};
  }
  return user;
}

std::vector<Error> FileStore::reload() {
  auto faults = shares_->reload();
  {
    const auto lock = mutex_.lock();
    if (!lock) return {lock.error()};
    for (Error& each : users_.reload()) faults.push_back(std::move(each));
    for (auto& [name, place] : homes_) {
      if (place->home != nullptr) place->home->set_user(user_now(*place->home));
    }
  }
  note_unknown_shares(faults);
  return faults;
}

/// Returns false if the file of the user is there, and does not name the share: a file that cannot
/// be read, or is put back, must not cost uploads.
bool FileStore::may_have(const std::string& user, std::string_view share) {
  const auto lock = mutex_.lock();
  if (!lock) return true;
  const FileUser* const found = users_.find(user);
  return found == nullptr || found->shares.contains(share);
}

void FileStore::note_unknown_shares(std::vector<Error>& faults) {
  const auto lock = mutex_.lock();
  if (!lock) return;
  for (const auto& [name, user] : users_.all()) {
    for (const auto& [share, rights] : user.shares) {
      if (shares_->has(share)) continue;
      faults.push_back(make_error(ErrorKind::not_found, "give the user a share", name,
                                  "there is no share '" + share + "'",
                                  "'hotline files share add' makes one"));
    }
  }
}

Result<void> FileStore::maintain() {
  const auto homes = opened_homes();
  if (!homes) return fail(homes.error());
  auto done = trees_.write_changed();
  const auto time = std::chrono::time_point_cast<std::chrono::nanoseconds>(wall_clock_now());
  for (const auto& home : *homes) home->sweep(time);
  if (auto counted = trees_.recount_one(); done) done = std::move(counted);
  if (auto swept = sweep_unopened(time); done) done = std::move(swept);
  auto shared = shares_->maintain(time, [this](const std::string& user, std::string_view share) {
    return may_have(user, share);
  });
  if (done) done = std::move(shared);
  return done;
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
  if (auto loaded = uploads.load(options_.report); !loaded) return loaded;
  uploads.sweep(time);
  return {};
}

Result<FileStore::Homes> FileStore::opened_homes() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  Homes homes;
  for (const auto& [name, place] : homes_) {
    if (place->home != nullptr) homes.push_back(place->home);
  }
  return homes;
}

FileOutcome<FileUsage> FileStore::recount(std::string_view user) {
  if (const auto found = home(user); !found) return std::unexpected(found.error());
  return trees_.recount(std::string(user));
}

Result<void> FileStore::close() {
  auto closed = trees_.close();
  if (auto shared = shares_->close(); closed) closed = std::move(shared);
  return closed;
}

}  // namespace hotline::services
