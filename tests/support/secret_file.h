#pragma once

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::test {

/// A file with a secret, which only its owner may read. The destructor removes it.
class SecretFile {
 public:
  explicit SecretFile(std::string_view secret = "secret\n") {
    write(secret);
    REQUIRE(::chmod(path_.c_str(), 0600) == 0);
  }

  /// Replaces the secret.
  void write(std::string_view secret) const { std::ofstream(path_) << secret; }

  /// Returns the options of an endpoint with that scheme and this file.
  std::string options(std::string_view scheme) const {
    return "auth=" + std::string(scheme) + "&secret-file=" + path_;
  }

 private:
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("secret");
};

}  // namespace hotline::test
