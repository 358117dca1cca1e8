#include "contract/wait_rig.h"

#include <doctest/doctest.h>

#include "contract/row.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"

namespace contract {

WaitRig& wait_rig() {
  static const std::unique_ptr<WaitRig> made =
      row().is_simulated() ? make_simulated_rig() : make_system_rig();
  return *made;
}

WaitRig::End cancel_fiber_after(hotline::Duration delay, const WaitRig::Wait& wait) {
  WaitRig::End kind;
  hotline::TaskGroup group;
  REQUIRE(group.spawn("waiter", [&] { kind = wait(); }));
  static_cast<void>(hotline::sleep_for(delay));
  group.cancel();
  static_cast<void>(group.join());
  return kind;
}

}  // namespace contract
