#include "services/change_note.h"

#include "hotline/engine/clock.h"

namespace hotline::services {

ChangeNote::ChangeNote(FileCaller& call, FileRequestKind kind, const FilePath& path,
                       const FilePath* target)
    : call_(call), kind_(kind), path_(path), target_(target), begun_(now()) {}

void ChangeNote::write(const FileError* error, bool is_cut) const {
  const FilesOptions& options = call_.service.options();
  if (!options.audit) return;
  options.audit({.user = call_.user,
                 .caller = call_.caller,
                 .endpoint = call_.endpoint,
                 .request = name_of(kind_),
                 .path = path_,
                 .target = target_,
                 .bytes = bytes_,
                 .error = error,
                 .is_cut = is_cut,
                 .time = now() - begun_,
                 .ended = wall_clock_now()});
}

}  // namespace hotline::services
