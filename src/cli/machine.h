#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hotline::cli {

/// What the kernel reports in /proc and /sys about this machine and this process. Missing values
/// are absent.
struct Machine {
  std::optional<std::string> kernel_release;
  std::optional<std::int64_t> io_uring_disabled;  ///< The sysctl: 0 allows it to all users.
  std::optional<std::int64_t> seccomp_mode;       ///< 0 none, 1 strict, 2 filter.
  std::optional<std::int64_t> descriptors_max;    ///< Soft limit of this process.
  std::optional<std::int64_t> locked_memory_max;  ///< Bytes, soft; absent also if unlimited.
  std::optional<std::int64_t> mappings_max;       ///< vm.max_map_count.
  std::optional<std::int64_t> memory_total;       ///< Bytes.
  std::optional<std::int64_t> memory_available;   ///< Bytes.
  std::optional<std::int64_t>
      memory_group_limit;  ///< Bytes, the smallest of this cgroup and its ancestors.
};

/// Reads it now.
Machine read_machine();

}  // namespace hotline::cli
