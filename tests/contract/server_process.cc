#include "contract/server_process.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <new>
#include <thread>

// There where AddressSanitizer is.
extern "C" void __lsan_do_leak_check() __attribute__((weak));
// And where ThreadSanitizer is.
extern "C" void __tsan_init() __attribute__((weak));

namespace contract {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kPollInterval = std::chrono::milliseconds(2);

void write_whole(int fd, const void* data, std::size_t size) {
  if (::write(fd, data, size) != static_cast<ssize_t>(size)) ::_exit(3);
}

std::string read_line(int fd) {
  std::string line;
  for (char c = 0; ::read(fd, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

bool has_pending_signal(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  constexpr std::string_view kField = "ShdPnd:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kField)) return line.find_first_not_of("0\t ", kField.size()) != line.npos;
  }
  return false;
}

/// What processes share is shared out among them: proportional set size, proc(5).
std::size_t resident_kilobytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::size_t kilobytes = 0;
  for (std::string word; file >> word;) {
    if (word == "Pss:") file >> kilobytes;
  }
  return kilobytes;
}

}  // namespace

Observed& observed() {
  static Observed& shared = *new (::mmap(nullptr, sizeof(Observed), PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Observed;
  return shared;
}

std::size_t memory_slack_bytes() {
  const bool has_shadow = __lsan_do_leak_check != nullptr || __tsan_init != nullptr;
  return (has_shadow ? 96 : 16) * std::size_t{1024 * 1024};
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

ServerProcess::ServerProcess(const std::string& uri, const Handlers& handler,
                             const std::function<void(hotline::ServerOptions&)>& adjust,
                             const std::function<void()>& prepare) {
  observed().~Observed();
  new (&observed()) Observed{};
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  reports_.reset(ends[0]);
  hotline::UniqueFd reports_of_child(ends[1]);
  pid_ = ::fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    // A test that dies takes its server along.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    reports_.reset();
    if (prepare) prepare();
    serve(uri, handler, adjust, reports_of_child.get());
  }
  reports_of_child.reset();
  const std::string line = read_line(reports_.get());
  const auto endpoint = hotline::Endpoint::parse(line);
  REQUIRE_MESSAGE(endpoint.has_value(), line);
  endpoint_ = *endpoint;
}

void ServerProcess::serve(const std::string& uri, const Handlers& handler,
                          const std::function<void(hotline::ServerOptions&)>& adjust, int reports) {
  hotline::ServerOptions options;
  options.concurrency = row().concurrency;
  options.loop.engine = row().engine;
  options.signals = hotline::SignalUse::drain;
  if (adjust) adjust(options);
  {
    hotline::Server server(options);
    auto ready = server.add(uri, handler);
    if (ready) ready = server.bind();
    const std::string line =
        (ready ? server.services().front().endpoint.format() : ready.error().message()) + "\n";
    write_whole(reports, line.data(), line.size());
    if (!ready) ::_exit(2);
    const auto report = server.run();
    if (!report) {
      std::fprintf(stderr, "%s\n", report.error().message().c_str());
      ::_exit(1);
    }
    write_whole(reports, &*report, sizeof *report);
  }
  // Not by way of exit: what else would run at it is the test program's.
  if (__lsan_do_leak_check != nullptr) __lsan_do_leak_check();
  ::_exit(0);
}

ServerProcess::~ServerProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void ServerProcess::drain() { signal(SIGTERM); }

void ServerProcess::signal(int number) {
  REQUIRE(::kill(pid_, number) == 0);
  REQUIRE(eventually([this] { return !has_pending_signal(pid_); }));
}

hotline::DrainReport ServerProcess::wait() {
  hotline::DrainReport report;
  REQUIRE(::read(reports_.get(), &report, sizeof report) == sizeof report);
  int status = 0;
  REQUIRE(::waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return report;
}

std::size_t ServerProcess::resident_bytes() const {
  std::size_t kilobytes = resident_kilobytes(pid_);
  const std::string pid = std::to_string(pid_);
  std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
  for (pid_t child = 0; children >> child;) kilobytes += resident_kilobytes(child);
  return kilobytes * 1024;
}

}  // namespace contract
