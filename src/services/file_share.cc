#include "services/file_share.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "hotline/engine/clock.h"
#include "services/all_entries.h"
#include "services/made_directory.h"

namespace hotline::services {

FileShare::FileShare(std::shared_ptr<FileTree> tree, Directory staging,
                     const UploadTable::Limits& limits, UploadTable::Report report)
    : tree_(std::move(tree)),
      staging_(std::move(staging)),
      limits_(limits),
      report_(std::move(report)) {}

Result<void> FileShare::load() {
  std::vector<Error> faults;
  const auto note = [&](const Error& fault) { faults.push_back(fault); };
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  const auto users = all_entries(staging_, {.detail = EntriesOptions::Detail::names});
  if (!users) return fail(users.error());
  for (const DirectoryEntry& each : *users) {
    const auto opened = open_uploads(each.name, note);
    // Without them the share would promise room that they have reserved.
    if (!opened && may_pass(opened.error())) return fail(opened.error());
  }
  // Not before: what fails may be tried again and again.
  for (const Error& fault : faults) {
    if (report_) report_(fault);
  }
  return {};
}

Result<UploadTable*> FileShare::uploads_of(std::string_view user) {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  const auto found = uploads_.find(user);
  return found == uploads_.end() ? open_uploads(std::string(user), report_) : found->second.get();
}

/// mutex_ is held.
Result<UploadTable*> FileShare::open_uploads(const std::string& user,
                                             const UploadTable::Report& report) {
  auto loaded = load_uploads(user, report);
  if (loaded) {
    unread_.erase(user);
  } else if (!may_pass(loaded.error()) && unread_.insert(user).second && report) {
    report(loaded.error());
  }
  return loaded;
}

Result<UploadTable*> FileShare::load_uploads(const std::string& user,
                                             const UploadTable::Report& report) {
  auto directory = open_or_make_durably(staging_, user);
  if (!directory) return fail(std::move(directory.error()));
  auto uploads = std::make_unique<UploadTable>(std::move(*directory), tree_->account(), limits_);
  if (auto loaded = uploads->load(report); !loaded) return fail(std::move(loaded.error()));
  return uploads_.insert_or_assign(user, std::move(uploads)).first->second.get();
}

/// Returns true for a user who has not had the share for some time: what an operator has mistyped
/// is put right before that.
bool FileShare::has_ended(const std::string& user, const HasUser& has_user) {
  if (has_user(user)) {
    gone_since_.erase(user);
    return false;
  }
  const Instant since = gone_since_.try_emplace(user, now()).first->second;
  return now() - since >= limits_.unshared_term;
}

void FileShare::sweep(FileTime now, const HasUser& has_user) {
  std::vector<std::pair<std::string, UploadTable*>> tables;
  {
    const auto lock = mutex_.lock();
    if (!lock) return;
    for (const std::string& user : std::set(unread_)) discard(open_uploads(user, report_));
    for (const auto& [user, uploads] : uploads_) tables.emplace_back(user, uploads.get());
  }
  for (const auto& [user, uploads] : tables) {
    if (has_ended(user, has_user)) uploads->drop_idle();
    uploads->sweep(now);
  }
  tree_->sync_again();
}

}  // namespace hotline::services
