#include "services/ntp_mirror.h"

#include <algorithm>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/net/endpoint.h"
#include "hotline/services/ntp_client.h"
#include "services/clock_watch.h"
#include "services/ntp_client_access.h"

namespace hotline::services {
namespace {

constexpr Duration kInterval = std::chrono::seconds(1);

/// A server that does not serve this machine is asked again after this.
constexpr Duration kDeniedPause = std::chrono::minutes(1);

/// Two readings of one clock differ by less than the error of a sample and this.
constexpr Duration kSameClock = std::chrono::milliseconds(1);

constexpr std::string_view kMirror = "mirror";

/// The socket is opened anew after other failures: the name may have another address.
bool is_to_go_on(const Result<NtpSample>& answer) {
  return answer || answer.error().kind == ErrorKind::resource_exhausted;
}

Error not_asked(const std::string& uri) {
  return make_error(ErrorKind::timed_out, kMirror, uri, "it has not answered yet",
                    "this takes a moment after the start");
}

Error other_clock(const std::string& uri, Duration offset) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(offset).count();
  return make_error(
      ErrorKind::invalid_argument, kMirror, uri,
      "its clock is not that of this machine: they differ by " + std::to_string(us) + " us",
      "name the server that sets the clock of this machine");
}

Error itself(const std::string& uri) {
  return make_error(ErrorKind::invalid_argument, kMirror, uri,
                    "it is this server itself: the requests come back",
                    "name the server that sets the clock of this machine, at another address or "
                    "port");
}

Error not_updated(const std::string& uri) {
  return make_error(ErrorKind::timed_out, kMirror, uri,
                    "the clock was set, and it has not checked the clock since",
                    "this takes until it has asked its own servers");
}

NtpClockReport unknown_for(const Error& reason) {
  return {.reason = reason.message(), .hint = reason.hint()};
}

NtpClockState state_of(const NtpSample& sample) {
  const NtpServerState& server = sample.server;
  return {.leap = server.leap,
          .stratum = server.stratum,
          .root_delay = server.root_delay,
          .root_dispersion = server.root_dispersion,
          .reference_id = server.reference_id,
          .reference_time = server.reference_time.value_or(sample.taken_at.wall),
          .as_of = sample.taken_at.wall};
}

}  // namespace

Result<std::shared_ptr<NtpMirror>> NtpMirror::of(std::string_view server) {
  const auto endpoint = Endpoint::parse(NtpClient::uri_of(server));
  if (!endpoint) return fail(endpoint.error());
  if (endpoint->transport() != Transport::udp || endpoint->host().empty() ||
      endpoint->port() == 0) {
    return fail(make_error(ErrorKind::invalid_argument, kMirror, std::string(server),
                           "it is not an NTP server", "write HOST or HOST:PORT"));
  }
  return std::make_shared<NtpMirror>(endpoint->to_string());
}

NtpClockReport NtpMirror::report(const ClockReading& now) {
  if (has_come_back_) return unknown_for(itself(uri_));
  const std::lock_guard lock(mutex_);
  const bool is_known = sample_ && now.monotonic - sample_->taken_at.monotonic <= kSilenceMax &&
                        !was_wall_clock_set(sample_->taken_at, now);
  if (is_known) return {.state = state_of(*sample_)};
  return unknown_for(error_.value_or(not_asked(uri_)));
}

bool NtpMirror::is_own_request(NtpTimestamp transmit_time) {
  if (!transmit_time.is_set() || transmit_time.value != asked_) return false;
  has_come_back_ = true;
  return true;
}

void NtpMirror::take(const Result<NtpSample>& answer) {
  const std::lock_guard lock(mutex_);
  if (has_come_back_.exchange(false)) {
    error_ = itself(uri_);
    return sample_.reset();
  }
  if (answer) return take_good(*answer);
  error_ = answer.error();
  // It said so itself: nothing older is true any more.
  if (error_->kind == ErrorKind::unsupported) sample_.reset();
}

void NtpMirror::take_good(const NtpSample& sample) {
  if (read_at_ && was_wall_clock_set(*read_at_, sample.taken_at)) set_at_ = sample.taken_at.wall;
  read_at_ = sample.taken_at;
  if (set_at_ && sample.server.reference_time > set_at_) set_at_.reset();
  sample_.reset();
  if (set_at_) {
    error_ = not_updated(uri_);
  } else if (std::chrono::abs(sample.offset) > sample.error_max() + kSameClock) {
    error_ = other_clock(uri_, sample.offset);
  } else {
    sample_ = sample;
    error_.reset();
  }
}

void NtpMirror::follow() {
  for (;;) {
    auto client = NtpClient::open(uri_, {.samples = 1, .interval = kInterval});
    if (client) NtpClientAccess::announce_requests(*client, asked_);
    Result<NtpSample> answer = client ? client->ask() : fail(client.error());
    for (; is_to_go_on(answer); answer = client->ask()) {
      take(answer);
      if (!sleep_for(client->interval(), OnDrain::ends)) return;
    }
    const ErrorKind kind = answer.error().kind;
    if (kind == ErrorKind::draining || kind == ErrorKind::cancelled) return;
    take(answer);
    const bool is_denied = kind == ErrorKind::permission_denied;
    if (!sleep_for(is_denied ? kDeniedPause : kInterval, OnDrain::ends)) return;
  }
}

}  // namespace hotline::services
