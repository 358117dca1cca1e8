#include "engine/call_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/annotations.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

constexpr std::string_view kRefuseCalls = "refuse system calls with seccomp";

constexpr std::array kRefusedCalls = {
    // programs, and the memory and descriptors of others
    SYS_execve, SYS_execveat, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise,
    SYS_pidfd_getfd, SYS_kcmp, SYS_personality,
    // mounts and namespaces
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount, SYS_open_tree, SYS_fsopen,
    SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_unshare, SYS_setns,
    // the kernel
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_bpf,
    SYS_perf_event_open, SYS_userfaultfd, SYS_fanotify_init, SYS_add_key, SYS_request_key,
    SYS_keyctl, SYS_syslog,
    // the machine
    SYS_reboot, SYS_swapon, SYS_swapoff, SYS_acct, SYS_quotactl, SYS_quotactl_fd, SYS_sethostname,
    SYS_setdomainname, SYS_settimeofday, SYS_clock_settime, SYS_vhangup,
    // links, devices, owners, and files without a path that could be guarded
    SYS_linkat, SYS_symlinkat, SYS_mknodat, SYS_fchown, SYS_fchownat, SYS_truncate,
    SYS_open_by_handle_at, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr,
    // users
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups,
    SYS_setfsuid, SYS_setfsgid, SYS_capset};

constexpr std::array kRingCalls = {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register};

// A filter must know the processor, because a program can make calls of several kinds, in which the
// same number means different calls. Old processors have some calls in two forms.
#if defined(__x86_64__)
constexpr std::uint32_t kProcessor = AUDIT_ARCH_X86_64;
constexpr std::array kOldForms = {
    SYS_link, SYS_symlink, SYS_mknod,  SYS_chown,           SYS_lchown,
    SYS_iopl, SYS_ioperm,  SYS_uselib, SYS_kexec_file_load, SYS_modify_ldt};
#elif defined(__aarch64__)
constexpr std::uint32_t kProcessor = AUDIT_ARCH_AARCH64;
constexpr std::array kOldForms = {SYS_kexec_file_load};
#else
constexpr std::uint32_t kProcessor = 0;
constexpr std::array kOldForms = {SYS_execve};
#endif

// The numbers of x32, on x86-64.
constexpr std::uint32_t kOtherKind = 0x40000000;

constexpr std::uint32_t kRefusal = SECCOMP_RET_ERRNO | EPERM;

std::vector<std::uint32_t> refused_calls(RingUse rings) {
  std::vector<std::uint32_t> calls;
  const auto add = [&](std::span<const int> more) {
    calls.insert(calls.end(), more.begin(), more.end());
  };
  add(kRefusedCalls);
  add(kOldForms);
  if (rings == RingUse::refused) add(kRingCalls);
  if (!kUnderAsan) calls.push_back(SYS_ptrace);
  return calls;
}

std::vector<sock_filter> make_program(std::span<const std::uint32_t> refused) {
  // Jumps are relative, and reach 255 steps.
  const auto to_refusal = [&](std::size_t index) {
    return static_cast<std::uint8_t>(refused.size() - index);
  };
  std::vector<sock_filter> steps{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kProcessor, 1, 0),
                                 BPF_STMT(BPF_RET | BPF_K, kRefusal),
                                 BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                 BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherKind,
                                          static_cast<std::uint8_t>(refused.size() + 1), 0)};
  for (std::size_t i = 0; i < refused.size(); ++i) {
    steps.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i], to_refusal(i), 0));
  }
  steps.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  steps.push_back(BPF_STMT(BPF_RET | BPF_K, kRefusal));
  return steps;
}

}  // namespace

Result<void> install_call_filter(RingUse rings) {
  if (kProcessor == 0) {
    return fail(make_error(ErrorKind::unsupported, kRefuseCalls, {},
                           "the calls of this processor are not known"));
  }
  std::vector<sock_filter> steps = make_program(refused_calls(rings));
  const sock_fprog program{static_cast<unsigned short>(steps.size()), steps.data()};
  const int failed = system_result([&] {
    return raw_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  });
  if (failed == 0) return {};
  if (failed > 0) {
    return fail(make_error(ErrorKind::unsupported, kRefuseCalls, {},
                           "another thread has a filter of its own"));
  }
  Error error = system_error(-failed, kRefuseCalls);
  error.kind = ErrorKind::unsupported;
  return fail(std::move(error));
}

}  // namespace hotline::engine
