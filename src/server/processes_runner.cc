#include "server/processes_runner.h"

#include <algorithm>
#include <new>

#include "engine/process_limit.h"
#include "hotline/engine/clock.h"
#include "net/datagram_access.h"
#include "net/stream_access.h"
#include "server/acceptor.h"
#include "server/call.h"
#include "server/datagram_service.h"
#include "server/restart_pause.h"

namespace hotline::server {
namespace {

/// A child in the list of those that a drain and a cut reach.
class Listed {
 public:
  Listed(std::set<engine::Interrupter*>& children, engine::Interrupter& child)
      : children_(children), child_(child) {
    children_.insert(&child_);
  }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;
  ~Listed() { children_.erase(&child_); }

 private:
  std::set<engine::Interrupter*>& children_;
  engine::Interrupter& child_;
};

}  // namespace

constexpr ProcessesRunner::ChildWords ProcessesRunner::kCall{"cannot fork: the call is refused",
                                                             "a process died in its call"};
constexpr ProcessesRunner::ChildWords ProcessesRunner::kWorker{
    "cannot fork: one worker is missing for now", "a worker died: another takes its place"};

Result<void> ProcessesRunner::start(std::vector<Service>& services) {
  if (control_.is_simulated()) {
    return fail(make_error(ErrorKind::unsupported, "use the concurrency", "processes",
                           "there are no processes on a simulated engine", "simulate threads"));
  }
  bool has_started = true;
  for (Service& service : services) {
    for (Listener& listener : service.listeners) {
      has_started &= control_.spawn(
          "accept", [this, &service, &listener] { take_callers(service, listener); }, &takers_);
    }
    const bool has_one_worker =
        state_.options.calls == CallCount::one || service.handler.is_steered_by_source();
    const std::size_t workers = service.sockets.empty() ? 0
                                : has_one_worker        ? 1
                                                 : state_.options.concurrency.effective_count();
    worker_counts_[&service] = workers;
    if (workers > 1) net::DatagramAccess::forbid_coalescing(service.sockets.front());
    if (workers > 0) drop_unread(service);
    for (std::size_t i = 0; i < workers; ++i) {
      has_started &= control_.spawn(
          "worker", [this, &service] { keep_worker(service); }, &calls_);
    }
  }
  for (const Task& task : state_.tasks) {
    has_started &= control_.spawn(
        "task", [this, &task] { run_task(state_, task); }, &takers_);
  }
  if (has_started) return {};
  return fail(make_error(ErrorKind::resource_exhausted, "start a fiber", {}, "no stack is left"));
}

/// Each worker would get a copy of what this process has received and not handled.
void ProcessesRunner::drop_unread(Service& service) {
  const std::size_t count = net::DatagramAccess::drop_unread(service.sockets.front());
  if (count == 0) return;
  state_.log(LogLevel::warning, "datagrams are dropped", service.name, nullptr,
             std::to_string(count) + " had been received before the server ran");
}

void ProcessesRunner::take_callers(Service& service, Listener& listener) {
  Acceptor(state_, service, listener, [&](AdmittedCall call) {
    start_call(service, std::move(call));
  }).run();
}

void ProcessesRunner::start_call(Service& service, AdmittedCall call) {
  const Endpoint peer = call.stream.peer();
  auto body = [this, &service, call = std::move(call)]() mutable {
    // A caller that is not authenticated costs no process.
    if (!begin_call(state_, service, call) || !leave_loop(call.stream)) return;
    const auto handle_there = [&] { handle(state_, service, call); };
    // The child has ended the call. If there was no child, or it died, the call is reset.
    const bool has_ended = run_child(kCall, service, call.stream.descriptor(), handle_there);
    net::StreamAccess::forget_layer(call.stream);
    if (has_ended) call.stream.close();
  };
  if (control_.spawn(service.name, std::move(body), &calls_)) return;
  service.tally->count_refusal(Refusal::no_worker);
  state_.log(LogLevel::error, "no memory for a fiber: the call is refused", service.name, &peer);
}

/// The parent's loop may have received bytes of `call` that the child must get. Returns false if
/// there is no memory for them.
bool ProcessesRunner::leave_loop(Stream& call) noexcept {
  try {
    call.leave_loop();
    return true;
  } catch (const std::bad_alloc&) {
    state_.log(LogLevel::error, kCall.cannot_fork, {}, nullptr, "no memory is left");
    return false;
  }
}

void ProcessesRunner::keep_worker(Service& service) {
  const RunningCount::Run run(service.receivers);
  keep_forking(service);
  // Closed now, so that later senders get an error.
  if (--worker_counts_[&service] == 0) service.sockets.front().close();
  state_.note_call_done();
}

void ProcessesRunner::keep_forking(Service& service) {
  DatagramSocket& socket = service.sockets.front();
  const auto body = [&] { serve_datagrams(state_, service, socket); };
  RestartPause pause;
  while (end_code_ == 0) {
    const Instant born = now();
    if (run_child(kWorker, service, socket.descriptor(), body)) return;
    discard(sleep_for(pause.next(now() - born)));
  }
}

/// Returns false if the child did not end in order.
bool ProcessesRunner::run_child(const ChildWords& words, const Service& service, int kept_fd,
                                const std::function<void()>& body) noexcept {
  try {
    return fork_child(words, service, kept_fd, body);
  } catch (const std::bad_alloc&) {
    state_.log(LogLevel::error, words.cannot_fork, service.name, nullptr, "no memory is left");
    return false;
  }
}

bool ProcessesRunner::fork_child(const ChildWords& words, const Service& service, int kept_fd,
                                 const std::function<void()>& body) {
  engine::Interrupter interrupter(engine::Interrupter::Reach::forked_processes);
  // Listed before the child exists, because the fork suspends this fiber and a drain may come in
  // the meantime.
  const Listed listed(children_, interrupter);
  if (end_code_ == engine::kDrainEnd) interrupter.drain();
  if (end_code_ == engine::kCancelEnd) interrupter.cancel();
  const Counters before = service.tally->read();
  const std::span kept_by_handler = service.handler.kept_descriptors();
  std::vector<int> kept(kept_by_handler.begin(), kept_by_handler.end());
  kept.push_back(kept_fd);
  if (const LogSink* log = state_.options.log) {
    const std::span kept_by_log = log->kept_descriptors();
    kept.insert(kept.end(), kept_by_log.begin(), kept_by_log.end());
  }
  auto child = engine::ChildProcess::fork(interrupter, kept, [&] {
    // Only the parent can drain the server; the report asks it to.
    state_.drain_server = [] {};
    body();
    return service.tally->report_since(before);
  });
  const Result<engine::ChildProcess::Outcome> outcome =
      child ? child->wait() : fail(std::move(child.error()));
  if (!child) {
    state_.log(LogLevel::error, words.cannot_fork, service.name, nullptr,
               outcome.error().message() + "; " + engine::process_limit_hint());
    return false;
  }
  if ((!outcome || outcome->report.empty()) && end_code_ == engine::kCancelEnd) return false;
  if (!outcome || outcome->report.empty()) {
    state_.log(LogLevel::error, words.died, service.name, nullptr,
               outcome && outcome->end.signal != 0 ? "signal " + std::to_string(outcome->end.signal)
                                                   : std::string("without a report"));
    return false;
  }
  service.tally->add_report(outcome->report);
  return true;
}

void ProcessesRunner::interrupt(int end_code) {
  end_code_ = std::max(end_code_, end_code);
  takers_.interrupt(end_code);
  // The calls that are being authenticated: a drain does not end a wait for a child.
  if (end_code == engine::kDrainEnd) calls_.interrupt(end_code);
  for (engine::Interrupter* child : children_) {
    if (end_code == engine::kDrainEnd) child->drain();
    if (end_code == engine::kCancelEnd) child->cancel();
  }
}

void ProcessesRunner::drain() { interrupt(engine::kDrainEnd); }

/// Signals the children first; a child that ignores it is killed when its fiber ends.
void ProcessesRunner::cut() {
  interrupt(engine::kCancelEnd);
  calls_.interrupt(engine::kCancelEnd);
}

void ProcessesRunner::wait() {
  takers_.join();
  calls_.join();
}

}  // namespace hotline::server
