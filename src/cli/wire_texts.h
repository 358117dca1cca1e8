#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/option_values.h"
#include "cli/text_layout.h"
#include "hotline/core/error.h"

namespace hotline::cli {

/// The words of `wire=`, and what each means.
std::vector<Definition> wire_options();

/// The options that an endpoint of `run` and `shell` may have.
std::vector<Definition> client_wire_options();

/// The options that an endpoint of the service `command` may have.
std::vector<Definition> server_wire_options();

/// Returns the error of an option that is for the wires of the course, on another wire.
Error has_no_effect(const std::string& option);

/// Reads the endpoint and the options that `run` and `shell` share. `--timeout` limits connecting
/// too.
template <typename Options>
Result<void> read_waits(const Arguments& given, Options& options) {
  // With --on there is none.
  if (!given.words.empty() && !given.has("--on")) options.endpoint = given.words.front();
  if (auto read = read_duration(given, "--linger", options.linger); !read) return read;
  if (auto read = read_limit(given, "--timeout", options.timeout); !read) return read;
  if (given.has("--linger")) options.course_option = "--linger";
  if (given.has("--timeout")) options.connect_timeout = options.timeout;
  options.controls = read_controls(given);
  return {};
}

}  // namespace hotline::cli
