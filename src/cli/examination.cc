#include "cli/examination.h"

#include <optional>
#include <thread>

#include "cli/machine.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/engine_choice.h"
#include "hotline/engine/process.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/upper.h"

namespace hotline::cli {
namespace {

constexpr std::int64_t kMiB = 1024 * 1024;

// The server reserves 64; with fewer than these there is hardly room for a call.
constexpr std::int64_t kDescriptorsNeeded = 128;
constexpr std::int64_t kDescriptorsWanted = 4096;

// A fiber has a mapping for its stack, and one for its guard page if the kernel has no lighter
// guards.
constexpr std::int64_t kMappingsPerCall = 2;

constexpr std::int64_t kMemoryWanted = 128 * kMiB;
constexpr Duration kCallTimeout = std::chrono::seconds(10);

std::string shown(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "unknown";
}

std::string shown_mebibytes(const std::optional<std::int64_t>& bytes, std::string_view absent) {
  if (!bytes) return std::string(absent);
  return *bytes < kMiB ? std::to_string(*bytes / 1024) + " KiB"
                       : std::to_string(*bytes / kMiB) + " MiB";
}

Finding examine_engine() {
  Finding finding{.name = "engine", .value = {}, .advice = {}};
  const auto decision = choose_engine(EngineKind::automatic);
  if (!decision) {
    finding.value = decision.error().message();
    finding.verdict = Verdict::fail;
    finding.advice = decision.error().hint();
    return finding;
  }
  finding.value = name_of(decision->engine);
  if (decision->fallback_reason.empty()) return finding;
  finding.value += ": " + decision->fallback_reason;
  finding.verdict = Verdict::note;
  finding.advice = "all services work on epoll; with io_uring they cost less";
  return finding;
}

Finding examine_ring(const Machine& machine) {
  const UringReport report = probe_uring();
  Finding finding{.name = "io_uring", .value = {}, .advice = {}};
  finding.value =
      report.is_usable ? "usable, flags " + report.flags : "not usable: " + report.reason;
  if (machine.io_uring_disabled) {
    finding.value += "; kernel.io_uring_disabled = " + shown(machine.io_uring_disabled);
  }
  return finding;
}

Finding examine_seccomp(const Machine& machine) {
  const std::int64_t mode = machine.seccomp_mode.value_or(-1);
  return {.name = "seccomp",
          .value = mode == 0   ? "no filter"
                   : mode == 2 ? "a filter is active (a container, or a service manager)"
                   : mode == 1 ? "strict"
                               : "unknown",
          .advice = {}};
}

Finding examine_processes() {
  Finding finding{
      .name = "processes", .value = "commands and what they start can be ended", .advice = {}};
  const Result<void> checked = check_launcher();
  if (checked) return finding;
  finding.value = checked.error().message();
  finding.verdict = Verdict::fail;
  finding.advice = checked.error().hint();
  return finding;
}

Finding examine_descriptors(const Machine& machine) {
  Finding finding{.name = "descriptors", .value = shown(machine.descriptors_max), .advice = {}};
  const std::int64_t count = machine.descriptors_max.value_or(kDescriptorsWanted);
  if (count >= kDescriptorsWanted) return finding;
  finding.verdict = count < kDescriptorsNeeded ? Verdict::fail : Verdict::note;
  finding.advice = "every call takes one: raise the limit with 'ulimit -n 20000' or LimitNOFILE=";
  return finding;
}

Finding examine_mappings(const Machine& machine) {
  Finding finding{.name = "mappings", .value = shown(machine.mappings_max), .advice = {}};
  const std::int64_t wanted =
      kMappingsPerCall * machine.descriptors_max.value_or(kDescriptorsWanted);
  if (!machine.mappings_max || *machine.mappings_max >= wanted) return finding;
  finding.verdict = Verdict::note;
  finding.advice = "as many calls as there are descriptors may need " + std::to_string(wanted) +
                   ": raise it with 'sysctl vm.max_map_count=" + std::to_string(wanted) + "'";
  return finding;
}

Finding examine_memory(const Machine& machine) {
  Finding finding{.name = "memory", .value = {}, .advice = {}};
  finding.value = shown_mebibytes(machine.memory_available, "unknown") + " available of " +
                  shown_mebibytes(machine.memory_total, "unknown") + ", group limit " +
                  shown_mebibytes(machine.memory_group_limit, "none");
  const std::int64_t room = std::min(machine.memory_available.value_or(kMemoryWanted),
                                     machine.memory_group_limit.value_or(kMemoryWanted));
  if (room >= kMemoryWanted) return finding;
  finding.verdict = Verdict::note;
  finding.advice =
      "a loop may hold 64 MiB of received bytes: use fewer loops (--concurrency loops:1)";
  return finding;
}

/// One call, from a server of this process to its own client.
Result<void> call_oneself() {
  Server server;
  if (auto added = server.add("tcp://127.0.0.1:0", Handler(upper), "upper"); !added) return added;
  if (auto bound = server.bind(); !bound) return bound;
  Result<void> answered;
  std::thread caller([&] {
    const DeadlineScope scope(deadline_after(kCallTimeout));
    auto call = connect(server.services().front().endpoint);
    answered = call ? call->write_all(as_bytes("hello")) : fail(call.error());
    std::string reply(5, '\0');
    if (answered) answered = call->read_exact(std::as_writable_bytes(std::span(reply)));
    if (answered && reply != "HELLO") {
      answered =
          fail(make_error(ErrorKind::system, "call", call->peer().to_string(), "wrong reply"));
    }
    server.drain();
  });
  const auto served = server.run();
  caller.join();
  if (!served) return fail(served.error());
  return answered;
}

Finding examine_call() {
  Finding finding{.name = "call", .value = "a call over the loopback was answered", .advice = {}};
  const Result<void> called = call_oneself();
  if (called) return finding;
  finding.value = called.error().message();
  finding.verdict = Verdict::fail;
  finding.advice = called.error().hint();
  return finding;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok: return "ok";
    case Verdict::note: return "note";
    case Verdict::fail: return "FAIL";
  }
  return "unknown";
}

std::vector<Finding> examine() {
  const Machine machine = read_machine();
  return {
      examine_engine(),
      examine_ring(machine),
      {.name = "kernel", .value = machine.kernel_release.value_or("unknown"), .advice = {}},
      examine_seccomp(machine),
      {.name = "cores", .value = std::to_string(Concurrency{}.effective_count()), .advice = {}},
      examine_processes(),
      examine_descriptors(machine),
      examine_mappings(machine),
      {.name = "locked memory",
       .value = shown_mebibytes(machine.locked_memory_max, "unlimited"),
       .advice = {}},
      examine_memory(machine),
      examine_call(),
  };
}

}  // namespace hotline::cli
