#include "contract/server_process.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>

#include <charconv>
#include <new>

#include "contract/peer_socket.h"
#include "hotline/engine/clock.h"
#include "hotline/services/upper.h"
#include "support/tls_options.h"

// Defined under AddressSanitizer only.
extern "C" void __lsan_do_leak_check() __attribute__((weak));
// Defined under ThreadSanitizer only.
extern "C" void __tsan_init() __attribute__((weak));

// AddressSanitizer asks for it. Freed memory that it keeps counts as memory of the server.
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=8"; }

namespace contract {

Observed& observed() {
  static Observed& shared = *new (::mmap(nullptr, sizeof(Observed), PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Observed;
  return shared;
}

void observed_upper(hotline::Stream& call) {
  ++observed().calls;
  hotline::upper(call);
  const auto end = call.end_reason();
  observed().end_kind = end ? static_cast<int>(end->kind) : -1;
  ++observed().returns;
}

hotline::Reply wait_for_flag(const hotline::Message& message) {
  ++observed().calls;
  int number = 0;
  const std::string_view text = hotline::as_text(message.bytes());
  std::from_chars(text.data(), text.data() + text.size(), number);
  while (observed().flag < number) {
    if (!hotline::sleep_for(std::chrono::milliseconds(2))) break;
  }
  ++observed().returns;
  return hotline::Reply::in_place(message);
}

std::size_t memory_slack_bytes() {
  const bool has_shadow = __lsan_do_leak_check != nullptr || __tsan_init != nullptr;
  return (has_shadow ? 96 : 16) * std::size_t{1024 * 1024};
}

ServerProcess::ServerProcess(const std::string& uri, const hotline::Handler& handler,
                             const std::function<void(hotline::ServerOptions&)>& adjust,
                             std::size_t descriptors_max) {
  observed().~Observed();
  new (&observed()) Observed{};
  ServerSpec spec{uri, handler, {}, descriptors_max};
  spec.options.concurrency = row().concurrency;
  spec.options.loop.engine = row().engine;
  spec.options.signals = hotline::SignalUse::drain;
  spec.options.tls = hotline::test::accepting(std::string(kTlsName));
  if (adjust) adjust(spec.options);
  run_ = row().is_simulated() ? simulate_server(spec) : fork_server(spec);
  const std::string line = run_->take_endpoint();
  const auto endpoint = hotline::Endpoint::parse(line);
  REQUIRE_MESSAGE(endpoint.has_value(), line);
  endpoint_ = *endpoint;
}

void ServerProcess::drain() { signal(SIGTERM); }

hotline::DrainReport ServerProcess::wait() {
  const ServerEnd end = run_->wait();
  exit_status_ = end.exit_status;
  return end.report;
}

}  // namespace contract
