#pragma once

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/server/server.h"

namespace hotline::test {

inline std::string text_of(const Message& message) { return std::string(as_text(message.bytes())); }

/// Keeps the log records. Any thread.
class CollectingLog final : public LogSink {
 public:
  void write(const LogRecord& record) noexcept override {
    const std::lock_guard lock(mutex_);
    records_.push_back(record);
    has_more_.notify_all();
  }
  bool wants(LogLevel) const noexcept override { return true; }

  /// Returns how many records of `level` and above there are.
  std::size_t count(LogLevel level) const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const LogRecord& record : records_) count += record.level >= level ? 1U : 0U;
    return count;
  }

  /// Returns true if the detail of a record contains `part`.
  bool has_detail(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    for (const LogRecord& record : records_) {
      if (record.detail.find(part) != std::string::npos) return true;
    }
    return false;
  }

  /// Returns the identities of the records with that message, in order.
  std::vector<std::string> identities_with(std::string_view message) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> identities;
    for (const LogRecord& record : records_) {
      if (record.message == message) identities.push_back(record.identity);
    }
    return identities;
  }

  /// Returns the services of the records with that message, in order.
  std::vector<std::string> services_with(std::string_view message) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> services;
    for (const LogRecord& record : records_) {
      if (record.message == message) services.emplace_back(record.service);
    }
    return services;
  }

  /// Returns the details of the records with that message, in order.
  std::vector<std::string> details_with(std::string_view message) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> details;
    for (const LogRecord& record : records_) {
      if (record.message == message) details.push_back(record.detail);
    }
    return details;
  }

  /// Waits until `count` records have that message.
  void wait_for(std::string_view message, std::ptrdiff_t count = 1) const {
    std::unique_lock lock(mutex_);
    const auto is_it = [&](const LogRecord& record) { return record.message == message; };
    has_more_.wait(lock, [&] { return std::ranges::count_if(records_, is_it) >= count; });
  }

  /// Returns true if a record has that message.
  bool has(std::string_view message) const {
    const std::lock_guard lock(mutex_);
    for (const LogRecord& record : records_) {
      if (record.message == message) return true;
    }
    return false;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable has_more_;
  std::vector<LogRecord> records_;
};

/// A server that runs on a thread of its own until it is stopped or destroyed.
class RunningServer {
 public:
  RunningServer(ServerOptions options, const std::string& uri, Handler handler)
      : server_(std::move(options)) {
    REQUIRE(server_.add(uri, std::move(handler)));
    REQUIRE(server_.bind());
    thread_ = std::thread([this] { report_ = server_.run(); });
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() {
    server_.cut();
    if (thread_.joinable()) thread_.join();
  }

  Server& server() { return server_; }
  Endpoint endpoint() const { return server_.services().front().endpoint; }
  std::uint16_t port() const { return endpoint().port(); }

  /// Drains, and waits for the end.
  DrainReport drain() {
    server_.drain();
    return wait();
  }

  /// Waits until it ends by itself.
  DrainReport wait() {
    thread_.join();
    REQUIRE(report_);
    return *report_;
  }

 private:
  Server server_;
  Result<DrainReport> report_;
  std::thread thread_;
};

/// Returns options with a concurrency word.
inline ServerOptions options_for(std::string_view word) {
  ServerOptions options;
  options.concurrency = Concurrency::parse(word).value();
  options.linger = std::chrono::milliseconds(10);
  return options;
}

}  // namespace hotline::test
