#include "support/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>

#include <doctest/doctest.h>

namespace hotline::test {

Redirection::Redirection(int standard, int target)
    : standard_(standard), saved_(::fcntl(standard, F_DUPFD_CLOEXEC, 3)) {
  REQUIRE(saved_);
  REQUIRE(::dup2(target, standard) == standard);
}

Redirection::~Redirection() { ::dup2(saved_.get(), standard_); }

FedInput::FedInput() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const UniqueFd read_end(ends[0]);
  write_end_.reset(ends[1]);
  redirection_.emplace(STDIN_FILENO, read_end.get());
}

void FedInput::feed(std::string_view text) {
  REQUIRE(::write(write_end_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

void FedInput::end() { write_end_.reset(); }

std::string written_to(std::FILE* stream, const std::function<void()>& run) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  REQUIRE(file);
  std::fflush(stream);
  {
    const Redirection redirection(::fileno(stream), ::fileno(file.get()));
    run();
    std::fflush(stream);
  }
  std::string text(static_cast<std::size_t>(::lseek(::fileno(file.get()), 0, SEEK_END)), '\0');
  REQUIRE(::pread(::fileno(file.get()), text.data(), text.size(), 0) ==
          static_cast<ssize_t>(text.size()));
  return text;
}

}  // namespace hotline::test
