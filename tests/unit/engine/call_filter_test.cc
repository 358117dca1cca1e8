#include "engine/call_filter.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/annotations.h"
#include "support/launched.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::call_filter_test {
namespace {

using test::must;

/// Installs the filter; ends the process with status 77 if this system has none.
void install(RingUse rings) {
  must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  if (!engine::install_call_filter(rings)) ::_exit(77);
}

/// Runs `body` in a process of its own with the filter.
void filtered(const std::function<void()>& body, RingUse rings = RingUse::refused) {
  const auto report = test::in_child_process([&] {
    install(rings);
    body();
  });
  if (report.exit_status == 77) {
    MESSAGE("skipped: this system has no filters of system calls");
    return;
  }
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

void must_be_refused(long returned, const std::string& what) {
  must(returned == -1 && errno == EPERM, what + " was not refused");
}

}  // namespace

TEST_CASE("no program can be run") {
  filtered([] {
    std::array<char*, 2> words{const_cast<char*>("true"), nullptr};
    must_be_refused(::execv("/bin/true", words.data()), "execve");
    must_be_refused(::syscall(SYS_execveat, AT_FDCWD, "/bin/true", words.data(), nullptr, 0),
                    "execveat");
  });
}

TEST_CASE("other programs can be neither traced nor read") {
  filtered([] {
    must_be_refused(::syscall(SYS_process_vm_readv, ::getppid(), nullptr, 0, nullptr, 0, 0),
                    "process_vm_readv");
    must_be_refused(::syscall(SYS_pidfd_getfd, -1, 0, 0), "pidfd_getfd");
    if (!engine::kUnderAsan) {
      must_be_refused(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr), "ptrace");
    }
  });
}

TEST_CASE("links, devices and owners cannot be made or changed") {
  const test::TemporaryDirectory folder;
  const std::string name = folder.file("a");
  filtered([&] {
    must(UniqueFd(::open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)).get() >= 0, "open");
    const std::string other = folder.file("b");
    must_be_refused(::link(name.c_str(), other.c_str()), "link");
    must_be_refused(::symlink(name.c_str(), other.c_str()), "symlink");
    must_be_refused(::mkfifo(other.c_str(), 0600), "mknod");
    must_be_refused(::chown(name.c_str(), ::geteuid(), ::getegid()), "chown");
    must_be_refused(::truncate(name.c_str(), 0), "truncate");
  });
}

TEST_CASE("the users, mounts, kernel and clock stay as they are") {
  filtered([] {
    must_be_refused(::setuid(::geteuid()), "setuid");
    must_be_refused(::setgroups(0, nullptr), "setgroups");
    must_be_refused(::mount(nullptr, "/", nullptr, 0, nullptr), "mount");
    must_be_refused(::chroot("/"), "chroot");
    must_be_refused(::unshare(0), "unshare");
    must_be_refused(::syscall(SYS_bpf, 0, nullptr, 0), "bpf");
    must_be_refused(::syscall(SYS_init_module, nullptr, 0, ""), "init_module");
    must_be_refused(::syscall(SYS_clock_settime, 0, nullptr), "clock_settime");
  });
}

TEST_CASE("rings are refused unless they are allowed") {
  const auto set_up = [] { return ::syscall(SYS_io_uring_setup, 0, nullptr); };
  filtered([&] { must_be_refused(set_up(), "io_uring_setup"); });
  if (!probe_uring().is_usable) return;
  filtered([&] { must(set_up() == -1 && errno != EPERM, "refused"); }, RingUse::allowed);
}

TEST_CASE("threads that run already are filtered too") {
  const auto report = test::in_child_process([] {
    std::array<int, 2> ends{};
    must(::pipe(ends.data()) == 0, "pipe");
    bool is_refused = false;
    std::thread earlier([&] {
      char byte = 0;
      must(::read(ends[0], &byte, 1) == 1, "read");
      is_refused = ::unshare(0) == -1 && errno == EPERM;
    });
    must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    const bool has_filter = engine::install_call_filter(RingUse::refused).has_value();
    must(::write(ends[1], "x", 1) == 1, "write");
    earlier.join();
    must(is_refused == has_filter, "the earlier thread is free");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("files, sockets, threads and processes work as before") {
  const test::TemporaryDirectory folder;
  filtered([&] {
    const std::string name = folder.file("a");
    const UniqueFd file(::open(name.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    must(::write(file.get(), "text", 4) == 4 && ::ftruncate(file.get(), 1) == 0, "write");
    must(::fchmod(file.get(), 0700) == 0 && ::fsync(file.get()) == 0, "fchmod");
    must(::rename(name.c_str(), folder.file("b").c_str()) == 0, "rename");
    must(::mkdir(folder.file("d").c_str(), 0700) == 0, "mkdir");
    must(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)).get() >= 0, "socket");
    std::thread([] {}).join();
    must(test::in_child_process([] {}).exit_status == 0, "fork");
  });
}

}  // namespace hotline::call_filter_test
