#pragma once

#include <csignal>

#include <doctest/doctest.h>
#include <sys/resource.h>

namespace hotline::test {

/// While it exists no file grows beyond `bytes`: writes fail with EFBIG, in the whole process.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : action_before_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, action_before_);
  }

 private:
  void (*action_before_)(int);
  rlimit before_{};
};

}  // namespace hotline::test
