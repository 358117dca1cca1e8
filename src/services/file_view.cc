#include "services/file_view.h"

namespace hotline::services {

void FileView::set_rights(FileOutcome<FileRights> rights) {
  const std::lock_guard lock(mutex_);
  rights_ = std::move(rights);
}

FileRights FileView::rights() const {
  const std::lock_guard lock(mutex_);
  return rights_.value_or(FileRights());
}

FileOutcome<void> FileView::check(std::initializer_list<Right> wanted) const {
  const std::lock_guard lock(mutex_);
  if (!rights_) return std::unexpected(rights_.error());
  for (const Right right : wanted) {
    if (!((*rights_).*right)) return refuse(FileErrorCode::not_permitted);
  }
  return {};
}

FileOutcome<Overwriting> FileView::check_writing() const {
  if (auto may = check({&FileRights::can_write}); !may) return std::unexpected(may.error());
  return rights().can_overwrite ? Overwriting::allowed : Overwriting::refused;
}

}  // namespace hotline::services
