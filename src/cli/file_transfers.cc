#include "cli/file_transfers.h"

#include <algorithm>
#include <utility>

#include "cli/file_command.h"
#include "cli/file_status.h"
#include "cli/file_text.h"
#include "cli/report.h"
#include "hotline/engine/standard_streams.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {

void FileTransfers::add(FileTransfer transfer) {
  if (!transfer.target.empty() && !targets_.insert(transfer.target).second) {
    return skip(transfer.name, "another file of this command has the same name");
  }
  transfers_.push_back(std::move(transfer));
}

void FileTransfers::skip(const std::string& name, const std::string& reason) {
  ++skipped_;
  const std::string shown = name.empty() ? "/" : shown_path(name);
  report_note("skipped " + shown + ": " + reason, link_.to().form);
}

void FileTransfers::fail_with(const FileFailure& failure) {
  const ExitStatus status = status_of_file_failure(failure, link_.has_connected());
  const bool is_lost = is_server_lost(failure, link_.has_connected());
  // The others that run at the same time fail for the same reason.
  if (!is_lost || !is_lost_) report_file_failure(failure, link_);
  if (failed_++ == 0) first_failure_ = status;
  is_lost_ = is_lost_ || is_lost;
  if (!is_lost) return;
  failed_ += transfers_.size() - next_;
  next_ = transfers_.size();
}

void FileTransfers::end_with(ExitStatus status) {
  end_ = status;
  next_ = transfers_.size();
}

ExitStatus FileTransfers::print() const {
  std::string text;
  for (const FileTransfer& each : transfers_) {
    if (link_.to().form == OutputForm::json) {
      text += JsonLine::versioned()
                  .add("would", verb_)
                  .add("path", each.name)
                  .add("size", static_cast<std::int64_t>(each.size))
                  .text() +
              '\n';
    } else {
      text += shown_path(each.name) + '\n';
    }
  }
  return print_output(text, status(transfers_.size()), link_.to().form);
}

ExitStatus FileTransfers::run() {
  std::uint64_t bytes = 0;
  for (const FileTransfer& each : transfers_) bytes += each.size;
  FileProgress progress(verb_, link_.to().form);
  progress.begin(transfers_.size(), bytes);
  TaskGroup workers;
  TaskGroup shower;
  discard(shower.spawn("progress", [&] { progress.show_until_cancelled(); }));
  discard(shower.spawn("asked", [&] {
    Signals* const asked = link_.to().asked;
    while (asked != nullptr && asked->wait()) progress.print();
  }));
  const std::size_t count = std::min(at_once_, transfers_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto spawned = workers.spawn("transfer", [&] { work(progress); });
    if (!spawned && i == 0) fail_with(FileFailure(spawned.error()));
  }
  const auto joined = workers.join();
  shower.cancel();
  discard(shower.join());
  progress.clear();
  if (!joined) return ExitStatus::failed;
  return summarize();
}

void FileTransfers::work(FileProgress& progress) {
  while (next_ < transfers_.size()) {
    const FileTransfer transfer = std::move(transfers_[next_++]);
    std::uint64_t before = 0;
    const auto done = transfer.run(link_, [&](std::uint64_t now_done) {
      progress.add(before, now_done);
      before = std::max(before, now_done);
    });
    if (!done && done.error().kind == ErrorKind::cancelled && !done.error().answer) return;
    if (done) {
      ++done_;
      const std::uint64_t size = std::max(transfer.size, before);
      bytes_done_ += size;
      progress.add(before, transfer.size);
      progress.end_file();
      report_done(transfer, size);
    } else {
      progress.leave_out(transfer.size - std::min(before, transfer.size));
      progress.clear();
      fail_with(done.error());
    }
  }
}

void FileTransfers::report_done(const FileTransfer& transfer, std::uint64_t size) const {
  if (link_.to().form != OutputForm::json) return;
  const std::string line = JsonLine::versioned()
                               .add("done", verb_)
                               .add("path", transfer.name)
                               .add("size", static_cast<std::int64_t>(size))
                               .text() +
                           '\n';
  write_standard(StandardStream::output, line);
}

ExitStatus FileTransfers::status(std::size_t done) const {
  if (end_) return *end_;
  if (failed_ == 0 && skipped_ == 0) return ExitStatus::ok;
  if (done > 0) return ExitStatus::partial;
  return failed_ > 0 ? first_failure_ : ExitStatus::failed;
}

ExitStatus FileTransfers::summarize() const {
  if (link_.to().form != OutputForm::json || end_) return status(done_);
  JsonLine summary;
  summary.add("files", static_cast<std::int64_t>(done_))
      .add("bytes", static_cast<std::int64_t>(bytes_done_))
      .add("failed", static_cast<std::int64_t>(failed_))
      .add("skipped", static_cast<std::int64_t>(skipped_));
  return print_output(JsonLine::versioned().add("summary", summary).text() + '\n', status(done_),
                      OutputForm::json);
}

}  // namespace hotline::cli
