#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/services/file_user_list.h"

namespace hotline HOTLINE_PUBLIC {

/// The shares of the service `files` in one root, for its operator: docs/files.md says what each
/// value means. FileUserList says who has a share. A server that has the root notices a change at
/// Server::reload(). One thread; the calls read and write files. Move only.
class FileShareList {
 public:
  /// A share, in the words of its file.
  struct Share {
    std::string name{};
    std::string quota{};                         ///< `10GiB`, `none`.
    std::string entries{};                       ///< `1000000`, `none`.
    std::optional<std::uint64_t> bytes_max{};    ///< The quota as a number.
    std::optional<std::uint64_t> entries_max{};  ///< The entries as a number.
  };

  /// What is to be set of a share; what is absent stays as it is.
  struct Change {
    std::optional<std::string> quota{};
    std::optional<std::string> entries{};
  };

  /// Reads the shares of `root`, and makes their directory if it is missing.
  static Result<FileShareList> open(const std::string& root);

  FileShareList(FileShareList&&) noexcept;
  FileShareList& operator=(FileShareList&&) noexcept;
  ~FileShareList();

  /// Returns them by their names.
  std::vector<Share> shares() const;

  /// Returns why files of shares could not be read. Such shares are not among shares().
  const std::vector<Error>& faults() const;

  // Each returns what the share is then. They fail with `invalid_argument` if a value is not one.

  /// Makes a share. Fails with `system` if there is one of that name.
  Result<Share> add(std::string_view name, const Change& change);

  /// Changes a share. Fails with `not_found`.
  Result<Share> set(std::string_view name, const Change& change);

  /// Removes a share, which no user has then; its files stay. Fails with `not_found`.
  Result<Share> remove(std::string_view name);

  /// Counts what the files of a share of `root` take. Fails while a server has the root, and with
  /// `not_found`.
  static Result<FileUserList::Usage> recount(const std::string& root, std::string_view name);

 private:
  struct State;

  explicit FileShareList(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hotline
