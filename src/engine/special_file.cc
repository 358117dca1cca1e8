#include "engine/special_file.h"

#include <sys/stat.h>

namespace hotline::engine {

bool is_special_file(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode);
}

}  // namespace hotline::engine
