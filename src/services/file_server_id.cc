#include "services/file_server_id.h"

#include <cerrno>
#include <utility>

#include "hotline/engine/directory.h"

namespace hotline::services {
namespace {

constexpr std::string_view kIdName = "server";
constexpr std::string_view kNewIdName = ".server";
constexpr unsigned kIdMode = 0600;

}  // namespace

Result<std::optional<FileQuota::ServerId>> read_server_id(const std::string& root) {
  const auto directory = Directory::open(root);
  if (!directory) return fail(directory.error());
  auto file = directory->open_file(kIdName);
  if (!file && file.error().native_code == ENOENT) return std::nullopt;
  if (!file) return fail(std::move(file.error()));
  FileQuota::ServerId id;
  const auto read = file->read_at(0, id);
  if (!read) return fail(read.error());
  if (*read != id.size()) {
    return fail(make_error(ErrorKind::invalid_argument, "read the id in", root + "/server",
                           "it is cut off",
                           "remove the file: clients then begin unfinished transfers anew"));
  }
  return id;
}

Result<void> write_server_id(const std::string& root, const FileQuota::ServerId& id) {
  const auto directory = Directory::open(root);
  if (!directory) return fail(directory.error());
  discard(directory->remove_file(kNewIdName));
  auto file = directory->create(kNewIdName, kIdMode);
  if (!file) return fail(std::move(file.error()));
  auto written = file->write_at(0, id);
  if (written) written = file->sync();
  if (written) {
    written = directory->rename(kNewIdName, *directory, kIdName, Directory::Existing::fail);
  }
  if (written) written = directory->sync();
  return written;
}

}  // namespace hotline::services
