#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/core/log.h"
#include "hotline/core/result.h"
#include "hotline/engine/process.h"
#include "hotline/net/socket_options.h"
#include "hotline/server/handler.h"
#include "hotline/server/server.h"

namespace hotline::cli {

/// What the handler of a service needs, besides the options of its endpoint.
struct ServiceNeeds {
  CallCount calls = CallCount::unlimited;
  Concurrency concurrency{};
  Launcher* launcher = nullptr;  ///< If ServiceEntry::needs_launcher. Must outlive the handler.
  LogSink* log = nullptr;        ///< Must outlive the handler.
};

/// One service of `hotline serve`: everything that serving, listing and help need.
struct ServiceEntry {
  std::string name;
  std::string summary;                       ///< One line, which begins with a verb.
  std::vector<std::string> transports = {};  ///< Schemes of the endpoints that can serve it.
  std::string example = {};                  ///< A SERVICE=ENDPOINT.
  std::string help = {};  ///< The text of `hotline help NAME`, in the form that fill() takes.
  std::function<Result<Handler>(OptionTaker& taker, const ServiceNeeds& needs)> make = {};
  bool needs_launcher = false;
  bool is_guarded = false;   ///< Callers on other machines are refused without --insecure.
  bool is_confined = false;  ///< Its handler stays within its files: no thread may start early.
};

/// The services of the program, in the order in which they are listed.
class ServiceRegistry {
 public:
  explicit ServiceRegistry(std::vector<ServiceEntry> entries) : entries_(std::move(entries)) {}

  const std::vector<ServiceEntry>& entries() const& { return entries_; }
  const std::vector<ServiceEntry>& entries() && =
      delete;  ///< Deleted for temporaries, which the registry would outlive.

  /// Returns the service of that name, which lives as long as the registry. Fails with
  /// `invalid_argument`, naming the known ones.
  Result<const ServiceEntry*> find(std::string_view name) const;

 private:
  std::vector<ServiceEntry> entries_;
};

/// Every service of the program.
std::vector<ServiceEntry> make_services();
ServiceRegistry make_service_registry();

}  // namespace hotline::cli
