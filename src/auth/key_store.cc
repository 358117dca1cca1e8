#include "hotline/auth/key_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "auth/key_choice.h"
#include "auth/key_file.h"
#include "engine/private_directory.h"
#include "hotline/core/log_entry.h"
#include "hotline/engine/clock.h"

namespace hotline {
namespace {

using auth::KeyFile;
using engine::PrivateDirectory;

constexpr char kAdd[] = "add";

std::string name_of_file(KeyList list) { return std::string(name_of(list)); }

std::string time_as_text() {
  const std::string precise = LogEntry::of({}, wall_clock_now()).time_as_text();
  return precise.substr(0, precise.find('.')) + "Z";
}

/// Returns the list as its file has it, or an empty one if there is no file.
Result<KeyFile> load(const PrivateDirectory& directory, KeyList list) {
  const std::string name = name_of_file(list);
  const auto content = directory.read(name, KeyFile::kBytesMax);
  if (content) return KeyFile::parse(content->bytes(), list, directory.path_of(name));
  if (content.error().kind != ErrorKind::not_found) return fail(content.error());
  KeyFile file;
  file.list = list;
  return file;
}

Result<void> save(const PrivateDirectory& directory, const KeyFile& file) {
  return directory.replace(name_of_file(file.list), file.format().bytes());
}

/// Keeps other programs from changing a home, if it could be opened.
Result<PrivateDirectory> lock(Result<PrivateDirectory> directory,
                              std::chrono::milliseconds patience) {
  if (!directory) return directory;
  if (auto locked = directory->lock(patience); !locked) return fail(std::move(locked.error()));
  return directory;
}

const KeyRecord* find(const KeyFile& file, const Key& key) {
  const auto found = std::ranges::find_if(file.records, [&](const KeyRecord& each) {
    return each.key.name == key.name && each.key.server_id == key.server_id;
  });
  return found == file.records.end() ? nullptr : &*found;
}

std::string describe(const Key& key) { return "the key '" + key.name + "'"; }

/// Adds `key` to `file` and saves it.
Result<void> append(const PrivateDirectory& directory, KeyFile& file, Key key) {
  if (file.records.size() == KeyFile::kKeysMax) {
    return fail(make_error(ErrorKind::resource_exhausted, kAdd, describe(key),
                           "the list is full: it has 10000 keys",
                           "remove those that are no longer used"));
  }
  file.records.push_back({file.list, std::move(key), time_as_text()});
  auto saved = save(directory, file);
  if (!saved) {
    // It may be there in spite of the failure, if only its durability could not be ensured.
    file.records.pop_back();
    discard(save(directory, file));
  }
  return saved;
}

/// Returns the files of both lists, callers first.
Result<std::vector<KeyFile>> load_all(const PrivateDirectory& directory) {
  std::vector<KeyFile> files;
  for (const KeyList list : {KeyList::callers, KeyList::credentials}) {
    auto file = load(directory, list);
    if (!file) return fail(std::move(file.error()));
    files.push_back(std::move(*file));
  }
  return files;
}

std::vector<KeyRecord> records_of(const std::vector<KeyFile>& files) {
  std::vector<KeyRecord> records;
  for (const KeyFile& file : files) {
    records.insert(records.end(), file.records.begin(), file.records.end());
  }
  return records;
}

}  // namespace

Result<std::vector<KeyRecord>> KeyStore::read() const {
  const auto directory = PrivateDirectory::open(directory_);
  if (!directory) {
    if (directory.error().kind == ErrorKind::not_found) return std::vector<KeyRecord>{};
    return fail(directory.error());
  }
  const auto files = load_all(*directory);
  if (!files) return fail(files.error());
  return records_of(*files);
}

Result<Key> KeyStore::create(std::string_view name) const {
  if (auto checked = Key::check_name(name); !checked) return fail(std::move(checked.error()));
  const auto directory = lock(PrivateDirectory::make(directory_), patience_);
  if (!directory) return fail(directory.error());
  auto file = load(*directory, KeyList::callers);
  if (!file) return fail(std::move(file.error()));
  if (file->server_id.empty()) file->server_id = Key::random_server_id();
  Key key = Key::random(file->server_id, std::string(name));
  if (find(*file, key) != nullptr) {
    return fail(make_error(ErrorKind::invalid_argument, "make", describe(key),
                           "there is one of that name",
                           "choose another name, or remove that key first"));
  }
  if (auto added = append(*directory, *file, key); !added) return fail(std::move(added.error()));
  return key;
}

Result<KeyStore::Added> KeyStore::add(const Key& key) const {
  const auto directory = lock(PrivateDirectory::make(directory_), patience_);
  if (!directory) return fail(directory.error());
  auto file = load(*directory, KeyList::credentials);
  if (!file) return fail(std::move(file.error()));
  if (const KeyRecord* found = find(*file, key)) {
    if (found->key == key) return Added::before;
    return fail(make_error(ErrorKind::invalid_argument, kAdd, describe(key),
                           "there is another one of that name for the same server",
                           "remove that key first"));
  }
  if (auto added = append(*directory, *file, key); !added) return fail(std::move(added.error()));
  return Added::now;
}

Result<KeyRecord> KeyStore::remove(const KeySelector& wanted) const {
  // A home without keys is not made only to find that out.
  const auto directory = lock(PrivateDirectory::open(directory_), patience_);
  if (!directory) {
    if (directory.error().kind == ErrorKind::not_found) return find_key({}, wanted);
    return fail(directory.error());
  }
  auto files = load_all(*directory);
  if (!files) return fail(std::move(files.error()));
  auto removed = find_key(records_of(*files), wanted);
  if (!removed) return removed;
  KeyFile& file = *std::ranges::find(*files, removed->list, &KeyFile::list);
  std::erase(file.records, *removed);
  if (auto saved = save(*directory, file); !saved) return fail(std::move(saved.error()));
  return removed;
}

Result<KeyRecord> find_key(const std::vector<KeyRecord>& records, const KeySelector& wanted) {
  const auto found = auth::choose_key(records, wanted);
  if (!found) return fail(found.error());
  return records[*found];
}

}  // namespace hotline
