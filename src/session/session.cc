#include "hotline/session/session.h"

#include <utility>

#include "session/driver.h"

namespace hotline {

using session::Driver;

namespace {

Result<void> check(const SessionOptions& options) {
  if (options.flow_credit == 0 && options.flows_max > 0) {
    return fail(make_error(ErrorKind::invalid_argument, "begin a session", {},
                           "a flow_credit of 0, and further credit follows only what was read"));
  }
  return options.check();
}

/// Returns the id of a stream that it has opened, after waiting for that.
Result<SessionStreamId> open_when_possible(Driver& driver, Driver::Lock& lock, SessionFlows flows,
                                           Bytes request, Deadline deadline) {
  for (;;) {
    // After an end in order the protocol says that the session opens no more streams.
    if (driver.failure()) return fail(*driver.failure());
    const bool has_room = driver.has_room();
    if (has_room) {
      auto opened = driver.protocol.open(flows, request);
      if (!opened) return fail(std::move(opened.error()));
      if (*opened) return **opened;
    }
    const session::Interest what = has_room ? session::kPlace : session::kRoom;
    auto waited = driver.wait(lock, driver.waiters, what, deadline);
    if (!waited) return fail(std::move(waited.error()));
  }
}

/// `stream` is an own one, or a reference to one of the caller.
template <typename Source>
Result<std::shared_ptr<Driver>> start_driver(Source&& stream, SessionRole role,
                                             const SessionOptions& options) {
  if (auto checked = check(options); !checked) return fail(std::move(checked.error()));
  auto driver = std::make_shared<Driver>(std::forward<Source>(stream), role, options);
  if (auto started = driver->start(); !started) return fail(std::move(started.error()));
  return driver;
}

}  // namespace

Result<Session> Session::start(Stream&& stream, SessionRole role, const SessionOptions& options) {
  auto driver = start_driver(std::move(stream), role, options);
  if (!driver) return fail(std::move(driver.error()));
  return Session(std::move(*driver));
}

Result<Session> Session::start(Stream& stream, SessionRole role, const SessionOptions& options) {
  auto driver = start_driver(stream, role, options);
  if (!driver) return fail(std::move(driver.error()));
  return Session(std::move(*driver));
}

Session::Session(std::shared_ptr<Driver> driver) : driver_(std::move(driver)) {}

Session::Session(Session&&) noexcept = default;

Session& Session::operator=(Session&& other) noexcept {
  if (driver_ && driver_ != other.driver_) driver_->stop();
  driver_ = std::move(other.driver_);
  return *this;
}

Session::~Session() {
  if (driver_) driver_->stop();
}

Result<void> Session::wait_ready(Deadline deadline) {
  auto lock = driver_->lock();
  while (!driver_->protocol.is_ready()) {
    if (auto ended = driver_->end_reason()) return fail(std::move(*ended));
    auto waited = driver_->wait(lock, driver_->waiters, session::kReady, deadline);
    if (!waited) return waited;
  }
  return {};
}

Result<SessionStream> Session::open(SessionFlows flows, Bytes request, Deadline deadline) {
  auto lock = driver_->lock();
  auto opened = open_when_possible(*driver_, lock, flows, request, deadline);
  driver_->pass_room();
  if (!opened) {
    // Another one may use the place for which this one was woken.
    driver_->waiters.wake_one(session::kPlace);
    return fail(std::move(opened.error()));
  }
  driver_->add_record(*opened, flows, true);
  driver_->send();
  return SessionStream(driver_, *opened);
}

Result<SessionStream> Session::accept(Deadline deadline) {
  auto lock = driver_->lock();
  while (driver_->offered.empty()) {
    if (auto ended = driver_->end_reason()) return fail(std::move(*ended));
    if (driver_->protocol.is_draining()) {
      return fail(make_error(ErrorKind::closed, "accept a stream of", driver_->peer(),
                             "the session opens no more streams"));
    }
    auto waited = driver_->wait(lock, driver_->waiters, session::kOffered, deadline, OnDrain::ends);
    if (!waited) return fail(std::move(waited.error()));
  }
  const SessionStreamId id = driver_->offered.front();
  driver_->offered.pop_front();
  return SessionStream(driver_, id);
}

void Session::drain() {
  const auto lock = driver_->lock();
  driver_->protocol.say_goodbye();
  driver_->send();
  driver_->waiters.wake_all(session::kAll);
}

Result<void> Session::finish(Deadline deadline) {
  drain();
  auto lock = driver_->lock();
  while (!driver_->is_over()) {
    auto waited = driver_->wait(lock, driver_->waiters, session::kOver, deadline);
    if (!waited) return waited;
  }
  if (driver_->failure()) return fail(*driver_->failure());
  return {};
}

void Session::break_off(SessionCode code, std::string_view text) {
  const auto lock = driver_->lock();
  driver_->break_off(code, text);
}

std::optional<Error> Session::failure() const {
  const auto lock = driver_->lock();
  return driver_->failure();
}

std::size_t Session::stream_count() const {
  const auto lock = driver_->lock();
  return driver_->protocol.stream_count();
}

std::optional<Duration> Session::round_trip() const {
  const auto lock = driver_->lock();
  return driver_->protocol.round_trip();
}

}  // namespace hotline
