#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/directory.h"
#include "hotline/server/server.h"
#include "hotline/services/file_share_list.h"
#include "hotline/services/file_user_list.h"
#include "hotline/services/files.h"
#include "services/file_ledger.h"
#include "simulation/cut_world.h"

namespace simulation {
namespace {

using hotline::Directory;
using hotline::DirectoryEntry;
using hotline::EntryKind;
using hotline::FileUserList;
using hotline::Result;

constexpr const char* kRootName = "srv";
constexpr const char* kRoot = "/srv";
constexpr const char* kBeside = "beside";  ///< A file that is in no home.
constexpr int kAttempts = 200;
constexpr std::size_t kNames = 64;

/// Calls `work` until it succeeds. Returns false if the program was killed, or it never does.
bool insist(CutWorld& world, const char* what, const std::function<Result<void>()>& work) {
  const std::size_t life = world.life;
  std::string why;
  for (int i = 0; i < kAttempts; ++i) {
    const auto done = work();
    if (life != world.life) return false;
    if (done) return true;
    why = done.error().message();
    if (!hotline::sleep_for(std::chrono::milliseconds(500))) return false;
  }
  world.blame(std::string("the server cannot ") + what + ": " + why);
  return false;
}

Result<void> make_share() {
  auto shares = hotline::FileShareList::open(kRoot);
  if (!shares) return hotline::fail(shares.error());
  if (!shares->shares().empty()) return {};
  const auto added =
      shares->add(CutWorld::kShare, {.quota = std::to_string(CutWorld::kBytesMax),
                                     .entries = std::to_string(CutWorld::kEntriesMax)});
  if (!added) return hotline::fail(added.error());
  return {};
}

Result<void> make_user(FileUserList& users, const CutWorld& world) {
  if (!users.users().empty()) return {};
  FileUserList::Change change{.quota = std::to_string(CutWorld::kBytesMax),
                              .entries = std::to_string(CutWorld::kEntriesMax)};
  if (world.is_shared) change.shares = {{CutWorld::kShare, "rwod"}};
  const auto added = users.add(CutWorld::kUser, change);
  if (!added) return hotline::fail(added.error());
  return {};
}

Result<void> make_root(const CutWorld& world) {
  const auto top = Directory::open("/");
  if (!top) return hotline::fail(top.error());
  if (!top->status(kBeside)) {
    if (auto made = top->create(kBeside, 0600); !made) return hotline::fail(made.error());
  }
  if (!top->status(kRootName)) {
    if (auto made = top->make_directory(kRootName, 0700); !made) return made;
  }
  if (auto synced = top->sync(); !synced) return synced;
  if (world.is_shared) {
    if (auto made = make_share(); !made) return made;
  }
  auto users = FileUserList::open(kRoot);
  if (!users) return hotline::fail(users.error());
  const auto root = Directory::open(kRoot);
  if (!root) return hotline::fail(root.error());
  if (auto synced = root->sync(); !synced) return synced;
  return make_user(*users, world);
}

// What is on the disk.

Result<std::string> content_of(const Directory& directory, const DirectoryEntry& entry) {
  auto file = directory.open_file(entry.name);
  if (!file) return hotline::fail(file.error());
  std::string content(static_cast<std::size_t>(entry.status->size), '\0');
  const auto size = file->read_at(0, hotline::as_writable_bytes(content));
  if (!size) return hotline::fail(size.error());
  content.resize(*size);
  return content;
}

Result<std::vector<DirectoryEntry>> entries_of(const Directory& directory) {
  auto reader = directory.entries();
  if (!reader) return hotline::fail(reader.error());
  std::vector<DirectoryEntry> all;
  for (;;) {
    auto some = reader->next(kNames);
    if (!some) return hotline::fail(some.error());
    if (some->empty()) return all;
    std::ranges::move(*some, std::back_inserter(all));
  }
}

Result<void> read_tree(const Directory& directory, const std::string& path, FileModel::Home& home) {
  const auto entries = entries_of(directory);
  if (!entries) return hotline::fail(entries.error());
  for (const DirectoryEntry& entry : *entries) {
    const std::string below = path.empty() ? entry.name : path + "/" + entry.name;
    if (entry.kind == EntryKind::directory) {
      home[below] = {.kind = FileModel::kDirectory};
      const auto inner = directory.open_beneath(entry.name);
      if (!inner) return hotline::fail(inner.error());
      if (auto read = read_tree(*inner, below, home); !read) return read;
      continue;
    }
    auto content = content_of(directory, entry);
    if (!content) return hotline::fail(content.error());
    home[below] = {.content = std::move(*content)};
  }
  return {};
}

/// Opens a directory in the root; nullopt if there is none yet.
Result<std::optional<Directory>> directory_in_root(const char* path) {
  const auto root = Directory::open(kRoot);
  if (!root) return hotline::fail(root.error());
  auto directory = root->open_beneath(path);
  if (directory) return std::move(*directory);
  if (directory.error().kind == hotline::ErrorKind::not_found) return std::nullopt;
  return hotline::fail(directory.error());
}

hotline::services::FileUsage usage_of(const FileModel::Home& home) {
  hotline::services::FileUsage usage{.entries = home.size()};
  for (const auto& [path, found] : home) usage.bytes += found.content.size();
  return usage;
}

Result<FileModel::Home> read_home(const CutWorld& world) {
  FileModel::Home home;
  const auto directory = directory_in_root(world.is_shared ? "shared/team" : "homes/alice");
  if (!directory) return hotline::fail(directory.error());
  if (!*directory) return home;
  if (auto read = read_tree(**directory, {}, home); !read) return hotline::fail(read.error());
  return home;
}

/// I1, I2, and the quota of I3.
bool check_home(CutWorld& world) {
  FileModel::Home home;
  const bool is_read = insist(world, "read the home", [&]() -> Result<void> {
    auto read = read_home(world);
    if (!read) return hotline::fail(read.error());
    home = std::move(*read);
    return {};
  });
  if (!is_read) return false;
  if (const std::string fault = world.model.fault_in(home); !fault.empty()) world.blame(fault);
  const hotline::services::FileUsage used = usage_of(home);
  if (used.bytes > CutWorld::kBytesMax || used.entries > CutWorld::kEntriesMax) {
    world.blame("the home takes " + std::to_string(used.bytes) + " bytes and " +
                std::to_string(used.entries) + " entries, more than its quota");
  }
  return true;
}

const char* staging_of(const CutWorld& world) {
  return world.is_shared ? "shared-staging/team/alice" : "staging/alice";
}

const char* ledger_of(const CutWorld& world) {
  return world.is_shared ? "shared-ledger" : "ledger";
}

/// I4: nothing of an upload is left after its term.
Result<void> check_staging(CutWorld& world) {
  const auto staging = directory_in_root(staging_of(world));
  if (!staging) return hotline::fail(staging.error());
  if (!*staging) return {};
  const auto entries = entries_of(**staging);
  if (!entries) return hotline::fail(entries.error());
  for (const DirectoryEntry& entry : *entries) {
    // The keys of published uploads are kept longer.
    if (!entry.name.ends_with(".state")) world.blame("the staging still has " + entry.name);
  }
  return {};
}

/// I3: what is counted anew is what is there.
Result<void> check_recount(CutWorld& world) {
  const auto home = read_home(world);
  if (!home) return hotline::fail(home.error());
  const auto counted = world.is_shared ? hotline::FileShareList::recount(kRoot, CutWorld::kShare)
                                       : FileUserList::recount(kRoot, CutWorld::kUser);
  if (!counted) return hotline::fail(counted.error());
  const hotline::services::FileUsage used = usage_of(*home);
  if (counted->bytes != used.bytes || counted->entries != used.entries) {
    world.blame("a recount has found something else than there is");
  }
  return {};
}

/// I7: there is nothing new beside the homes, and nothing that was there has changed.
Result<void> check_outside(CutWorld& world) {
  const auto top = Directory::open("/");
  if (!top) return hotline::fail(top.error());
  const auto beside = top->status(kBeside);
  if (!beside) return hotline::fail(beside.error());
  const auto homes = directory_in_root("homes");
  if (!homes) return hotline::fail(homes.error());
  const auto names_above = entries_of(*top);
  if (!names_above) return hotline::fail(names_above.error());
  if (names_above->size() != 2 || beside->size != 0) world.blame("there is more outside the root");
  if (!*homes) return {};
  const auto names = entries_of(**homes);
  if (!names) return hotline::fail(names.error());
  if (names->size() > 1) world.blame("there is more than one home");
  return {};
}

/// I3: the ledger is clean after an orderly end, and then it is right.
Result<void> check_ledger(CutWorld& world) {
  const auto home = read_home(world);
  if (!home) return hotline::fail(home.error());
  const auto root = Directory::open(kRoot);
  if (!root) return hotline::fail(root.error());
  auto file = root->open_file(ledger_of(world));
  if (!file) return hotline::fail(file.error());
  const auto ledger = hotline::services::FileLedger::open(std::move(*file));
  if (!ledger) return hotline::fail(ledger.error());
  const auto* slot = ledger->find(world.is_shared ? CutWorld::kShare : CutWorld::kUser);
  if (slot == nullptr || slot->is_dirty || slot->used == usage_of(*home)) return {};
  world.blame("the ledger has " + std::to_string(slot->used.bytes) + " bytes and " +
              std::to_string(slot->used.entries) + " entries, the home " +
              std::to_string(usage_of(*home).bytes) + " and " + std::to_string(home->size()));
  return {};
}

// What a disk forgets.

/// Changes one bit of a file at rest.
Result<void> flip_bit(CutWorld& world, const Directory& directory, const std::string& name) {
  auto file = directory.open_for_writing(name);
  if (!file) return hotline::fail(file.error());
  const auto status = file->status();
  if (!status) return hotline::fail(status.error());
  if (status->size == 0) return {};
  const std::uint64_t at = world.chance.below(status->size);
  std::array<std::byte, 1> byte;
  const auto read = file->read_at(at, byte);
  if (!read) return hotline::fail(read.error());
  byte[0] ^= static_cast<std::byte>(1U << world.chance.below(8));
  return file->write_at(at, byte);
}

/// Damages what is not published: an upload, or the ledger. The storage must notice it.
Result<void> damage(CutWorld& world) {
  const auto root = Directory::open(kRoot);
  if (!root) return hotline::fail(root.error());
  const char* const ledger = ledger_of(world);
  if (world.chance.below(4) == 0 && root->status(ledger)) return flip_bit(world, *root, ledger);
  const auto staging = directory_in_root(staging_of(world));
  if (!staging) return hotline::fail(staging.error());
  if (!*staging) return {};
  const auto entries = entries_of(**staging);
  if (!entries) return hotline::fail(entries.error());
  if (entries->empty()) return {};
  const auto chosen = static_cast<std::size_t>(world.chance.below(entries->size()));
  return flip_bit(world, **staging, (*entries)[chosen].name);
}

// The server.

hotline::FilesOptions options_of_files(const CutWorld& world) {
  hotline::FilesOptions options;
  options.root = kRoot;
  options.user = CutWorld::kUser;
  options.is_exposed = true;
  options.uploads_term = CutWorld::kUploadTerm;
  options.connections_per_user_max = 64;
  if (world.seed % 5 == 0) options.requests_max = 2;
  return options;
}

hotline::ServerOptions options_of_server(CutWorld& world) {
  hotline::ServerOptions options;
  options.signals = hotline::SignalUse::drain;
  options.exposure = hotline::Exposure::anywhere;
  options.on_serving = [&world](const hotline::Server&) { world.serves_since = hotline::now(); };
  if (world.seed % 3 == 0) {
    options.concurrency = {hotline::Concurrency::Kind::threads, 16};
  } else {
    options.concurrency = {hotline::Concurrency::Kind::loops, 1 + world.seed % 2};
  }
  return options;
}

/// Serves until it is stopped.
Result<void> serve_files(CutWorld& world) {
  auto handler = hotline::files_handler(options_of_files(world));
  if (!handler) return hotline::fail(handler.error());
  hotline::Server server(options_of_server(world));
  if (auto added = server.add("tcp://:8000", std::move(*handler)); !added) return added;
  if (auto bound = server.bind(); !bound) return bound;
  const auto report = server.run();
  if (!report) return hotline::fail(report.error());
  return {};
}

}  // namespace

void run_cut_server(CutWorld& world) {
  const std::size_t life = world.life;
  if (!insist(world, "make its root", [&] { return make_root(world); })) return;
  if (!check_home(world)) return;
  if (life > 0 && world.chance.below(2) == 0) hotline::discard(damage(world));
  if (life != world.life) return;
  if (!insist(world, "serve", [&] { return serve_files(world); })) return;
  if (life != world.life) return;
  // What an upload that was cut off has left is dropped at its term, at the latest by the next
  // server, which has no callers.
  world.serves_since.reset();
  if (!insist(world, "serve again", [&] { return serve_files(world); })) return;
  world.is_over = true;
  if (!check_home(world)) return;
  insist(world, "read the ledger", [&] { return check_ledger(world); });
  insist(world, "look outside", [&] { return check_outside(world); });
  insist(world, "read the staging", [&] { return check_staging(world); });
  insist(world, "count the home", [&] { return check_recount(world); });
}

}  // namespace simulation
