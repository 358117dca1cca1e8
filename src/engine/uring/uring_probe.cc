#include "engine/uring/uring_probe.h"

#include <liburing.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "engine/uring/ring.h"
#include "hotline/engine/engine_choice.h"

namespace hotline {
namespace engine {

std::string describe_setup_failure(int native_code) {
  if (native_code == ENOSYS) return "this kernel has no io_uring";
  if (native_code == ENOMEM) return "no memory may be locked for a ring (see 'ulimit -l')";
  if (native_code == EMFILE) return "no descriptor is left for a ring (see 'ulimit -n')";
  if (native_code != EPERM && native_code != EACCES) {
    return std::string("io_uring cannot be set up: ") + strerrordesc_np(native_code);
  }
  int disabled = 0;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> disabled;
  if (disabled != 0) {
    return "io_uring is switched off (kernel.io_uring_disabled = " + std::to_string(disabled) + ")";
  }
  return "io_uring is forbidden here (a container's seccomp filter, or a security module)";
}

}  // namespace engine

namespace {

bool has_multishot_receive(io_uring& ring) {
  // No probe reports multishot receive (6.0). Ring-mapped buffers (5.19) and SEND_ZC (6.0) together
  // imply it.
  io_uring_probe* probe = io_uring_get_probe_ring(&ring);
  const bool has = probe != nullptr && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC) != 0;
  io_uring_free_probe(probe);
  return has;
}

}  // namespace

UringReport probe_uring() {
  io_uring ring{};
  engine::RingFlags accepted{};
  const int failed = engine::make_ring(ring, accepted);
  if (failed < 0) return {false, engine::describe_setup_failure(-failed), {}};
  const bool is_recent = has_multishot_receive(ring);
  engine::RingMapping::end();
  io_uring_queue_exit(&ring);
  if (!is_recent) return {false, "this kernel's io_uring is older than 6.0", {}};
  return {true, {}, accepted.text};
}

}  // namespace hotline
