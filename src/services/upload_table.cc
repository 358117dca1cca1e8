#include "services/upload_table.h"

#include <algorithm>
#include <utility>

#include "hotline/core/hex.h"
#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/clock.h"
#include "services/all_entries.h"

namespace hotline::services {
namespace {

constexpr std::size_t kStateBytesMax = 64U << 20;

std::string state_name_of(const UploadKey& key) {
  return to_hex(key) + std::string(StagedUpload::kStateSuffix);
}

std::string part_name_of(std::string state_name) {
  state_name.resize(state_name.size() - StagedUpload::kStateSuffix.size());
  return state_name + std::string(StagedUpload::kPartSuffix);
}

/// Returns how much a kept upload reserves: all of it, as far as that is known.
FileUsage reservation_of(const UploadState& state) {
  const std::uint64_t kept = state.blocks.size() * kFileBlockBytes;
  const std::uint64_t size = state.facts.size;
  return {.bytes = size == kFileSizeUnknown ? kept : size, .entries = 1};
}

/// What a directory has, or why that is not known.
using Names = std::map<std::string, Result<FileStatus>>;

void add_name(const Directory& directory, const std::string& name, Names& names) {
  auto status = directory.status(name);
  if (status || status.error().kind != ErrorKind::not_found) names.emplace(name, std::move(status));
}

Result<Names> names_in(const Directory& directory) {
  const auto entries = all_entries(directory);
  if (!entries) return fail(entries.error());
  Names names;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.status) names.emplace(entry.name, *entry.status);
    if (!entry.status) add_name(directory, entry.name, names);
  }
  return names;
}

Result<std::string> read_state(const Directory& directory, const std::string& name,
                               std::uint64_t size) {
  auto file = directory.open_file(name);
  if (!file) return fail(std::move(file.error()));
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(size, kStateBytesMax)), '\0');
  const auto count = file->read_at(0, as_writable_bytes(text));
  if (!count) return fail(count.error());
  text.resize(*count);
  return text;
}

FileTime file_time_now() {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(wall_clock_now());
}

}  // namespace

UploadTable::UploadTable(Directory staging, QuotaAccount& account, const Limits& limits)
    : staging_(std::move(staging)), account_(account), limits_(limits) {}

Result<void> UploadTable::load(const Report& report) {
  const auto names = names_in(staging_);
  if (!names) return fail(names.error());
  std::vector<Error> faults;
  if (auto loaded = load_all(*names, faults); !loaded) return loaded;
  for (const Error& each : faults) {
    if (report) report(each);
  }
  return {};
}

/// Fails with what may pass; the other failures are `faults`, and what they are about is unread.
Result<void> UploadTable::load_all(const Names& names, std::vector<Error>& faults) {
  for (const auto& [name, status] : names) {
    const auto loaded = load_one(name, names);
    if (loaded) continue;
    if (may_pass(loaded.error())) return loaded;
    faults.push_back(loaded.error());
    note_unread(name);
  }
  return {};
}

void UploadTable::note_unread(const std::string& name) {
  // All else belongs to no upload.
  if (!name.ends_with(StagedUpload::kStateSuffix)) return;
  const std::lock_guard lock(mutex_);
  unread_.insert(name);
}

bool UploadTable::is_unread(const UploadKey& key) const {
  const std::lock_guard lock(mutex_);
  return unread_.contains(state_name_of(key));
}

/// beginning_ is held: no upload begins with the key of one that is read. They were reported.
void UploadTable::load_unread() {
  const auto unread = [this] {
    const std::lock_guard lock(mutex_);
    return unread_;
  }();
  for (const std::string& name : unread) {
    Names names;
    for (const std::string& each : {name, part_name_of(name)}) add_name(staging_, each, names);
    std::vector<Error> faults;
    if (!load_all(names, faults) || !faults.empty()) continue;
    const std::lock_guard lock(mutex_);
    unread_.erase(name);
  }
}

/// Decides about a state file and its data together; what belongs to none is removed.
Result<void> UploadTable::load_one(const std::string& name, const Names& names) {
  if (name.ends_with(StagedUpload::kPartSuffix)) {
    std::string state_name = name.substr(0, name.size() - StagedUpload::kPartSuffix.size());
    if (names.contains(state_name + std::string(StagedUpload::kStateSuffix))) return {};
  }
  if (!name.ends_with(StagedUpload::kStateSuffix)) return staging_.remove_file(name);
  const auto part = names.find(part_name_of(name));
  const Result<FileStatus>& status = names.at(name);
  if (!status) return fail(status.error());
  if (part != names.end() && !part->second) return fail(part->second.error());
  const auto text = read_state(staging_, name, status->size);
  if (!text) return fail(text.error());
  auto state = decode_upload_state(as_bytes(*text));
  if (state && state_name_of(state->facts.key) != name) state.reset();
  if (state && part != names.end()) {
    load_upload(std::move(*state), *part->second);
    return {};
  }
  if (state && state->published) {
    add_published({state->facts, *state->published, status->modified, true});
    return {};
  }
  if (part != names.end()) {
    if (auto removed = staging_.remove_file(part->first); !removed) return removed;
  }
  return staging_.remove_file(name);
}

void UploadTable::load_upload(UploadState state, const FileStatus& part) {
  const std::uint64_t blocks = part.size / kFileBlockBytes;
  if (state.blocks.size() > blocks) state.blocks.resize(static_cast<std::size_t>(blocks));
  const FileUsage usage = reservation_of(state);
  auto upload = std::make_shared<StagedUpload>(staging_, state.facts,
                                               account_.reserve_again(usage, usage.bytes));
  upload->load(state, part.modified);
  const std::lock_guard lock(mutex_);
  uploads_.push_back(std::move(upload));
}

