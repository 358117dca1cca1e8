#pragma once

#include <stdexcept>

namespace bench {

// Why a measurement is worthless: a wrong byte, a missing reply, a server that went away. It ends
// the program with status 1.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;

  // `what`, followed by the text of errno.
  static Failure system(const char* what);
};

}  // namespace bench
