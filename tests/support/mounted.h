#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::test {

/// Runs `body` in a child process without a loop that sees a file system of 1 MiB at a path that
/// it gets. Returns what `body` returned, or nothing (and says so) where this user may not mount.
inline std::optional<std::string> seen_on_small_disk(
    const std::function<std::string(const std::string& path)>& body) {
  constexpr int kMayNot = 77;
  const TemporaryDirectory folder;
  const ChildReport report = in_child_process([&] {
    const bool is_mounted =
        ::unshare(CLONE_NEWNS) == 0 &&
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount("none", folder.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=1m") == 0;
    if (!is_mounted) std::_Exit(kMayNot);
    std::fputs(body(folder.path()).c_str(), stderr);
  });
  if (report.exit_status == 0) return report.error_text;
  CHECK_MESSAGE(report.exit_status == kMayNot, report.error_text);
  MESSAGE("not tested: this user may not mount a file system");
  return std::nullopt;
}

}  // namespace hotline::test
