#include "engine/launcher/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {
namespace {

using std::chrono::milliseconds;

constexpr int kStopsMax = 64;
constexpr milliseconds kFirstPause{10};
constexpr milliseconds kLongestPause{1000};

struct Member {
  pid_t pid;
  pid_t parent;
};

/// Returns the contents of a file of /proc; empty if it does not exist.
std::string text_of(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 1024> piece;
  for (ssize_t size; file && (size = ::read(file.get(), piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

/// Returns the names in a directory of /proc that are numbers.
std::vector<pid_t> numbers_in(const std::string& path) {
  std::vector<pid_t> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  while (directory) {
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    pid_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    if (number > 0) numbers.push_back(number);
  }
  return numbers;
}

pid_t parent_of(pid_t pid) {
  const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
  // The name may contain anything, a parenthesis too; the last one ends it. State and parent
  // follow.
  const std::size_t end = stat.rfind(')');
  if (end == std::string::npos || end + 4 >= stat.size()) return -1;
  pid_t parent = -1;
  std::from_chars(stat.data() + end + 4, stat.data() + stat.size(), parent);
  return parent;
}

bool has_children_files() {
  static const bool has_them = [] {
    const std::string self = std::to_string(::getpid());
    return ::access(("/proc/" + self + "/task/" + self + "/children").c_str(), R_OK) == 0;
  }();
  return has_them;
}

void append_numbers(std::string_view text, std::vector<pid_t>& numbers) {
  while (!text.empty()) {
    pid_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{}) numbers.push_back(number);
    const auto read = static_cast<std::size_t>(end - text.data());
    text.remove_prefix(std::min(text.size(), read + 1));
  }
}

/// The number may have been reused by now; an open pidfd still refers to the same process.
void signal_member(const Member& member, int signal) {
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, member.pid, 0)));
  if (!pidfd) return;
  const pid_t self = ::getpid();
  if (member.parent != self) {
    const pid_t parent = parent_of(member.pid);
    if (parent != member.parent && parent != self) return;
  }
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
}

/// Signals each process before it looks for its children, so that the process cannot start another
/// one unnoticed. Returns how many there are.
std::size_t signal_trees(const std::vector<pid_t>& roots, int signal) {
  std::vector<Member> pending;
  for (const pid_t root : roots) pending.push_back({root, ::getpid()});
  std::size_t count = 0;
  while (!pending.empty()) {
    const Member member = pending.back();
    pending.pop_back();
    signal_member(member, signal);
    ++count;
    for (const pid_t child : children_of(member.pid)) pending.push_back({child, member.pid});
  }
  return count;
}

/// Waits until a child may have ended, for at most `pause`.
void wait_for_end(milliseconds pause) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGCHLD);
  const timespec time{pause.count() / 1000, pause.count() % 1000 * 1'000'000};
  ::sigtimedwait(&ends, nullptr, &time);
}

}  // namespace

std::string proc_problem() {
  std::array<char, 32> self{};
  if (::readlink("/proc/self", self.data(), self.size() - 1) < 0) return "/proc is not mounted";
  if (std::string_view(self.data()) != std::to_string(::getpid())) {
    return "/proc shows the processes of another PID namespace";
  }
  if (has_children_files() || parent_of(::getpid()) == ::getppid()) return {};
  return "/proc does not say which process is the parent of which";
}

std::vector<pid_t> children_of(pid_t pid) {
  if (!has_children_files()) return children_by_parent(pid);
  std::vector<pid_t> children;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const pid_t task : numbers_in(tasks)) {
    append_numbers(text_of(tasks + "/" + std::to_string(task) + "/children"), children);
  }
  return children;
}

std::vector<pid_t> children_by_parent(pid_t pid) {
  std::vector<pid_t> children = numbers_in("/proc");
  std::erase_if(children, [&](pid_t each) { return parent_of(each) != pid; });
  return children;
}

void kill_trees(const std::function<std::vector<pid_t>()>& roots) {
  // Stopped processes neither start others nor take processor time from this one. A process that
  // continues stopped ones cannot prolong this for ever, because of the limit.
  std::size_t seen = 0;
  for (int stops = 0; stops < kStopsMax; ++stops) {
    const std::size_t count = signal_trees(roots(), SIGSTOP);
    if (count == seen) break;
    seen = count;
  }
  signal_trees(roots(), SIGKILL);
}

void kill_group(pid_t group) {
  siginfo_t found{};
  const int looked = ::waitid(P_PGID, static_cast<id_t>(group), &found,
                              WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT);
  if (looked == 0) ::kill(-group, SIGKILL);
}

bool reap_children(const std::function<void(const EndedChild&)>& on_end) {
  for (;;) {
    EndedChild child{};
    child.pid = ::wait4(-1, &child.status, WNOHANG, &child.usage);
    if (child.pid <= 0) return child.pid == 0;
    on_end(child);
  }
}

void end_descendants(const std::function<void(const EndedChild&)>& on_end, pid_t group) {
  milliseconds pause = kFirstPause;
  while (reap_children(on_end)) {
    kill_trees([] { return children_of(::getpid()); });
    if (group > 0) kill_group(group);
    wait_for_end(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace hotline::engine
