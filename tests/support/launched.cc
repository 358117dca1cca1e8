#include "support/launched.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>

#include <doctest/doctest.h>

namespace hotline::test {
namespace {

constexpr int kPatienceMs = 10'000;

const Result<std::unique_ptr<Launcher>> started = start_launcher();

/// The state and the parent, as /proc/PID/stat has them.
struct ProcessFacts {
  char state = 0;
  pid_t parent = 0;
};

ProcessFacts facts_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text, '\0');
  ProcessFacts facts;
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return facts;
  facts.state = text.at(end + 2);
  facts.parent = std::atoi(text.c_str() + end + 4);
  return facts;
}

}  // namespace

Launcher& launcher() {
  REQUIRE(started);
  return **started;
}

LaunchOptions shell(std::string script, std::vector<std::string> arguments) {
  LaunchOptions options{.arguments = {"sh", "-c", std::move(script), "sh"}};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  return options;
}

std::unique_ptr<Process> start(const LaunchOptions& options) {
  auto process = launcher().launch(options);
  REQUIRE_MESSAGE(process, (process ? "" : process.error().message()));
  return std::move(*process);
}

std::unique_ptr<Process> start_with_input(std::string script, std::vector<std::string> arguments) {
  LaunchOptions options = shell(std::move(script), std::move(arguments));
  options.input = ProcessInput::pipe;
  return start(options);
}

std::string read_all(Process& process, OutputStream which) {
  std::string text;
  std::array<std::byte, 64> piece;
  for (;;) {
    const auto size = process.read_some(which, piece);
    REQUIRE(size);
    if (*size == 0) return text;
    text += as_text(std::span(piece).first(*size));
  }
}

std::string read_line(Process& process, OutputStream which) {
  std::string line;
  std::array<std::byte, 1> byte;
  for (;;) {
    const auto size = process.read_some(which, byte);
    REQUIRE(size);
    REQUIRE(*size == 1);
    if (as_text(byte) == "\n") return line;
    line += as_text(byte);
  }
}

std::string write_all(Process& process, std::string_view text) {
  Bytes rest = as_bytes(text);
  while (!rest.empty()) {
    const auto size = process.write_some(rest);
    if (!size) return kind_of(size);
    rest = rest.subspan(*size);
  }
  return {};
}

Completed run_shell(const std::string& script, const RunOptions& options) {
  auto completed = run_to_end(launcher(), shell(script), options);
  REQUIRE_MESSAGE(completed, (completed ? "" : completed.error().message()));
  return *completed;
}

Witness::Witness() : path_(directory_.file("witness")) {
  REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
  fd_.reset(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(fd_);
}

std::string Witness::wait_for_line() {
  std::string line;
  for (;;) {
    pollfd polled{fd_.get(), POLLIN, 0};
    REQUIRE(::poll(&polled, 1, kPatienceMs) == 1);
    char byte = 0;
    REQUIRE(::read(fd_.get(), &byte, 1) == 1);
    if (byte == '\n') return line;
    line += byte;
  }
}

std::string Witness::wait_for_end() {
  std::string text;
  for (;;) {
    pollfd polled{fd_.get(), POLLIN, 0};
    REQUIRE(::poll(&polled, 1, kPatienceMs) == 1);
    char byte = 0;
    if (::read(fd_.get(), &byte, 1) <= 0) return text;
    text += byte;
  }
}

bool Witness::has_ended() const {
  pollfd polled{fd_.get(), POLLIN, 0};
  REQUIRE(::poll(&polled, 1, 0) >= 0);
  return (polled.revents & POLLHUP) != 0 && (polled.revents & POLLIN) == 0;
}

void must(bool is_so, std::string_view what) {
  if (is_so) return;
  static_cast<void>(!::write(STDERR_FILENO, what.data(), what.size()));
  ::_exit(EXIT_FAILURE);
}

bool is_running(pid_t pid) {
  const char state = facts_of(pid).state;
  return state != 0 && state != 'Z' && state != 'X';
}

pid_t parent_of(pid_t pid) { return facts_of(pid).parent; }

}  // namespace hotline::test
