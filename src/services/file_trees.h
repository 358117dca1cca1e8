#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/mutex.h"
#include "services/file_ledger.h"
#include "services/file_outcome.h"
#include "services/file_tree.h"

namespace hotline::services {

/// The trees of one kind that a store has, each in a directory of its name, and the ledger with
/// what each takes. Any thread and fiber. The calls suspend the fiber.
class FileTrees {
 public:
  /// What the top of each tree is called: nothing, for homes, or its name, for shares.
  enum class Tops : std::uint8_t { homes, names };

  struct Options {
    Tops tops = Tops::homes;
    FileDurability durability = FileDurability::full;
  };

  FileTrees(Directory directory, FileLedger ledger, const Options& options)
      : directory_(std::move(directory)), options_(options), ledger_(std::move(ledger)) {}

  /// Returns a tree, which is opened when it is asked for the first time: from then on the ledger
  /// may be wrong. One that the ledger does not have is counted. One that was in use when a server
  /// was killed is QuotaAccount::is_doubtful() until recount_one(). Others do not wait for it,
  /// except those that want the same one.
  Result<std::shared_ptr<FileTree>> open(const std::string& name);

  /// Writes what has changed to the ledger.
  Result<void> write_changed();

  /// Counts one of the trees that are in doubt, and are open. If it cannot be counted, it is
  /// counted again later, after the others.
  Result<void> recount_one();

  /// Counts a tree: see FileRecount.
  FileOutcome<FileUsage> recount(const std::string& name);

  /// Writes that the ledger is right, so that the next start needs no recount. Once, when no tree
  /// is used any more.
  Result<void> close();

 private:
  /// Members are for the holder of FileTrees::mutex_.
  struct Place {
    Mutex opening;  ///< Held, across waits, while the tree is opened; FileTrees::mutex_ is not.
    std::shared_ptr<FileTree> tree{};  ///< Null until it was opened.
    bool wants_recount = false;        ///< The ledger may be wrong.
    int failures = 0;                  ///< How often counting has failed.
    Instant count_at{};                ///< Not before that time.
  };

  Result<std::shared_ptr<Place>> place_of(const std::string& name);
  Result<std::shared_ptr<FileTree>> load(const std::string& name,
                                         const std::optional<FileUsage>& used);
  Result<void> enter(const std::string& name, const std::shared_ptr<FileTree>& tree, Place& place);
  Result<std::string> next_to_count();

  const Directory directory_;
  const Options options_;
  Mutex mutex_;  ///< For the following. Held across waits while the ledger is written.
  FileLedger ledger_;
  std::map<std::string, std::shared_ptr<Place>, std::less<>> places_{};
};

}  // namespace hotline::services
