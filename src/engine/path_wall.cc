#include "engine/path_wall.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/above_standard.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

constexpr std::string_view kConfinePaths = "confine the program with Landlock";

// What the headers do not have yet, with the version of Landlock that it came with.
constexpr std::uint64_t kTruncate = 1U << 14;       // 3
constexpr std::uint64_t kControlDevice = 1U << 15;  // 5
constexpr std::uint64_t kBindAndConnect = 3;        // 4
constexpr std::uint64_t kSocketsAndSignals = 3;     // 6

constexpr std::uint64_t kReadRights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kAppendRights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;
constexpr std::uint64_t kRemoveRights = LANDLOCK_ACCESS_FS_REMOVE_FILE;
constexpr std::uint64_t kKeepRights = kReadRights | kAppendRights | kRemoveRights | kTruncate |
                                      LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                      LANDLOCK_ACCESS_FS_REMOVE_DIR;

// What can be permitted for a device.
constexpr std::uint64_t kDeviceRights =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;

/// As landlock_ruleset_attr of new kernels. Older ones accept it if what they do not know is 0.
struct Handled {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};

Handled handled_by(int version) {
  // Everything up to LANDLOCK_ACCESS_FS_REFER.
  Handled all{.files = 2 * LANDLOCK_ACCESS_FS_REFER - 1};
  if (version >= 3) all.files |= kTruncate;
  if (version >= 4) all.network = kBindAndConnect;
  if (version >= 5) all.files |= kControlDevice;
  if (version >= 6) all.scopes = kSocketsAndSignals;
  return all;
}

std::uint64_t rights_of(PathUse use) {
  switch (use) {
    case PathUse::read: return kReadRights;
    case PathUse::device: return LANDLOCK_ACCESS_FS_READ_FILE;
    case PathUse::append: return kAppendRights;
    case PathUse::remove: return kRemoveRights;
    case PathUse::keep: break;
  }
  return kKeepRights;
}

/// Returns the version, or a negated errno.
int find_version() {
  return system_result([] {
    return raw_call(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  });
}

std::unexpected<Error> no_landlock(int version) {
  std::string detail = "this kernel has only version 1, with which no file could be published";
  if (version == -EOPNOTSUPP) detail = "it is switched off in this kernel";
  if (version == -ENOSYS) detail = "this kernel does not have it";
  if (version == -EPERM) detail = "a container's filter forbids it";
  Error error = make_error(ErrorKind::unsupported, kConfinePaths, {}, std::move(detail),
                           "Linux has what is needed since 5.19; 'lsm=' of the kernel's command "
                           "line can switch it on");
  error.native_code = version < 0 ? -version : 0;
  return fail(std::move(error));
}

/// Returns the directories, or the device, that stand for `usable`.
std::vector<std::filesystem::path> places_of(const UsablePath& usable) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(usable.path, error);
  const auto kind = std::filesystem::status(path, error).type();
  // Its directory has other devices, which nothing will replace by this one.
  const bool is_missing =
      usable.use == PathUse::device && kind != std::filesystem::file_type::character;
  if (is_missing) return {};
  if (usable.use == PathUse::keep || kind == std::filesystem::file_type::directory ||
      kind == std::filesystem::file_type::character) {
    return {std::move(path)};
  }
  std::vector<std::filesystem::path> places{path.parent_path()};
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  if (!error) places.push_back(target.parent_path());
  return places;
}

/// Permits `rights` at `place`. Returns 0, or a negated errno; the place may not exist.
int permit(int rules, const std::filesystem::path& place, std::uint64_t rights) {
  const UniqueFd fd(above_standard(::open(place.c_str(), O_PATH | O_CLOEXEC)));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return -errno;
  if (!S_ISDIR(status.st_mode)) rights &= kDeviceRights;
  const landlock_path_beneath_attr rule{.allowed_access = rights, .parent_fd = fd.get()};
  return system_result(
      [&] { return raw_call(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0); });
}

}  // namespace

Result<PathWall> PathWall::make(std::span<const UsablePath> usable) {
  const int version = find_version();
  if (version < 2) return no_landlock(version);
  const Handled handled = handled_by(version);
  UniqueFd rules(above_standard(system_result(
      [&] { return raw_call(SYS_landlock_create_ruleset, &handled, sizeof handled, 0); })));
  if (!rules) return fail(system_error(-rules.get(), kConfinePaths));
  for (const UsablePath& each : usable) {
    for (const std::filesystem::path& place : places_of(each)) {
      const int failed = permit(rules.get(), place, rights_of(each.use) & handled.files);
      if (failed == 0 || each.use != PathUse::keep) continue;
      return fail(file_error(-failed, kConfinePaths, place.string()));
    }
  }
  return PathWall(std::move(rules), version);
}

Result<void> PathWall::raise() const {
  const int failed =
      system_result([&] { return raw_call(SYS_landlock_restrict_self, rules_.get(), 0); });
  if (failed < 0) return fail(system_error(-failed, kConfinePaths));
  return {};
}

}  // namespace hotline::engine
