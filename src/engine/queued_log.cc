#include "hotline/engine/queued_log.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/above_standard.h"
#include "engine/log_courier.h"
#include "engine/process_limit.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/standard_streams.h"

namespace hotline {
namespace {

using engine::LogCourier;
using engine::LogLine;

constexpr std::size_t kWaitingMax = 8192;

// The number of records from forked processes that are written before the process's own are checked
// again.
constexpr int kCarriedMax = 256;

constexpr Duration kShortagePause = std::chrono::milliseconds(5);

constexpr char kDropped[] = "log records were dropped: they came faster than they could be written";
constexpr char kLost[] = "log records were lost: standard error could not be written to";
constexpr char kLostFile[] = "log records were lost: the file could not be written to";
constexpr char kAlone[] =
    "the log has no thread of its own: what standard error does not take at once is dropped";
constexpr char kAloneFile[] = "the log has no thread of its own: calls wait for its file";

LogEntry note_of(std::string message, std::string detail) {
  return {.time = wall_clock_now(),
          .level = LogLevel::warning,
          .message = std::move(message),
          .service = {},
          .endpoint = {},
          .peer = {},
          .detail = std::move(detail)};
}

/// Rounded up, so that a wait does not end before its deadline. -1 means no limit.
int milliseconds_until(Deadline deadline) {
  if (deadline.is_never()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.instant() - now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

}  // namespace

/// Everything except the choice between this process and a forked one.
class QueuedLog::Writer {
 public:
  /// Without a `file`, on standard error.
  Writer(Format format, LogLimits limits, std::shared_ptr<LogFile> file, Start start)
      : format_(format), limits_(limits), file_(std::move(file)), limiter_(limits) {
    problem_ = open();
    if (start == Start::at_once) begin();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  ~Writer() {
    begin();
    ask_for_end();
    if (thread_.joinable()) {
      thread_.join();
    } else {
      report_held(limiter_.take_all());
    }
  }

  void begin() {
    const std::lock_guard lock(mutex_);
    if (has_begun_) return;
    has_begun_ = true;
    if (!problem_) problem_ = start();
    if (!problem_) return;
    put_out(format_(note_of(file_ ? kAloneFile : kAlone, std::move(*problem_))));
    for (const LogEntry& each : std::exchange(waiting_, {})) put_here(line_of(each));
  }

  int sender() const { return courier_ ? courier_->sender() : -1; }

  void put(LogEntry entry) {
    std::unique_lock lock(mutex_);
    if (has_begun_ && !thread_.joinable()) return put_here(line_of(entry));
    if (waiting_.size() == kWaitingMax) return count_drop();
    waiting_.push_back(std::move(entry));
    const bool was_empty = has_begun_ && waiting_.size() == 1;
    lock.unlock();
    if (was_empty) ::eventfd_write(wake_.get(), 1);
  }

  /// For a forked process, where another thread may have held a lock that is never released.
  void send(const LogEntry& entry) {
    if (courier_) return courier_->send(line_of(entry));
    put_here(line_of(entry));
  }

  void count_drop() noexcept {
    if (courier_) return courier_->count_drop();
    ++dropped_;
  }

  bool finish(Duration patience) {
    begin();
    ask_for_end();
    std::unique_lock lock(mutex_);
    if (!thread_.joinable()) {
      report_held(limiter_.take_all());
      return true;
    }
    return ended_.wait_for(lock, patience, [this] { return has_ended_; });
  }

 private:
  /// Opens what the thread needs. Returns the reason if there can be no thread.
  std::optional<std::string> open() {
    auto courier = LogCourier::open();
    if (!courier) return courier.error().message();
    wake_.reset(engine::above_standard(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
    if (!wake_) return system_error(errno, "open the log").message();
    courier_ = std::move(*courier);
    return std::nullopt;
  }

  /// With the mutex held. Returns the reason if there is no thread.
  std::optional<std::string> start() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::optional<std::string> problem;
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
      problem = system_error(error.code().value(), "start a thread").message() + "; " +
                engine::process_limit_hint(process_groups_);
    } catch (const std::bad_alloc&) {
      // Short enough to need none.
      problem = "no memory";
    }
    // The thread is what reads from it.
    if (problem) courier_.reset();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return problem;
  }

  void ask_for_end() {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    if (wake_) ::eventfd_write(wake_.get(), 1);
  }

  LogLine line_of(const LogEntry& entry) const {
    return {entry.level, entry.message, entry.service, format_(entry)};
  }

  /// The body of the thread.
  void run() {
    std::vector<LogEntry> taken;
    for (;;) {
      const bool is_ending = take_waiting(taken);
      for (const LogEntry& each : taken) try_to([&] { put_line(line_of(each)); });
      const int carried = put_carried();
      try_to([this] { report(); });
      if (is_ending && taken.empty() && carried == 0) break;
      if (taken.empty() && carried == 0) wait();
    }
    try_to([this] { report_held(limiter_.take_all()); });
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    ended_.notify_all();
  }

  bool take_waiting(std::vector<LogEntry>& taken) {
    const std::lock_guard lock(mutex_);
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
    taken = std::exchange(waiting_, {});
    return is_ending_;
  }

  /// Does one step of the thread's work. If there is no memory for it, a record is lost and
  /// counted.
  template <typename Step>
  bool try_to(Step step) noexcept {
    try {
      step();
      return true;
    } catch (const std::bad_alloc&) {
      count_drop();
      return false;
    }
  }

  int put_carried() {
    int count = 0;
    bool is_over = false;
    while (count < kCarriedMax && !is_over) {
      const bool has_memory = try_to([&] {
        const auto line = courier_->receive();
        is_over = !line;
        if (line) put_line(*line);
      });
      if (!has_memory) {
        // A record that could not be received is still there; without a pause the thread would
        // retry at once.
        std::this_thread::sleep_for(kShortagePause);
        break;
      }
      if (!is_over) ++count;
    }
    return count;
  }

  void wait() {
    pollfd polled[] = {{wake_.get(), POLLIN, 0}, {courier_->receiver(), POLLIN, 0}};
    ::poll(polled, 2, milliseconds_until(limiter_.next_end()));
  }

  /// Without a thread, and with the mutex held. In a forked process no other thread has ever held
  /// it.
  void put_here(const LogLine& line) {
    if (!has_room()) return count_drop();
    report();
    if (file_) return put_line(line);
    // A pipe with any room at all has this much.
    put_line({line.level, line.message, line.service, line.text.substr(0, PIPE_BUF - 1)});
  }

  void put_line(const LogLine& line) {
    if (limiter_.admits(line.level, line.message, line.service, now())) put_out(line.text);
  }

  /// Reports what was not written and has not been reported yet.
  void report() {
    report_held(limiter_.take_ended(now()));
    const std::uint64_t drops = dropped_.exchange(0) + (courier_ ? courier_->take_drops() : 0);
    if (drops == 0) return;
    try {
      put_out(format_(note_of(kDropped, std::to_string(drops))));
    } catch (const std::bad_alloc&) {
      dropped_ += drops;
      throw;
    }
  }

  void report_held(const std::vector<LogLimiter::Held>& held) {
    for (const LogLimiter::Held& each : held) {
      LogEntry entry = note_of(each.message, describe_held(each.count, limits_));
      entry.level = each.level;
      entry.service = each.service;
      put_out(format_(entry));
    }
  }

  /// Writes a line, after a report of the lines that could not be written.
  void put_out(const std::string& text) {
    if (lost_ > 0) {
      const std::string detail = std::to_string(lost_) + ": " + strerrordesc_np(failure_);
      failure_ = write_line(format_(note_of(file_ ? kLostFile : kLost, detail)));
      if (failure_ == 0) lost_ = 0;
    }
    if (lost_ == 0) failure_ = write_line(text);
    if (failure_ != 0) ++lost_;
  }

  bool has_room() const { return file_ || wait_for_room(StandardStream::error, {}); }

  /// Returns 0 or an errno. Without a thread it must not wait for a full pipe.
  int write_line(const std::string& text) const {
    if (file_) return file_->append(text + '\n');
    if (!courier_ && !has_room()) return EAGAIN;
    return write_standard(StandardStream::error, text + '\n');
  }

  Format format_;
  LogLimits limits_;
  std::shared_ptr<LogFile> file_;
  LogLimiter limiter_;  ///< Used by the thread, or with the mutex if there is no thread; so are the
                        ///< next two.
  std::uint64_t lost_ = 0;
  int failure_ = 0;  ///< The errno of the last write.

  std::optional<LogCourier> courier_;
  UniqueFd wake_;
  std::mutex mutex_;
  std::optional<std::string> problem_;  ///< Why there can be no thread.
  /// For a thread that starts when the program is confined.
  const engine::ProcessGroups process_groups_ = engine::ProcessGroups::open();
  bool has_begun_ = false;
  std::condition_variable ended_;
  std::vector<LogEntry> waiting_;
  std::atomic<std::uint64_t> dropped_ = 0;  ///< Used if there is no courier.
  bool is_ending_ = false;
  bool has_ended_ = false;
  std::thread thread_;  ///< Last, because it uses the others.
};

QueuedLog::QueuedLog(LogLevel least, Format format, LogLimits limits, Start start)
    : least_(least),
      process_(::getpid()),
      writer_(std::make_unique<Writer>(format, limits, nullptr, start)) {
  if (const int sender = writer_->sender(); sender >= 0) kept_.push_back(sender);
}

QueuedLog::QueuedLog(std::shared_ptr<LogFile> file, Format format, Start start)
    : least_(LogLevel::debug), process_(::getpid()) {
  const int descriptor = file->descriptor();
  writer_ = std::make_unique<Writer>(format, LogLimits{}, std::move(file), start);
  const int sender = writer_->sender();
  kept_.push_back(sender >= 0 ? sender : descriptor);
}

QueuedLog::~QueuedLog() = default;

void QueuedLog::begin() { writer_->begin(); }

bool QueuedLog::finish(Duration patience) { return writer_->finish(patience); }

void QueuedLog::write(const LogRecord& record) noexcept {
  if (!wants(record.level)) return;
  try {
    LogEntry entry = LogEntry::of(record, wall_clock_now());
    if (::getpid() == process_) {
      writer_->put(std::move(entry));
    } else {
      writer_->send(entry);
    }
  } catch (...) {
    writer_->count_drop();
  }
}

}  // namespace hotline
