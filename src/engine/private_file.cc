#include "hotline/engine/private_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "engine/regular_file.h"
#include "hotline/core/bytes.h"

namespace hotline {
namespace {

constexpr mode_t kBitsOfOthers = 0077;
constexpr uid_t kRootUser = 0;

std::unexpected<Error> refuse_secret(const std::string& path, std::string detail,
                                     std::string advice) {
  return fail(make_error(ErrorKind::permission_denied, "read", engine::shown_path(path),
                         std::move(detail), std::move(advice)));
}

Result<void> check_private(const std::string& path, const struct stat& status) {
  if ((status.st_mode & kBitsOfOthers) != 0) {
    return refuse_secret(path, "other users may read or change it, and it holds a secret",
                         "run 'chmod 600 " + engine::shown_path(path) + "'");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != kRootUser) {
    return refuse_secret(path, "it belongs to another user", "use a file of your own");
  }
  return {};
}

}  // namespace

Result<Secret> read_private_file(const std::string& path, std::size_t bytes_max) {
  Secret bytes(bytes_max + 1);
  auto size = engine::read_regular_file(path, bytes.fill(), check_private);
  if (!size) return fail(std::move(size.error()));
  return Secret(bytes.bytes().first(*size));
}

}  // namespace hotline
