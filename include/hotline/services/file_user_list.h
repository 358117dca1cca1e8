#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// The users of the service `files` in one root, for its operator: docs/files.md says what each
/// value means. A server that has the root notices a change at Server::reload(). One thread; the
/// calls read and write files. Move only.
class FileUserList {
 public:
  /// A user, in the words of the user's file.
  struct User {
    std::string name{};
    std::string quota{};                         ///< `10GiB`, `none`.
    std::string entries{};                       ///< `1000000`, `none`.
    std::string rights{};                        ///< Letters of `rwod`.
    std::optional<std::uint64_t> bytes_max{};    ///< The quota as a number.
    std::optional<std::uint64_t> entries_max{};  ///< The entries as a number.
    std::optional<std::uint32_t> uid{};
    bool is_disabled = false;
    std::map<std::string, std::string> shares{};  ///< Their names, and the rights there.
  };

  /// What is to be set of a user; what is absent stays as it is.
  struct Change {
    std::optional<std::string> quota{};
    std::optional<std::string> entries{};
    std::optional<std::string> rights{};
    std::optional<std::uint32_t> uid{};
    std::optional<bool> is_disabled{};
    std::map<std::string, std::string> shares{};  ///< To be given; `none`: to be taken away.
  };

  /// What the files of a user take.
  struct Usage {
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
  };

  /// Reads the users of `root`, and makes their directory if it is missing.
  static Result<FileUserList> open(const std::string& root);

  FileUserList(FileUserList&&) noexcept;
  FileUserList& operator=(FileUserList&&) noexcept;
  ~FileUserList();

  /// Returns them by their names.
  std::vector<User> users() const;

  /// Returns why files of users could not be read. Such users are not among users().
  const std::vector<Error>& faults() const;

  // Each returns what the user is then. They fail with `invalid_argument` if a value is not one,
  // with `not_found` if there is no such share, and with `system` if another user has the name or
  // the uid, or the home has the name of a share that is given.

  /// Makes a user.
  Result<User> add(std::string_view name, const Change& change);

  /// Changes a user. Fails with `not_found`.
  Result<User> set(std::string_view name, const Change& change);

  /// Removes a user; the home stays. Fails with `not_found`.
  Result<User> remove(std::string_view name);

  /// Counts what the files of a user of `root` take. Fails while a server has the root, with
  /// `not_found`, and with `permission_denied` if the user is disabled.
  static Result<Usage> recount(const std::string& root, std::string_view name);

 private:
  struct State;

  explicit FileUserList(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hotline
