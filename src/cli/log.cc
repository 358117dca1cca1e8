#include "cli/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "cli/log_entry.h"
#include "hotline/engine/clock.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kWaitingMax = 8192;

/// Without a newline.
std::string line_of(const LogEntry& entry, LogForm form) {
  const std::string time = entry.time_as_text();
  const std::string level(name_of(entry.level));
  if (form == LogForm::text) return time + " " + level + " " + entry.as_text();
  return R"({"v":1,"time":")" + time + R"(","level":")" + level + "\"," + entry.as_json_members();
}

/// Without any lock: the thread that held it is not in this process.
void write_synchronously(const LogEntry& entry, LogForm form) {
  const std::string line = line_of(entry, form);
  ::dprintf(STDERR_FILENO, "%.*s\n", static_cast<int>(line.size()), line.data());
}

}  // namespace

/// The queue and the thread that empties it.
class Log::Writer {
 public:
  explicit Writer(LogForm form)
      : form_(form), logger_("", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern("%v");
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void put(const LogRecord& record) {
    LogEntry entry = LogEntry::of(record, wall_clock_now());
    {
      const std::lock_guard lock(mutex_);
      if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
      if (waiting_.size() == kWaitingMax) {
        ++dropped_;
        return;
      }
      waiting_.push_back(std::move(entry));
    }
    changed_.notify_one();
  }

  bool finish(Duration patience) {
    std::unique_lock lock(mutex_);
    is_ending_ = true;
    changed_.notify_all();
    return changed_.wait_for(lock, patience, [this] { return !thread_.joinable() || has_ended_; });
  }

  void count_drop() noexcept {
    const std::lock_guard lock(mutex_);
    ++dropped_;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!is_ending_ || !waiting_.empty() || dropped_ > 0) {
      changed_.wait(lock, [this] { return is_ending_ || !waiting_.empty() || dropped_ > 0; });
      const std::vector<LogEntry> taken = std::exchange(waiting_, {});
      const std::uint64_t dropped = std::exchange(dropped_, 0);
      lock.unlock();
      for (const LogEntry& each : taken) log(each);
      if (dropped > 0) report_drops(dropped);
      lock.lock();
    }
    has_ended_ = true;
    changed_.notify_all();
  }

  void log(const LogEntry& entry) { logger_.log(spdlog::level::info, line_of(entry, form_)); }

  void report_drops(std::uint64_t count) {
    log({.time = wall_clock_now(),
         .level = LogLevel::warning,
         .message = "log records were dropped: they came faster than they could be written",
         .service = {},
         .endpoint = {},
         .peer = {},
         .detail = std::to_string(count)});
  }

  LogForm form_;
  spdlog::logger logger_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LogEntry> waiting_;
  std::uint64_t dropped_ = 0;
  bool is_ending_ = false;
  bool has_ended_ = false;
  std::thread thread_;
};

Log::Log(LogForm form, LogLevel least)
    : form_(form), least_(least), process_(::getpid()), writer_(std::make_unique<Writer>(form)) {}

Log::~Log() = default;

bool Log::finish(Duration patience) { return writer_->finish(patience); }

void Log::write(const LogRecord& record) noexcept {
  if (!wants(record.level)) return;
  const bool is_forked = ::getpid() != process_;
  try {
    if (is_forked) {
      write_synchronously(LogEntry::of(record, wall_clock_now()), form_);
    } else {
      writer_->put(record);
    }
  } catch (...) {
    if (!is_forked) writer_->count_drop();
  }
}

}  // namespace hotline::cli
