#pragma once

#include <string>
#include <vector>

#include "cli/common_options.h"
#include "cli/exit_status.h"
#include "cli/log_line.h"
#include "hotline/core/log.h"
#include "hotline/server/server.h"

namespace hotline::cli {

/// One SERVICE=ENDPOINT.
struct ServiceAt {
  std::string service;
  std::string uri;
};

/// The arguments of `hotline serve`.
struct ServeOptions {
  std::vector<ServiceAt> services;
  ServerOptions server;
  LogForm log_form = LogForm::text;
  LogLevel log_level = LogLevel::info;  ///< `debug` shows the traffic too.
  bool is_insecure = false;             ///< Guarded services may be called from other machines.
};

/// Serves until a signal or `--once` ends it. Reports failures. Returns the exit status.
ExitStatus serve_until_drained(const ServeOptions& options, const CommonOptions& common);

}  // namespace hotline::cli