std::shared_ptr<StagedUpload> UploadTable::find(const UploadKey& key) const {
  if (key == UploadKey{}) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(uploads_, [&](const auto& each) { return each->facts().key == key; });
  return found == uploads_.end() ? nullptr : *found;
}

std::optional<UploadTable::Published> UploadTable::find_published(const UploadKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = published_.find(key);
  return found == published_.end() ? std::nullopt : std::optional(found->second);
}

FileOutcome<std::shared_ptr<StagedUpload>> UploadTable::begin(const UploadFacts& facts,
                                                              QuotaReservation reservation) {
  if (is_unread(facts.key)) {
    return refuse(FileErrorCode::storage, "what is kept of this upload cannot be read");
  }
  auto upload = std::make_shared<StagedUpload>(staging_, facts, std::move(reservation));
  {
    const std::lock_guard lock(mutex_);
    if (uploads_.size() >= limits_.uploads_max) return refuse(FileErrorCode::too_many_uploads);
    uploads_.push_back(upload);
  }
  if (auto made = upload->make(); !made) {
    take_out(*upload);
    return std::unexpected(std::move(made.error()));
  }
  return upload;
}

void UploadTable::take_out(const StagedUpload& upload) {
  const std::lock_guard lock(mutex_);
  std::erase_if(uploads_, [&](const auto& each) { return each.get() == &upload; });
}

void UploadTable::note_published(const StagedUpload& upload, const FileStatus& status) {
  // In this order a repetition finds one of both.
  const FileTime now = file_time_now();
  if (upload.has_key()) add_published({upload.facts(), published_file_of(status), now, true});
  take_out(upload);
  if (upload.has_key()) end_keys(now);
}

void UploadTable::note_published(const UploadFacts& facts, const FileStatus& status) {
  const FileTime now = file_time_now();
  add_published({facts, published_file_of(status), now});
  end_keys(now);
}

void UploadTable::add_published(Published published) {
  const std::lock_guard lock(mutex_);
  const UploadKey key = published.facts.key;
  const auto [age, is_new] = ages_.insert({published.when, key});
  try {
    Published& place = published_[key];
    if (place.when != published.when) ages_.erase({place.when, key});
    published.has_state_file = published.has_state_file || place.has_state_file;
    place = std::move(published);
  } catch (const std::bad_alloc&) {
    if (is_new) ages_.erase(age);
    throw;
  }
}

std::vector<UploadKey> UploadTable::take_ended_keys(FileTime now) {
  std::vector<UploadKey> ended;
  const std::lock_guard lock(mutex_);
  while (is_oldest_over(now)) {
    const auto oldest = published_.find(ages_.begin()->second);
    if (oldest->second.has_state_file) ended.push_back(oldest->first);
    published_.erase(oldest);
    ages_.erase(ages_.begin());
  }
  return ended;
}

bool UploadTable::has_ended_keys(FileTime now) const {
  const std::lock_guard lock(mutex_);
  return is_oldest_over(now);
}

/// mutex_ is held.
bool UploadTable::is_oldest_over(FileTime now) const {
  if (ages_.empty()) return false;
  return published_.size() > limits_.keys_max || now - ages_.begin()->first >= limits_.key_term;
}

/// Without memory for the wait, the next sweep does it.
void UploadTable::end_keys(FileTime now) {
  if (!has_ended_keys(now)) return;
  const CancelHold cleanup;
  if (const auto lock = beginning_.lock()) remove_ended_keys(now);
}

/// beginning_ is held: otherwise a key could begin again before its old state file is removed.
void UploadTable::remove_ended_keys(FileTime now) {
  for (const UploadKey& key : take_ended_keys(now)) remove_state(key);
}

void UploadTable::remove_state(const UploadKey& key) {
  // A small file may have had the key of an upload that is not finished.
  if (find(key) != nullptr || is_unread(key)) return;
  const CancelHold hold;
  discard(staging_.remove_file(state_name_of(key)));
}

void UploadTable::forget_published(const UploadKey& key) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = published_.find(key);
    if (found != published_.end()) {
      ages_.erase({found->second.when, key});
      published_.erase(found);
    }
  }
  remove_state(key);
}

void UploadTable::drop(const std::shared_ptr<StagedUpload>& upload) {
  take_out(*upload);
  upload->drop();
}

std::vector<UploadEntry> UploadTable::entries() const {
  std::vector<UploadEntry> entries;
  const std::lock_guard lock(mutex_);
  for (const auto& each : uploads_) {
    if (each->has_key()) entries.push_back(each->entry());
  }
  return entries;
}

UploadTable::Uploads UploadTable::idle_uploads() const {
  Uploads idle;
  const std::lock_guard lock(mutex_);
  std::ranges::copy_if(uploads_, std::back_inserter(idle),
                       [](const auto& each) { return !each->is_held(); });
  return idle;
}

void UploadTable::drop_idle() {
  const auto lock = beginning_.lock();
  if (!lock) return;
  for (const auto& upload : idle_uploads()) drop(upload);
}

void UploadTable::sweep(FileTime now) {
  // No upload is begun or taken over at the same time.
  const auto lock = beginning_.lock();
  if (!lock) return;
  for (const auto& upload : idle_uploads()) {
    const bool has_ended = upload->is_gone() || !upload->has_key() ||
                           now - upload->entry().last_byte >= limits_.upload_term;
    if (has_ended) drop(upload);
    if (!has_ended) upload->close_idle();
  }
  load_unread();
  remove_ended_keys(now);
}

}  // namespace hotline::services
