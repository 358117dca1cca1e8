#include "services/file_changes.h"

#include <utility>

#include "hotline/engine/task_group.h"
#include "services/file_client_rules.h"

namespace hotline::services {

/// Does it, and records it.
template <typename Change>
void FileChanges::carry_out(ChangeNote note, const Change& change) {
  if (!stream_.accept()) return;
  const FileOutcome<FileVersion> changed = change();
  note.end(changed);
  stream_.finish(changed);
}

/// The same, and stops it where it is if the client gives it up.
template <typename Change>
void FileChanges::carry_out_long(const ChangeNote& note, const Change& change) {
  carry_out(note, [&]() -> FileOutcome<FileVersion> {
    FileOutcome<FileVersion> changed = refuse(FileErrorCode::busy, "no fiber is left");
    TaskGroup changing;
    TaskGroup watching;
    if (!changing.spawn("files change", [&] { changed = change(); })) return changed;
    discard(watching.spawn("files client", [&] {
      stream_.wait_cut();
      changing.cancel();
    }));
    discard(changing.join());
    watching.cancel();
    discard(watching.join());
    return changed;
  });
}

void FileChanges::answer(const PutSmallFile& request) {
  ChangeNote note(call_, FileRequestKind::file, request.path);
  note.add_bytes(request.content.size());
  carry_out(note, [&] { return store(request); });
}

FileOutcome<FileVersion> FileChanges::store(const PutSmallFile& request) {
  if (const auto fault = fault_in_content(request)) {
    return refuse(FileErrorCode::integrity, fault->fault.text);
  }
  FilesCounters& counters = call_.service.counters();
  counters.bytes_received += request.content.size();
  auto stored = call_.small_files.store(request);
  if (stored) ++counters.uploads;
  return stored;
}

void FileChanges::answer(const MakeDirectory& request) {
  carry_out(ChangeNote(call_, FileRequestKind::mkdir, request.path),
            [&] { return call_.home.make_directory(request); });
}

void FileChanges::answer(const RemoveFile& request) {
  const ChangeNote note(call_, FileRequestKind::remove, request.path);
  const auto remove = [&] { return call_.home.remove(request); };
  request.depth == FileDepth::single ? carry_out(note, remove) : carry_out_long(note, remove);
}

void FileChanges::answer(const MoveFile& request) {
  carry_out_long(ChangeNote(call_, FileRequestKind::move, request.path, &request.target),
                 [&] { return call_.home.move(request); });
}

void FileChanges::answer(const CopyFile& request) {
  carry_out_long(ChangeNote(call_, FileRequestKind::copy, request.path, &request.target),
                 [&] { return call_.home.copy(request); });
}

void FileChanges::answer(const SetFileMeta& request) {
  carry_out(ChangeNote(call_, FileRequestKind::set_meta, request.path),
            [&] { return call_.home.set_meta(request); });
}

void FileChanges::answer(const DropUpload& request) {
  const FilePath home;
  carry_out(ChangeNote(call_, FileRequestKind::drop, home),
            [&] { return call_.home.drop(request.key); });
}

}  // namespace hotline::services
