#include "services/settled_change.h"

#include <utility>

namespace hotline::services {

SettledChange::~SettledChange() {
  if (is_done_) return;
  change_.before.entries += made_;
  std::swap(change_.before, change_.after);
  // The disk has nothing of what was not carried out.
  account_.correct(change_).release();
}

}  // namespace hotline::services
