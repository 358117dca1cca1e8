#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/file_link.h"
#include "cli/file_progress.h"
#include "hotline/services/file_failure.h"

namespace hotline::cli {

/// One of several files that a command transfers.
struct FileTransfer {
  using OnProgress = std::function<void(std::uint64_t done)>;

  std::string name;        ///< As reports show it.
  std::string target{};    ///< What no other transfer may write to. Empty: nothing.
  std::uint64_t size = 0;  ///< As far as it is known; what is done may be more.
  std::function<FileResult<void>(FileLink& link, const OnProgress& on_progress)> run;
};

/// The files that a command transfers, many at once, so that small ones do not wait for each other.
/// One that fails does not stop the others.
class FileTransfers {
 public:
  /// How many files are under way at the same time.
  static constexpr std::size_t kAtOnce = 32;

  /// `verb` is the name of the command.
  FileTransfers(FileLink& link, std::string verb, std::size_t at_once = kAtOnce)
      : link_(link), verb_(std::move(verb)), at_once_(at_once) {}

  /// Skips it if another one has the same target.
  void add(FileTransfer transfer);

  /// Notes what is left out, which makes the whole partial.
  void skip(const std::string& name, const std::string& reason);

  /// Notes a failure. If the server is lost, nothing more is begun, and what is left has failed.
  void fail_with(const FileFailure& failure);

  /// Returns true if nothing more is to be begun.
  bool is_over() const { return is_lost_ || end_; }

  /// Ends all with that status: nothing more is begun.
  void end_with(ExitStatus status);

  /// Prints what would be transferred.
  ExitStatus print() const;

  /// Transfers all, and shows how far it is. Returns the exit status of the whole.
  ExitStatus run();

 private:
  void work(FileProgress& progress);
  void report_done(const FileTransfer& transfer, std::uint64_t size) const;
  ExitStatus status(std::size_t done) const;
  ExitStatus summarize() const;

  FileLink& link_;
  std::string verb_;
  std::size_t at_once_;
  std::set<std::string> targets_{};
  std::vector<FileTransfer> transfers_{};
  std::size_t next_ = 0;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::size_t skipped_ = 0;
  std::uint64_t bytes_done_ = 0;
  ExitStatus first_failure_ = ExitStatus::ok;
  std::optional<ExitStatus> end_{};
  bool is_lost_ = false;  ///< The server.
};

}  // namespace hotline::cli
