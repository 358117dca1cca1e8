#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "services/job_message.h"
#include "support/served_commands.h"

namespace hotline::test {

inline RemoteCommand kept(std::string line, Duration keep = std::chrono::seconds(60)) {
  RemoteCommand command{.program = ShellLine{std::move(line)}};
  command.keep = keep;
  return command;
}

inline services::AttachRequest attach_to(const RemoteRun& run, std::uint64_t output = 0,
                                         std::uint64_t error = 0) {
  return {.job = run.answer().job, .output_offset = output, .error_offset = error};
}

/// Asks for something that has no flows. Returns the jobs that the server lists.
inline std::vector<JobEntry> ask(Session& session, const services::CommandRequest& request) {
  auto stream = session.open({}, as_bytes(services::encode_request(request)));
  REQUIRE(stream);
  REQUIRE(stream->answer());
  std::vector<JobEntry> jobs;
  while (const auto message = stream->receive()) {
    jobs.push_back(services::decode_job(as_bytes(message->payload)).value());
  }
  REQUIRE(stream->end_messages());
  return jobs;
}

/// Ends all jobs.
inline void forget_all(Served& server) {
  for (const JobEntry& each : ask(*server.client, services::ListRequest{})) {
    ask(*server.client, services::ForgetRequest{each.job});
  }
}

/// Prints 12345, and 67890 after a signal.
inline constexpr const char* kTwoHalves =
    "trap 'printf 67890; exit 4' USR1; printf 12345; while :; do sleep 0.01; done";

}  // namespace hotline::test
