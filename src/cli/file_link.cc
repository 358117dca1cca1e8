#include "cli/file_link.h"

#include <algorithm>
#include <utility>

#include "cli/back_off.h"
#include "cli/key_trust.h"
#include "cli/refusal_hint.h"
#include "cli/report.h"
#include "hotline/auth/connect_authenticated.h"
#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"

namespace hotline::cli {
namespace {

// A connection that has held so long counts as one that works.
constexpr std::chrono::seconds kHeld{10};

// How often it says that the server refuses something for now.
constexpr std::chrono::seconds kNoteAgain{30};

// A server that is killed ends one connection in this way; one that refuses the caller, each.
constexpr int kEarlyEndsMax = 3;

constexpr char kOtherService[] = "is a service 'files' there?";

Result<Stream> connect_to(const FileLink::To& to) {
  ConnectOptions connecting;
  connecting.timeout = to.connect_timeout;
  connecting.tls = client_trust(to.home);
  return connect_authenticated(to.uri, connecting);
}

/// Returns true if a server that starts again may answer later.
bool may_answer_later(const Error& error) {
  switch (error.kind) {
    case ErrorKind::refused:
    case ErrorKind::reset:
    case ErrorKind::closed:
    case ErrorKind::truncated:
    case ErrorKind::timed_out:
    case ErrorKind::unreachable:
    case ErrorKind::unresponsive:
    case ErrorKind::not_found: return true;
    default: return false;
  }
}

/// Returns true if the peer has ended a connection before its first message. Where it has sent a
/// challenge it has sent one.
bool is_without_answer(const Error& error, const std::string& uri) {
  return is_end_by_peer(error.kind) && !has_challenge(uri);
}

}  // namespace

FileResult<std::shared_ptr<FileClient>> FileLink::connect_anew() {
  auto stream = connect_to(to_);
  if (!stream) return std::unexpected(not_connected(std::move(stream.error())));
  FileClientOptions options;
  options.hello_timeout = std::min(options.hello_timeout, to_.connect_timeout);
  auto opened = FileClient::open(std::move(*stream), options);
  if (!opened) return fail(std::move(opened.error()));
  auto client = std::make_shared<FileClient>(std::move(*opened));
  auto ready = with_refusal_hint(client->session().wait_ready(), to_.uri);
  if (!ready) {
    if (ready.error().advice.empty()) ready.error().advice = kOtherService;
    return std::unexpected(not_connected(std::move(ready.error())));
  }
  return client;
}

FileFailure FileLink::not_connected(Error error) {
  FileFailure failure(std::move(error));
  const bool is_early_end = is_without_answer(failure, to_.uri);
  if (is_early_end && !has_connected_) ++early_ends_;
  const bool may_start_again = early_ends_ > 0 && !(is_early_end && early_ends_ >= kEarlyEndsMax);
  failure.is_retryable = (has_connected_ || may_start_again) && may_answer_later(failure);
  return failure;
}

FileResult<std::shared_ptr<FileClient>> FileLink::client() {
  const auto lock = mutex_.lock();
  if (!lock) return fail(lock.error());
  if (client_) return client_;
  auto made = connect_anew();
  if (!made) return made;
  if (has_noted_) report_note("connected again to " + to_.uri, to_.form);
  has_noted_ = false;
  has_connected_ = true;
  client_ = std::move(*made);
  return client_;
}

/// Another fiber may have made a new connection. One that drains takes no further requests, and has
/// not failed.
void FileLink::drop(const std::shared_ptr<FileClient>& lost, const Error& error) {
  const bool is_over = lost->failure() || error.kind == ErrorKind::draining;
  if (client_ == lost && is_over) client_.reset();
}

void FileLink::note_loss(const FileFailure& failure) {
  if (failure.answer && client_) {
    // Many fibers may be refused again and again.
    if (noted_refusal_ && now() - *noted_refusal_ < kNoteAgain) return;
    noted_refusal_ = now();
    return report_note("the server refuses it for now, trying again: " + failure.message(),
                       to_.form);
  }
  if (has_noted_ || client_) return;
  has_noted_ = true;
  const std::string what = has_connected_ ? "the connection was lost" : "there is no connection";
  report_note(what + ", trying again: " + failure.message(), to_.form);
}

FileResult<void> FileLink::repeat(const std::function<FileResult<void>(FileClient&)>& work) {
  BackOff pauses;
  bool is_lost = false;
  Deadline deadline = Deadline::never();
  for (;;) {
    auto client = this->client();
    const auto began = now();
    FileResult<void> done;
    if (!client) {
      done = std::unexpected(std::move(client.error()));
    } else {
      done = work(**client);
      if (done) return done;
      drop(*client, done.error());
    }
    if (now() - began >= kHeld) {
      is_lost = false;
      pauses = BackOff();
    }
    if (!done.error().is_retryable) return done;
    if (!is_lost) deadline = deadline_after(to_.retry_for);
    is_lost = true;
    const bool is_over = to_.retry_for == Duration::zero() || deadline.has_passed(now());
    if (is_over) return done;
    note_loss(done.error());
    if (auto slept = sleep_for(pauses.next()); !slept) return fail(std::move(slept.error()));
  }
}

void FileLink::finish() {
  if (client_) discard(client_->finish(deadline_after(std::chrono::seconds(5))));
  client_.reset();
}

}  // namespace hotline::cli
