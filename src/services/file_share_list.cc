#include "hotline/services/file_share_list.h"

#include <utility>

#include "hotline/core/bytes.h"
#include "hotline/engine/directory.h"
#include "services/file_limits.h"
#include "services/file_share_terms.h"
#include "services/file_store.h"
#include "services/file_user.h"
#include "services/made_directory.h"

namespace hotline {
namespace {

using services::FileShareTerms;

FileShareList::Share text_of_share(const FileShareTerms& terms) {
  return {.name = terms.name,
          .quota = services::format_file_bytes(terms.limits.bytes),
          .entries = services::format_file_entries(terms.limits.entries),
          .bytes_max = services::number_of_limit(terms.limits.bytes),
          .entries_max = services::number_of_limit(terms.limits.entries)};
}

std::unexpected<Error> refuse_share(ErrorKind kind, std::string detail, std::string advice) {
  return fail(make_error(kind, "use the share", {}, std::move(detail), std::move(advice)));
}

}  // namespace

struct FileShareList::State {
  services::FileShareFiles files;
  std::vector<Error> faults{};

  Result<FileShareTerms> find(std::string_view name) const {
    const FileShareTerms* const terms = files.find(name);
    if (terms != nullptr) return *terms;
    return fail(make_error(ErrorKind::not_found, "find the share", std::string(name),
                           "there is no such share",
                           "'hotline files share list' shows the shares"));
  }

  Result<Share> save(FileShareTerms terms, const Change& change) {
    auto changed = services::change_file_limits(terms.limits, change.quota, change.entries);
    if (changed) changed = files.save(terms);
    if (!changed) return fail(std::move(changed.error()));
    return text_of_share(terms);
  }
};

Result<FileShareList> FileShareList::open(const std::string& root) {
  const auto directory = Directory::open(root);
  if (!directory) return fail(directory.error());
  auto shares = services::open_or_make(*directory, "shares");
  if (!shares) return fail(std::move(shares.error()));
  auto state = std::make_unique<State>(State{services::FileShareFiles(*std::move(shares))});
  state->faults = state->files.reload();
  return FileShareList(std::move(state));
}

FileShareList::FileShareList(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileShareList::FileShareList(FileShareList&&) noexcept = default;
FileShareList& FileShareList::operator=(FileShareList&&) noexcept = default;
FileShareList::~FileShareList() = default;

std::vector<FileShareList::Share> FileShareList::shares() const {
  std::vector<Share> shares;
  for (const auto& [name, terms] : state_->files.all()) shares.push_back(text_of_share(terms));
  return shares;
}

const std::vector<Error>& FileShareList::faults() const { return state_->faults; }

Result<FileShareList::Share> FileShareList::add(std::string_view name, const Change& change) {
  if (!services::is_file_user_name(name)) {
    return refuse_share(ErrorKind::invalid_argument,
                        "'" + escape(as_bytes(name)) + "' is not a name of a share",
                        "use 1 to 32 of a-z, 0-9, '_', '.' and '-', and no dot first");
  }
  if (state_->files.find(name) != nullptr) {
    return refuse_share(ErrorKind::system, "there is a share '" + std::string(name) + "'",
                        "'hotline files share set' changes a share");
  }
  for (const Error& each : state_->faults) {
    if (services::is_about(each, name)) return fail(each);
  }
  return state_->save({.name = std::string(name)}, change);
}

Result<FileShareList::Share> FileShareList::set(std::string_view name, const Change& change) {
  auto terms = state_->find(name);
  if (!terms) return fail(std::move(terms.error()));
  return state_->save(*std::move(terms), change);
}

Result<FileShareList::Share> FileShareList::remove(std::string_view name) {
  const auto terms = state_->find(name);
  if (!terms) return fail(terms.error());
  if (auto removed = state_->files.remove(name); !removed) return fail(std::move(removed.error()));
  return text_of_share(*terms);
}

Result<FileUserList::Usage> FileShareList::recount(const std::string& root, std::string_view name) {
  std::vector<Error> faults;
  auto store = services::FileStore::open(root, {}, faults);
  if (!store) return fail(std::move(store.error()));
  const auto list = open(root);
  if (!list) return fail(list.error());
  if (const auto terms = list->state_->find(name); !terms) return fail(terms.error());
  const auto counted = (*store)->shares().recount(name);
  if (!counted) return fail(counted.error().to_error("count the files of", std::string(name)));
  if (auto closed = (*store)->close(); !closed) return fail(std::move(closed.error()));
  return FileUserList::Usage{counted->bytes, counted->entries};
}

}  // namespace hotline
