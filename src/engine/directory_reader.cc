#include "hotline/engine/directory_reader.h"

#include <cerrno>
#include <utility>

#include "engine/directory_reader_state.h"
#include "engine/file_call.h"

namespace hotline {

using engine::FileKernel;

/// Lists the next names in place of those that were returned.
int DirectoryReader::State::list(FileKernel& kernel) {
  const int fd = file->fd.get();
  if (!is_placed && position != 0) {
    const int failed = engine::uninterrupted([&] { return kernel.seek(fd, position); });
    if (failed < 0) return failed;
  }
  is_placed = true;
  names.clear();
  used = 0;
  return engine::uninterrupted([&] { return kernel.list(fd, names); });
}

/// Appends the next name, unless it has been removed since it was listed.
void DirectoryReader::State::take(FileKernel& kernel, std::vector<DirectoryEntry>& found) {
  engine::ListedName& listed = names[used++];
  position = listed.position;
  DirectoryEntry entry{std::move(listed.name), listed.kind.value_or(EntryKind::other), {}};
  if (options.detail == EntriesOptions::Detail::status || !listed.kind) {
    FileStatus status;
    const int failed = engine::uninterrupted([&] {
      return kernel.status_of(file->fd.get(), entry.name, engine::Patience::waits, status);
    });
    if (failed == -ENOENT) return;
    if (failed == 0) entry.kind = status.kind;
    if (failed == 0 && options.detail == EntriesOptions::Detail::status) entry.status = status;
  }
  found.push_back(std::move(entry));
}

int DirectoryReader::State::read(FileKernel& kernel, std::size_t max,
                                 std::vector<DirectoryEntry>& found) {
  while (found.size() < max && outcome > 0) {
    if (used < names.size()) {
      take(kernel, found);
    } else {
      outcome = list(kernel);
    }
  }
  // What was found before a failure is returned first.
  return found.empty() ? outcome : 0;
}

DirectoryReader::DirectoryReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
DirectoryReader::DirectoryReader(DirectoryReader&&) noexcept = default;
DirectoryReader& DirectoryReader::operator=(DirectoryReader&&) noexcept = default;
DirectoryReader::~DirectoryReader() = default;

Result<std::vector<DirectoryEntry>> DirectoryReader::next(std::size_t max) {
  std::vector<DirectoryEntry> found;
  const std::int64_t failed =
      engine::file_call([&](FileKernel& kernel) { return state_->read(kernel, max, found); });
  if (failed < 0) return fail(engine::disk_error(failed, "list", state_->file->path));
  return found;
}

std::uint64_t DirectoryReader::position() const { return state_->position; }

}  // namespace hotline
