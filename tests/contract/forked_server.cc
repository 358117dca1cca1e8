#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "contract/beside.h"
#include "contract/server_run.h"
#include "hotline/core/unique_fd.h"

// Defined under AddressSanitizer only.
extern "C" void __lsan_do_leak_check() __attribute__((weak));

namespace contract {
namespace {

void write_whole(int fd, const void* data, std::size_t size) {
  if (::write(fd, data, size) != static_cast<ssize_t>(size)) ::_exit(3);
}

/// The part of a DrainReport that goes through a pipe.
using Counts = std::array<std::uint64_t, 5>;

Counts counts_of(const hotline::DrainReport& report) {
  return {report.calls, report.messages, report.finished, report.cut, report.handler_failures};
}

bool has_pending_signal(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  constexpr std::string_view kField = "ShdPnd:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kField)) return line.find_first_not_of("0\t ", kField.size()) != line.npos;
  }
  return false;
}

/// Shared memory counts proportionally: proportional set size, proc(5).
std::size_t resident_bytes_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::size_t kilobytes = 0;
  for (std::string word; file >> word;) {
    if (word == "Pss:") file >> kilobytes;
  }
  return kilobytes * 1024;
}

void limit_descriptors(std::size_t count) {
  const rlimit limit{count, count};
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

[[noreturn]] void serve(const ServerSpec& spec, int reports) {
  {
    hotline::Server server(spec.options);
    auto ready = server.add(spec.uri, spec.handler);
    if (ready) ready = server.bind();
    const std::string line =
        (ready ? server.services().front().endpoint.to_uri() : ready.error().message()) + "\n";
    write_whole(reports, line.data(), line.size());
    if (!ready) ::_exit(2);
    const auto report = server.run();
    if (!report) {
      std::fprintf(stderr, "%s\n", report.error().message().c_str());
      ::_exit(1);
    }
    const Counts counts = counts_of(*report);
    write_whole(reports, &counts, sizeof counts);
  }
  // Does not call exit, because the exit handlers are those of the test program.
  if (__lsan_do_leak_check != nullptr) __lsan_do_leak_check();
  ::_exit(0);
}

class ForkedServer final : public ServerRun {
 public:
  explicit ForkedServer(const ServerSpec& spec) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    reports_.reset(ends[0]);
    const hotline::UniqueFd reports_of_child(ends[1]);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    // The server is killed when the test dies.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    reports_.reset();
    if (spec.descriptors_max > 0) limit_descriptors(spec.descriptors_max);
    serve(spec, reports_of_child.get());
  }

  ~ForkedServer() override {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  std::string take_endpoint() override {
    std::string line;
    for (char c = 0; ::read(reports_.get(), &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }

  void signal(int number) override {
    REQUIRE(::kill(pid_, number) == 0);
    REQUIRE(eventually([this] { return !has_pending_signal(pid_); }));
  }

  ServerEnd wait() override {
    Counts counts;
    REQUIRE(::read(reports_.get(), &counts, sizeof counts) == sizeof counts);
    ServerEnd end;
    end.report = {.calls = counts[0],
                  .messages = counts[1],
                  .finished = counts[2],
                  .cut = counts[3],
                  .handler_failures = counts[4]};
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    end.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return end;
  }

  std::size_t resident_bytes() const override {
    std::size_t bytes = resident_bytes_of(pid_);
    const std::string pid = std::to_string(pid_);
    std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
    for (pid_t child = 0; children >> child;) bytes += resident_bytes_of(child);
    return bytes;
  }

 private:
  pid_t pid_ = -1;
  hotline::UniqueFd reports_;
};

}  // namespace

std::unique_ptr<ServerRun> fork_server(const ServerSpec& spec) {
  return std::make_unique<ForkedServer>(spec);
}

}  // namespace contract
