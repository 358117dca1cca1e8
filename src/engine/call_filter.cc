#include "engine/call_filter.h"

#include <seccomp.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "engine/annotations.h"

namespace hotline::engine {
namespace {

constexpr std::string_view kRefuseCalls = "refuse system calls with seccomp";

// Processors have some calls in an older form too, or not at all.
constexpr const char* kRefusedCalls[] = {
    // programs, and the memory and descriptors of others
    "execve", "execveat", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd",
    "kcmp", "personality", "uselib",
    // mounts and namespaces
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "unshare", "setns",
    // the kernel
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf",
    "perf_event_open", "userfaultfd", "fanotify_init", "add_key", "request_key", "keyctl", "syslog",
    // the machine
    "reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "sethostname",
    "setdomainname", "settimeofday", "stime", "clock_settime", "clock_settime64", "vhangup", "iopl",
    "ioperm", "modify_ldt",
    // links, devices, owners, and files without a path that could be guarded
    "link", "linkat", "symlink", "symlinkat", "mknod", "mknodat", "chown", "lchown", "fchown",
    "fchownat", "truncate", "truncate64", "open_by_handle_at", "setxattr", "lsetxattr", "fsetxattr",
    // users
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid",
    "setfsgid", "capset"};

constexpr const char* kRingCalls[] = {"io_uring_setup", "io_uring_enter", "io_uring_register"};

constexpr const char* kTracingCalls[] = {"ptrace"};

constexpr std::uint32_t kRefusal = SCMP_ACT_ERRNO(EPERM);

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

/// Returns 0 or a negated errno, as the functions of libseccomp do.
int refuse(const Filter& filter, std::span<const char* const> calls) {
  for (const char* each : calls) {
    const int number = seccomp_syscall_resolve_name(each);
    // Newer than the library.
    if (number == __NR_SCMP_ERROR) continue;
    const int failed = seccomp_rule_add(filter.get(), kRefusal, number, 0);
    if (failed < 0) return failed;
  }
  return 0;
}

int refuse_all(const Filter& filter, RingUse rings) {
  int failed = refuse(filter, kRefusedCalls);
  if (failed == 0 && !kUnderAsan) failed = refuse(filter, kTracingCalls);
  if (failed == 0 && rings == RingUse::refused) failed = refuse(filter, kRingCalls);
  return failed;
}

int set_attributes(const Filter& filter) {
  // Calls of other processors' kinds.
  const int failed = seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, kRefusal);
  return failed < 0 ? failed : seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
}

}  // namespace

Result<void> install_call_filter(RingUse rings) {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) throw std::bad_alloc();
  int failed = set_attributes(filter);
  if (failed == 0) failed = refuse_all(filter, rings);
  if (failed == 0) failed = seccomp_load(filter.get());
  if (failed == 0) return {};
  Error error = system_error(-failed, kRefuseCalls);
  error.kind = ErrorKind::unsupported;
  return fail(std::move(error));
}

}  // namespace hotline::engine
